"""Questions about orders: answers, filters, pages, and reading what one has just written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import redis as redis_py

from models.orders.events import OrderStatus
from tasks.orders import commands
from tasks.orders.conditions import above, changed_by, open_orders, sold_out, taken_between
from tasks.orders.queries import (
    audit_log,
    customer_lifetime_value,
    customer_orders,
    order_by_number,
    order_details,
    order_status_timeline,
    orders_summary,
    orders_with_lines,
    product_inventory,
    revenue_by_product,
)
from tests.support.shop import Shop, accepted, send
from worker import acting_as, refresh
from worker.contracts import Actor, uuid7
from worker.queries.errors import InvalidQuery, NotAllowed
from worker.queries.filters import Op, Where
from worker.queries.query import ask
from worker.subscriptions.runner import catch_up, invalidate


def settle() -> None:
    """Everything that follows a commit: project, invalidate."""
    catch_up()
    invalidate()


@pytest.fixture(autouse=True)
def empty_cache(redis: redis_py.Redis) -> None:
    """Answers of another test are of another database."""


def test_orders_come_with_their_lines_in_one_answer(shop: Shop) -> None:
    pen, cup = shop.product("10.00"), shop.product("4.00")
    first, second = shop.ordered((pen, 1), (cup, 2)), shop.ordered((cup, 3))
    settle()

    page = orders_with_lines.ask(limit=1, total=True).data
    rest = orders_with_lines.ask(limit=1, cursor=page.next).data

    assert (page.total, rest.next) == (2, None)
    ((later,), (earlier,)) = page, rest
    assert (later.order.order_id, earlier.order.order_id) == (second, first)
    assert [(one.line, one.product_id, one.quantity) for one in earlier.items] == [
        (1, pen, 1),
        (2, cup, 2),
    ]
    assert [one.subtotal for one in later.items] == [Decimal("12.00")]
    assert [one.order for one in (later, earlier)] == orders_summary.ask().data


def test_orders_are_listed_by_customer_and_status_the_latest_first(shop: Shop) -> None:
    pen, other = shop.product("10.00"), shop.register()
    first, second = shop.ordered((pen, 1)), shop.paid((pen, 2))
    theirs = shop.ordered((pen, 3), customer_id=other)
    settle()

    def ids(**wanted: Any) -> list[UUID]:
        return [order.order_id for order in orders_summary.ask(**wanted).data]

    assert ids() == [theirs, second, first]
    assert ids(customer_id=shop.customer_id) == [second, first]
    assert ids(status="paid") == [second]
    assert ids(customer_id=other, status=OrderStatus.PAID) == []
    assert ids(limit=1, offset=1) == [second]
    assert ids(where=[Where(column="total", op=Op.GT, value="20")]) == [theirs, second]


def test_an_answer_is_exact_and_typed(shop: Shop) -> None:
    order_id = shop.ordered((shop.product("2.35"), 3), shipping="10.00", notes="ring twice")
    settle()

    (order,) = orders_summary.ask(customer_id=shop.customer_id).data

    customer = shop.row("command.customers")
    assert (order.order_id, order.status) == (order_id, OrderStatus.PENDING)
    assert (order.subtotal, order.tax, order.shipping, order["total"]) == (
        Decimal("7.05"),
        Decimal("0.71"),
        Decimal("10.00"),
        Decimal("17.76"),
    )
    assert (order.customer_name, order.customer_email) == (customer["name"], customer["email"])
    assert (order.item_count, order.version, order.notes) == (1, 1, "ring twice")


def test_an_order_is_found_by_its_number(shop: Shop) -> None:
    data = accepted(shop.order((shop.product(), 1)))
    settle()

    order = order_by_number.ask(order_number=data["order_number"]).data

    assert order is not None
    assert str(order.order_id) == data["order_id"]
    assert order_by_number.ask(order_number="ORD-1999-00001").data is None


def test_the_details_of_an_order_are_all_there(shop: Shop) -> None:
    pen, ink = shop.product("1.00", sku="PEN"), shop.product("2.00", sku="INK")
    order_id = shop.paid((pen, 2), (ink, 1))
    settle()

    details = order_details.ask(order_id=order_id).data

    assert details is not None
    assert details.order.status == "paid"
    assert [(item.line, item.sku, item.quantity) for item in details.items] == [
        (1, "PEN", 2),
        (2, "INK", 1),
    ]
    (payment,) = details.payments
    assert payment.amount == details.order.total == Decimal("4.40")
    assert details.timeline.paid_at == payment.paid_at


def test_a_customers_history_has_its_lines(shop: Shop) -> None:
    pen = shop.product("1.50")
    older, newer = shop.ordered((pen, 1)), shop.ordered((pen, 2), (pen, 1))
    settle()

    history = customer_orders.ask(customer_id=shop.customer_id).data

    assert [order.order_id for order in history] == [newer, older]
    assert [(line.quantity, line.subtotal) for line in history[0].items] == [
        (2, Decimal("3.00")),
        (1, Decimal("1.50")),
    ]


def test_inventory_is_listed_by_name_and_by_want(shop: Shop) -> None:
    plenty, scarce = shop.product(pieces=50, name="B"), shop.product(pieces=3, name="A")
    settle()

    def ids(**wanted: Any) -> list[UUID]:
        return [row.product_id for row in product_inventory.ask(**wanted).data]

    assert ids() == [scarce, plenty]
    assert ids(low_stock=True) == [scarce]
    assert ids(low_stock=False) == [plenty]
    assert ids(product_id=plenty) == [plenty]


def test_revenue_and_value_are_as_of_the_last_refresh(shop: Shop) -> None:
    pen, ink = shop.product("1.00"), shop.product("5.00")
    shop.paid((pen, 2), (ink, 1))
    settle()
    assert revenue_by_product.ask().data == []

    refresh.refresh_all()
    invalidate()

    best, second = revenue_by_product.ask().data
    assert (best.product_id, best.total_revenue) == (ink, Decimal("5.00"))
    assert (second.product_id, second.units_sold, second.orders_count) == (pen, 2, 1)
    (one,) = revenue_by_product.ask(product_id=pen).data
    assert one == second
    (value,) = customer_lifetime_value.ask(customer_id=shop.customer_id).data
    assert (value.total_orders, value.lifetime_value) == (1, Decimal("7.70"))


def test_a_payment_asks_for_a_refresh_of_the_sums_and_an_order_alone_does_not(shop: Shop) -> None:
    def asked() -> set[str]:
        return {row["view"] for row in shop.rows("cqrs.refresh_requests")}

    pen = shop.product("1.00")
    order_id = shop.ordered((pen, 1))
    settle()
    assert asked() == set()

    shop.pay(order_id)
    settle()
    assert asked() == {"query.revenue_by_product", "query.customer_lifetime_value"}


def test_the_timeline_ends_where_the_order_stands(shop: Shop) -> None:
    order_id = shop.paid((shop.product(), 1))
    shop.move(order_id, "processing", "shipped")
    settle()

    timeline = order_status_timeline.ask(order_id=order_id).data

    assert timeline is not None
    assert timeline.status == "shipped"
    assert timeline.hours_to_payment is not None
    assert timeline.hours_to_shipment is not None
    assert (timeline.delivered_at, timeline.hours_to_delivery) == (None, None)


def test_nothing_found_is_none_or_an_empty_list(shop: Shop) -> None:
    nothing = uuid7()

    assert order_details.ask(order_id=nothing).data is None
    assert order_status_timeline.ask(order_id=nothing).data is None
    assert customer_orders.ask(customer_id=nothing).data == []
    assert product_inventory.ask(product_id=nothing).data == []
    assert orders_summary.ask().data == []
    assert customer_lifetime_value.ask().data == []
    assert audit_log.ask(entity_id=nothing).data == []


def test_wrong_parameters_are_named(shop: Shop) -> None:
    with pytest.raises(InvalidQuery) as error:
        orders_summary.ask(status="lost", limit=0, customer="me")  # type: ignore[call-overload]

    assert error.value.errors.keys() == {"status", "limit", "customer"}


def test_a_kept_answer_goes_when_its_order_changes(shop: Shop) -> None:
    order_id = shop.ordered((shop.product(), 1))
    settle()

    def status() -> tuple[str, bool]:
        answer = order_details.ask(order_id=order_id)
        assert answer.data is not None
        return answer.data.order.status, answer.from_cache

    assert [status(), status()] == [("pending", False), ("pending", True)]
    accepted(shop.pay(order_id))
    settle()
    assert status() == ("paid", False)


def test_whoever_wrote_reads_it_strongly_at_once(shop: Shop) -> None:
    pen = shop.product(pieces=5)
    settle()
    assert product_inventory.ask(product_id=pen).data[0].quantity_in_stock == 5

    receipt = shop.order((pen, 2))
    answer = product_inventory.ask(product_id=pen, consistency="strong")

    assert answer.data[0].quantity_in_stock == 3
    assert answer.as_of is not None
    assert receipt.position is not None
    assert answer.as_of >= receipt.position


def test_a_question_can_be_asked_by_name(shop: Shop) -> None:
    shop.ordered((shop.product(), 1))
    settle()

    assert len(ask("orders.orders_summary", status="pending").data) == 1


def test_the_audit_log_tells_who_changed_what(shop: Shop) -> None:
    pen, clerk = shop.product("0.10", 5), Actor("user:42", frozenset({"clerk"}))
    receipt = send(commands.adjust_inventory, clerk, product_id=pen, quantity_change=2)

    latest, first = audit_log.ask(entity_type="products", entity_id=pen).data

    assert (latest.operation, latest.actor) == ("UPDATE", "user:42")
    assert latest.command_id == receipt.command_id
    assert latest.changed_fields == ("quantity_available",)
    assert (latest.old_values, latest.new_values) == (
        {"quantity_available": 5},
        {"quantity_available": 7},
    )
    assert (first.operation, first.actor, first.old_values) == ("INSERT", "system", None)
    assert first.new_values is not None
    assert first.new_values["price"] == Decimal("0.10")
    assert len(audit_log.ask(entity_type="command.products", limit=1).data) == 1


def test_the_audit_log_is_narrowed_ordered_and_paged(shop: Shop) -> None:
    pen, clerk = shop.product("0.10", 5), Actor("user:42", frozenset({"clerk"}))
    for _ in range(3):
        send(commands.adjust_inventory, clerk, product_id=pen, quantity_change=2)
    his = (changed_by(actor="user:42"),)
    first = audit_log.ask(where=his, order=("audit_id",), limit=2, total=True).data
    assert (len(first), first.total) == (2, 3)
    rest = audit_log.ask(where=his, order=("audit_id",), limit=2, cursor=first.next).data
    assert [entry.new_values for entry in (*first, *rest)] == [
        {"quantity_available": quantity} for quantity in (7, 9, 11)
    ]
    named = {"named": "orders.changed_by", "given": {"actor": "nobody"}}
    assert ask("orders.audit_log", where=[named]).data == []


def test_conditions_are_asked_for_by_their_business_names(shop: Shop) -> None:
    dear = shop.ordered((shop.product("80.00"), 2))
    cheap = shop.ordered((shop.product("1.00"), 1))
    send(commands.cancel_order, order_id=cheap, reason="changed his mind")
    settle()

    def asked(*where: Any) -> set[UUID]:
        return {each.order_id for each in orders_summary.ask(where=where).data}

    assert asked(open_orders) == {dear}
    assert asked(~above(amount=100)) == {cheap}
    now = datetime.now(UTC)
    today = taken_between(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert asked(today) == {dear, cheap}
    assert asked(today & ~open_orders) == {cheap}
    assert product_inventory.ask(where=(sold_out(),)).data == []


def test_a_customer_sees_what_is_his_and_staff_sees_all(shop: Shop) -> None:
    his, another = shop.customer_id, uuid7()
    order_id = shop.ordered((shop.product(), 1))
    settle()
    number = orders_summary.ask().data[0].order_number
    with acting_as(f"customer:{his}", roles=["customer"]):
        assert len(orders_summary.ask(customer_id=his).data) == 1
        assert order_details.ask(order_id=order_id, customer_id=his).data is not None
        assert order_by_number.ask(order_number=number, customer_id=his).data is not None
        for question in (
            lambda: orders_summary.ask(),
            lambda: orders_summary.ask(customer_id=another),
            lambda: order_details.ask(order_id=order_id),
            lambda: revenue_by_product.ask(),
            lambda: audit_log.ask(),
        ):
            with pytest.raises(NotAllowed, match=f"customer:{his} may not ask orders"):
                question()
    with acting_as(f"customer:{another}"):
        assert order_details.ask(order_id=order_id, customer_id=another).data is None
        assert order_by_number.ask(order_number=number, customer_id=another).data is None
    with acting_as("user:1", roles=["clerk"]):
        assert order_details.ask(order_id=order_id).data is not None
        with pytest.raises(NotAllowed, match=r"may not ask orders\.audit_log"):
            audit_log.ask()

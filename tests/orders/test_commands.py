"""Every command on PostgreSQL: what it changes, what it says, and each way it is refused."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from models.orders.rules import Pricing
from tasks.orders import commands
from tasks.orders import settings as orders_settings
from tests.support.shop import Shop, accepted, run, send
from worker.base.errors import BadSettings
from worker.contracts import Actor, Envelope, Receipt, RefusalKind, uuid7
from worker.subscriptions.runner import catch_up

CUSTOMER = Actor("customer:ada", frozenset({"customer"}))
CLERK = Actor("user:42", frozenset({"clerk"}))


def refused(receipt: Receipt, sentence: str, **figures: Any) -> None:
    """Check a refusal: its sentence, and every figure, in the message and in the data."""
    assert receipt.status == "rejected", receipt
    assert receipt.error is not None
    assert receipt.error.startswith(sentence), receipt.error
    for name, value in figures.items():
        assert receipt.data[name] == (str(value) if isinstance(value, UUID) else value), name
        assert f"{name} {value}" in receipt.error


# ---------------------------------------------------------------------------- customers
def test_a_customer_is_registered_under_a_lower_case_address(shop: Shop) -> None:
    sent: dict[str, Any] = {"email": " Ada@Shop.Example ", "name": "Ada", "city": "London"}

    data = accepted(send(commands.register_customer, **sent))

    row = shop.row("command.customers", customer_id=data["customer_id"])
    assert (row["email"], row["name"], row["city"]) == ("ada@shop.example", "Ada", "London")
    assert row["phone"] is None


def test_a_customer_is_registered_once(shop: Shop) -> None:
    again = send(
        commands.register_customer, customer_id=shop.customer_id, name="Eve", email="e@x.example"
    )

    refused(again, "this customer exists already", customer_id=shop.customer_id)


def test_an_address_belongs_to_one_customer(shop: Shop) -> None:
    taken = shop.row("command.customers")["email"]

    receipt = send(commands.register_customer, name="Eve", email=taken.upper())

    refused(receipt, "another customer has this", email=taken, customer_id=shop.customer_id)
    assert receipt.errors == {"email": "is taken"}


def test_what_is_known_of_a_customer_changes_but_not_his_orders(shop: Shop) -> None:
    order_id = shop.ordered((shop.product(), 1))
    his: dict[str, Any] = {"customer_id": shop.customer_id}

    accepted(send(commands.update_customer, **his, email="New@Shop.Example", city="Paris"))

    row = shop.row("command.customers", **his)
    assert (row["email"], row["city"], row["name"]) == ("new@shop.example", "Paris", row["name"])
    catch_up()
    (kept,) = shop.rows("query.order_summaries", order_id=order_id)
    assert kept["customer_email"] != "new@shop.example"


def test_a_customer_is_changed_by_himself_into_nobody_else(shop: Shop) -> None:
    eve = accepted(send(commands.register_customer, name="Eve", email="eve@shop.example"))
    his: dict[str, Any] = {"customer_id": shop.customer_id}
    himself = Actor(f"customer:{shop.customer_id}", frozenset({"customer"}))

    taken = send(commands.update_customer, **his, email="EVE@shop.example")
    nothing = send(commands.update_customer, None, **his)
    unknown = send(commands.update_customer, customer_id=uuid7(), name="Bob")
    others = send(commands.update_customer, himself, customer_id=eve["customer_id"], name="Bob")

    assert [one.kind for one in (taken, nothing, unknown, others)] == [
        "conflict",
        "validation",
        "not_found",
        "not_allowed",
    ]
    assert taken.errors == {"email": "is taken"}
    assert nothing.errors["name"] == "is left out, like all the others"
    assert accepted(send(commands.update_customer, himself, **his, name="Ada L."))
    assert accepted(
        send(commands.update_customer, **his, email=shop.row("command.customers", **his)["email"])
    )


# ---------------------------------------------------------------------------- products
def test_a_product_is_added_with_nothing_reserved(shop: Shop) -> None:
    product = shop.product("2.5", 7, cost="1.00", description="blue")

    row = shop.row("command.products", product_id=product)
    assert (row["price"], row["cost"]) == (Decimal("2.50"), Decimal("1.00"))
    assert (row["description"], row["reorder_level"]) == ("blue", 10)
    assert shop.stock(product) == (7, 0)


def test_a_product_is_added_once(shop: Shop) -> None:
    product = shop.product()

    again = send(commands.add_product, product_id=product, sku="other", name="Pen", price="1")

    refused(again, "this product exists already", product_id=product)


def test_a_sku_belongs_to_one_product(shop: Shop) -> None:
    product = shop.product(sku="PEN")

    receipt = send(commands.add_product, sku="PEN", name="Pen", price="1")

    refused(receipt, "another product has this SKU", sku="PEN", product_id=product)


def test_pieces_come_onto_the_shelf_and_leave_it(shop: Shop) -> None:
    product = shop.product(pieces=5)

    data = accepted(
        send(commands.adjust_inventory, product_id=product, quantity_change=4, reason="delivery")
    )
    accepted(send(commands.adjust_inventory, product_id=product, quantity_change=-9))

    assert data["quantity_available"] == 9
    assert shop.stock(product) == (0, 0)


def test_reserved_pieces_cannot_be_taken_off_the_shelf(shop: Shop) -> None:
    product = shop.product(pieces=5)
    shop.ordered((product, 3))

    receipt = send(commands.adjust_inventory, product_id=product, quantity_change=-3)

    refused(receipt, "insufficient inventory", product_id=product, available=2, requested=3)
    assert shop.stock(product) == (5, 3)


def test_the_shelf_has_an_end(shop: Shop) -> None:
    product = shop.product(pieces=999_999_999)
    accepted(send(commands.adjust_inventory, product_id=product, quantity_change=1))

    receipt = send(commands.adjust_inventory, product_id=product, quantity_change=1)

    refused(receipt, "too many pieces", quantity=1_000_000_001, most=1_000_000_000)


def test_nobody_adjusts_a_product_that_is_not_there(shop: Shop) -> None:
    nothing = uuid7()

    receipt = send(commands.adjust_inventory, product_id=nothing, quantity_change=1)

    refused(receipt, "no such product", product_id=nothing)


# ---------------------------------------------------------------------------- taking orders
def test_an_order_is_priced_numbered_and_reserved(shop: Shop) -> None:
    pen, ink = shop.product("2.35", 10), shop.product("8.00", 5)

    receipt = send(
        commands.create_order,
        customer_id=shop.customer_id,
        items=[
            {"product_id": pen, "quantity": 3},
            {"product_id": ink, "quantity": 2, "unit_price": "7.99", "discount": "0.05"},
        ],
        notes="ring twice",
    )

    data = accepted(receipt)
    order = shop.row("command.orders", order_id=data["order_id"])
    assert order["order_number"] == data["order_number"] == f"ORD-{order['created_at'].year}-00001"
    # 3 * 2.35 + round(2 * 7.99 * 0.95) = 7.05 + 15.18; 10 % tax; 10.00 for shipping
    assert (order["subtotal"], order["tax"]) == (Decimal("22.23"), Decimal("2.22"))
    assert (order["shipping"], order["total"]) == (Decimal("10.00"), Decimal("34.45"))
    assert (data["total"], data["status"], data["version"]) == ("34.45", "pending", 1)
    assert (order["status"], order["item_count"], order["notes"]) == ("pending", 2, "ring twice")
    items = shop.rows("command.order_items", order_id=order["order_id"])
    assert {(i["line"], i["product_id"], i["quantity"], i["unit_price"]) for i in items} == {
        (1, pen, 3, Decimal("2.35")),
        (2, ink, 2, Decimal("7.99")),
    }
    assert (shop.stock(pen), shop.stock(ink)) == ((10, 3), (5, 2))


def test_tax_and_shipping_come_from_the_settings(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CQRS_ORDERS_TAX_RATE", "0.19")
    monkeypatch.setenv("CQRS_ORDERS_SHIPPING", "4.90")
    orders_settings.pricing.cache_clear()
    try:
        order_id = shop.ordered((shop.product("10.00"), 1), shipping=None)
    finally:
        monkeypatch.undo()
        orders_settings.pricing.cache_clear()

    order = shop.row("command.orders", order_id=order_id)
    assert (order["tax"], order["shipping"]) == (Decimal("1.90"), Decimal("4.90"))
    assert orders_settings.pricing() == Pricing()


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CQRS_ORDERS_TAX_RATE", "19")
    orders_settings.pricing.cache_clear()

    with pytest.raises(BadSettings, match="CQRS_ORDERS_TAX_RATE"):
        orders_settings.pricing()


def test_an_order_has_a_known_customer_and_known_products(shop: Shop) -> None:
    pen, nothing = shop.product(), uuid7()

    by_nobody = shop.order((pen, 1), customer_id=nothing)
    of_nothing = shop.order((pen, 1), (nothing, 1))

    refused(by_nobody, "no such customer", customer_id=nothing)
    refused(of_nothing, "no such product", product_id=nothing)
    assert of_nothing.errors == {"items.1.product_id": "is unknown"}
    assert shop.rows("command.orders") == []
    assert shop.stock(pen) == (100, 0)


def test_no_more_is_sold_than_is_there(shop: Shop) -> None:
    pen = shop.product(pieces=5)
    shop.ordered((pen, 3))

    receipt = shop.order((pen, 3))

    refused(receipt, "insufficient inventory", product_id=pen, available=2, requested=3)
    assert shop.stock(pen) == (5, 3)


def test_an_order_is_taken_once(shop: Shop) -> None:
    pen = shop.product()
    order_id = shop.ordered((pen, 1))
    number = shop.row("command.orders")["order_number"]

    again = shop.order((pen, 1), order_id=order_id)

    refused(again, "this order exists already", order_id=order_id, order_number=number)
    assert shop.stock(pen) == (100, 1)


# ---------------------------------------------------------------------------- adding lines
def test_an_order_has_500_lines_and_no_more(shop: Shop) -> None:
    pen = shop.product(pieces=1_000)
    order_id = shop.ordered(*[(pen, 1)] * 500)

    more = send(commands.add_order_item, order_id=order_id, product_id=pen, quantity=1)

    assert (more.status, more.data["most"]) == ("rejected", 500)
    assert len(shop.rows("command.order_items", order_id=order_id)) == 500
    assert shop.stock(pen) == (1_000, 500)


def test_a_line_is_added_to_a_pending_order(shop: Shop) -> None:
    pen, ink = shop.product("1.00"), shop.product("0.55")
    order_id = shop.ordered((pen, 2))

    data = accepted(send(commands.add_order_item, order_id=order_id, product_id=ink, quantity=3))

    order = shop.row("command.orders", order_id=order_id)
    assert (order["subtotal"], order["tax"], order["total"]) == (
        Decimal("3.65"),
        Decimal("0.37"),
        Decimal("4.02"),
    )
    assert (order["item_count"], order["version"], data["version"]) == (2, 2, 2)
    line = shop.row("command.order_items", item_id=data["item_id"])
    assert (line["line"], line["subtotal"]) == (2, Decimal("1.65"))
    assert shop.stock(ink) == (100, 3)


def test_a_line_can_be_given_away(shop: Shop) -> None:
    pen, gift = shop.product("1.00"), shop.product("0.00")
    order_id = shop.ordered((pen, 1))

    accepted(send(commands.add_order_item, order_id=order_id, product_id=gift, quantity=1))

    order = shop.row("command.orders", order_id=order_id)
    assert (order["total"], order["version"]) == (Decimal("1.10"), 2)


@pytest.mark.parametrize("extra", [{}, {"expected_version": 2}])
def test_no_line_is_added_to_an_order_that_is_paid(shop: Shop, extra: dict[str, Any]) -> None:
    pen = shop.product()
    order_id = shop.paid((pen, 1))

    receipt = send(commands.add_order_item, order_id=order_id, product_id=pen, quantity=1, **extra)

    refused(receipt, "lines can be added to a pending order only", status="paid")


def test_a_line_needs_its_order_product_and_stock(shop: Shop) -> None:
    pen, nothing = shop.product(pieces=1), uuid7()
    order_id = shop.ordered((pen, 1))

    def add(order: UUID, product: UUID) -> Receipt:
        return send(commands.add_order_item, order_id=order, product_id=product, quantity=1)

    refused(add(nothing, pen), "no such order", order_id=nothing)
    refused(add(order_id, nothing), "no such product", product_id=nothing)
    refused(add(order_id, pen), "insufficient inventory", available=0, requested=1)


# ---------------------------------------------------------------------------- paying
def test_an_order_is_paid_with_its_total(shop: Shop) -> None:
    order_id = shop.ordered((shop.product("10.00"), 2))

    data = accepted(shop.pay(order_id, transaction_id="T-1", expected_version=1))

    order = shop.row("command.orders", order_id=order_id)
    assert (order["status"], order["version"]) == ("paid", 2)
    assert order["paid_at"] is not None
    payment = shop.row("command.payments", payment_id=data["payment_id"])
    assert (payment["amount"], payment["status"]) == (Decimal("22.00"), "paid")
    assert (payment["transaction_id"], payment["payment_method"]) == ("T-1", "card")


def test_another_amount_is_refused(shop: Shop) -> None:
    order_id = shop.ordered((shop.product("10.00"), 2))

    receipt = shop.pay(order_id, amount="21.99")

    refused(receipt, "the amount is not the order's total", amount="21.99", total="22.00")
    assert receipt.errors == {"amount": "must be 22.00"}
    assert shop.rows("command.payments") == []


def test_an_order_is_paid_once(shop: Shop) -> None:
    order_id = shop.paid((shop.product(), 1))

    refused(shop.pay(order_id), "only a pending order can be paid", status="paid")
    assert len(shop.rows("command.payments")) == 1


def test_a_transaction_pays_one_order(shop: Shop) -> None:
    pen = shop.product()
    first, second = shop.ordered((pen, 1)), shop.ordered((pen, 1))
    accepted(shop.pay(first, transaction_id="T-1"))

    receipt = shop.pay(second, transaction_id="T-1")

    refused(receipt, "this transaction has paid", transaction_id="T-1", order_id=first)


def test_cash_has_no_transaction(shop: Shop) -> None:
    pen = shop.product()

    for order_id in (shop.ordered((pen, 1)), shop.ordered((pen, 1))):
        accepted(shop.pay(order_id, transaction_id=None))

    assert len(shop.rows("command.payments")) == 2


def test_nobody_pays_for_an_order_that_is_not_there(shop: Shop) -> None:
    nothing = uuid7()

    receipt = send(commands.process_payment, order_id=nothing, amount="1.00", payment_method="card")

    refused(receipt, "no such order", order_id=nothing)


# ---------------------------------------------------------------------------- moving on
def test_shipping_takes_the_goods_off_the_shelf(shop: Shop) -> None:
    pen = shop.product(pieces=10)
    order_id = shop.paid((pen, 4))

    shop.move(order_id, "processing")
    before = shop.stock(pen)
    shop.move(order_id, "shipped")
    shipped = shop.stock(pen)
    shop.move(order_id, "delivered")

    assert (before, shipped, shop.stock(pen)) == ((10, 4), (6, 0), (6, 0))
    order = shop.row("command.orders", order_id=order_id)
    assert (order["status"], order["version"]) == ("delivered", 5)
    times = [order[f"{step}_at"] for step in ("paid", "processing", "shipped", "delivered")]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("pending", "the order cannot become pending now"),
        ("paid", "an order becomes paid by orders.process_payment"),
        ("shipped", "the order cannot become shipped now"),
        ("delivered", "the order cannot become delivered now"),
        ("cancelled", "an order becomes cancelled by orders.cancel_order"),
    ],
)
def test_an_order_goes_one_step_at_a_time(shop: Shop, status: str, sentence: str) -> None:
    order_id = shop.paid((shop.product(), 1))

    receipt = send(commands.update_order_status, order_id=order_id, status=status)

    refused(receipt, sentence, order_id=order_id, status="paid")
    assert shop.row("command.orders")["version"] == 2


def test_what_is_not_paid_is_not_processed(shop: Shop) -> None:
    order_id = shop.ordered((shop.product(), 1))

    receipt = send(commands.update_order_status, order_id=order_id, status="processing")

    refused(receipt, "the order cannot become processing now", status="pending")
    assert receipt.errors == {"status": "paid comes next"}


# ---------------------------------------------------------------------------- cancelling
@pytest.mark.parametrize("steps", [(), ("processing",)])
def test_cancelling_a_paid_order_pays_it_back_and_frees_its_goods(
    shop: Shop, steps: tuple[str, ...]
) -> None:
    pen = shop.product("10.00", 10)
    order_id = shop.paid((pen, 4))
    shop.move(order_id, *steps)

    data = accepted(shop.cancel(order_id, reason="too late"))

    assert (data["refund_amount"], data["status"]) == ("44.00", "cancelled")
    payment = shop.row("command.payments", order_id=order_id)
    assert (payment["status"], payment["refund_amount"]) == ("refunded", Decimal("44.00"))
    order = shop.row("command.orders", order_id=order_id)
    assert (order["status"], order["cancellation_reason"]) == ("cancelled", "too late")
    assert shop.stock(pen) == (10, 0)


def test_cancelling_an_unpaid_order_pays_nothing_back(shop: Shop) -> None:
    pen = shop.product(pieces=10)
    order_id = shop.ordered((pen, 4))

    assert accepted(shop.cancel(order_id))["refund_amount"] == "0.00"
    assert shop.stock(pen) == (10, 0)


@pytest.mark.parametrize("steps", [("shipped",), ("shipped", "delivered")])
def test_what_is_shipped_is_not_cancelled(shop: Shop, steps: tuple[str, ...]) -> None:
    order_id = shop.paid((shop.product(), 1))
    shop.move(order_id, "processing", *steps)

    refused(shop.cancel(order_id), "a shipped order cannot be cancelled", status=steps[-1])


def test_an_order_is_cancelled_once(shop: Shop) -> None:
    pen = shop.product(pieces=3)
    order_id = shop.ordered((pen, 3))
    accepted(shop.cancel(order_id))

    refused(shop.cancel(order_id), "the order is cancelled already", order_id=order_id)
    refused(shop.pay(order_id), "only a pending order can be paid", status="cancelled")
    assert shop.stock(pen) == (3, 0)


# ---------------------------------------------------------------------------- versions, permissions
def test_whoever_saw_an_older_version_is_told_the_current_one(shop: Shop) -> None:
    pen = shop.product()
    order_id = shop.paid((pen, 1))
    moved: dict[str, Any] = {"order_id": order_id, "expected_version": 1}

    for receipt in (
        shop.pay(order_id, expected_version=1),
        send(commands.update_order_status, status="processing", **moved),
        send(commands.cancel_order, reason="late", **moved),
        send(commands.add_order_item, product_id=pen, quantity=1, **moved),
    ):
        refused(
            receipt,
            "the order was changed by somebody else",
            order_id=order_id,
            expected_version=1,
            current_version=2,
        )
        assert receipt.errors == {"expected_version": "is 2 now"}


def test_an_orders_version_is_its_streams_version(shop: Shop) -> None:
    pen = shop.product()
    order_id = shop.ordered((pen, 1))
    accepted(send(commands.add_order_item, order_id=order_id, product_id=pen, quantity=1))
    accepted(shop.pay(order_id))
    shop.move(order_id, "processing", "shipped")

    stream = shop.row("cqrs.streams", stream=f"order-{order_id}")
    events = shop.rows("cqrs.events", stream=f"order-{order_id}")
    assert shop.row("command.orders")["version"] == stream["version"] == len(events) == 5
    assert [event["data"]["version"] for event in events] == [1, 2, 3, 4, 5]


def test_a_product_is_described_priced_and_given_up(shop: Shop) -> None:
    pen = shop.product(pieces=5)
    order_id = shop.ordered((pen, 1))
    its: dict[str, Any] = {"product_id": pen}

    accepted(send(commands.update_product, **its, name="Quill", reorder_level=5))
    accepted(send(commands.change_price, **its, price="12.5"))
    catch_up()
    (low,) = shop.rows("query.product_inventory", **its)
    accepted(send(commands.deactivate_product, **its))
    catch_up()
    (given_up,) = shop.rows("query.product_inventory", **its)

    assert (low["product_name"], low["price"], low["low_stock"]) == (
        "Quill",
        Decimal("12.50"),
        True,
    )
    assert (given_up["low_stock"], given_up["reorder_level"]) == (False, 0)
    prices = shop.rows("cqrs.events", type="orders.ProductPriceChanged")[0]["data"]
    assert (prices["old_price"], prices["price"], prices["cost"]) == ("10.00", "12.50", "0.00")
    again = shop.order((pen, 1))
    assert (again.status, again.errors) == ("rejected", {"items.0.product_id": "is sold no longer"})
    renamed = send(commands.update_product, None, **its, name="Pen")
    for receipt in (renamed, send(commands.deactivate_product, None, **its)):
        assert receipt.errors == {"product_id": "is sold no longer"}
    accepted(shop.pay(order_id))
    shop.move(order_id, "processing", "shipped", "delivered")


def test_receipts_say_when_it_was_paid_and_cancelled(shop: Shop) -> None:
    order_id = shop.ordered((shop.product(), 1))

    paid = accepted(shop.pay(order_id))
    cancelled = accepted(send(commands.cancel_order, order_id=order_id, reason="no"))

    row = shop.row("command.orders", order_id=order_id)
    times = [
        datetime.fromisoformat(paid["paid_at"]),
        datetime.fromisoformat(cancelled["cancelled_at"]),
    ]
    assert times == [row["paid_at"], row["cancelled_at"]]


def _malformed(task: Any, **payload: Any) -> Receipt:
    """A payload that no producer of ours lets out."""
    (receipt,) = run([Envelope(uuid7(), task.name, payload)])
    return receipt


def test_a_refusal_says_which_sort_it_is(shop: Shop) -> None:
    pen = shop.product()
    order_id = shop.ordered((pen, 1))
    accepted(shop.pay(order_id))
    email = shop.row("command.customers")["email"]
    nobody: dict[str, Any] = {"product_id": uuid7(), "quantity_change": 1}

    kinds = {
        "validation": _malformed(commands.add_product, sku="", name=""),
        "not_found": send(commands.adjust_inventory, **nobody),
        "conflict": send(commands.register_customer, name="Eve", email=email),
        "business_rule": send(
            commands.add_order_item, order_id=order_id, product_id=pen, quantity=1
        ),
        "not_allowed": send(commands.adjust_inventory, CUSTOMER, **nobody),
    }

    assert {name: receipt.kind for name, receipt in kinds.items()} == {
        name: RefusalKind(name) for name in kinds
    }
    stored = {
        row["command_id"]: row["kind"] for row in shop.rows("cqrs.receipts", status="rejected")
    }
    assert stored == {receipt.command_id: str(receipt.kind) for receipt in kinds.values()}
    assert all(Receipt.from_json(one.to_json()) == one for one in kinds.values())
    assert {row["kind"] for row in shop.rows("cqrs.receipts", status="succeeded")} == {None}


@pytest.mark.parametrize(
    ("task", "payload"),
    [
        (commands.add_product, {"sku": "P", "name": "Pen", "price": "1"}),
        (commands.adjust_inventory, {"product_id": uuid7(), "quantity_change": 1}),
        (commands.update_order_status, {"order_id": uuid7(), "status": "shipped"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_customer_may_not_do_the_clerks_work(
    shop: Shop, task: Any, payload: dict[str, Any]
) -> None:
    by_customer, by_clerk = send(task, CUSTOMER, **payload), send(task, CLERK, **payload)

    refused(by_customer, f"customer:ada may not send {task.name}", roles="customer")
    assert "may not send" not in (by_clerk.error or "")


def test_a_customer_orders_pays_and_cancels(shop: Shop) -> None:
    pen = shop.product()
    line = [{"product_id": str(pen), "quantity": 1}]

    she = Actor(f"customer:{shop.customer_id}", frozenset({"customer"}))
    order: dict[str, Any] = {"customer_id": shop.customer_id, "items": line}
    refused(
        send(commands.create_order, CUSTOMER, **order),
        "customer:ada may not send orders.create_order",
        roles="customer",
    )
    data = accepted(send(commands.create_order, she, **order))
    order_id = data["order_id"]
    paid: dict[str, Any] = {"order_id": order_id, "amount": data["total"], "payment_method": "card"}
    given_up = {"order_id": order_id, "reason": "changed my mind"}
    for task, payload in ((commands.process_payment, paid), (commands.cancel_order, given_up)):
        sentence = f"customer:ada may not send {task.name}"
        refused(send(task, CUSTOMER, **payload), sentence, roles="customer")
        accepted(send(task, she, **payload))

    assert shop.row("command.orders")["status"] == "cancelled"

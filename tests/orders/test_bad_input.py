"""Bad input: each with an error that says what is wrong, before sending and in the worker alike."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from tasks.orders import commands
from tests.support.shop import Shop, accepted, envelope, run, send
from worker.commands.decoding import find_command, prepare
from worker.commands.errors import CommandIdReused, InvalidCommand
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7

Payload: TypeAlias = dict[str, Any]


def order(**changes: Any) -> Payload:
    """A good order as it is on the wire, but for the changes."""
    good: Payload = {
        "order_id": str(uuid7()),
        "customer_id": str(uuid7()),
        "items": [{"product_id": str(uuid7()), "quantity": 1}],
    }
    return good | changes


def line(**changes: Any) -> Payload:
    """An order whose one line is changed."""
    return order(items=[{"product_id": str(uuid7()), "quantity": 1} | changes])


def payment(**changes: Any) -> Payload:
    """A good payment, but for the changes."""
    return {"order_id": str(uuid7()), "amount": "1.00", "payment_method": "card"} | changes


CREATE, PAY = "orders.create_order", "orders.process_payment"
LINE: Payload = {"product_id": str(uuid7()), "quantity": 1}
BAD: list[tuple[str, Payload, dict[str, str]]] = [
    (CREATE, {}, {"customer_id": "required", "items": "required"}),
    (CREATE, order(items=[]), {"items": "at least 1"}),
    (CREATE, order(items=[LINE] * 501), {"items": "at most 500"}),
    (CREATE, order(items=[{}]), {"items.0.product_id": "required", "items.0.quantity": "required"}),
    (CREATE, order(customer_id="me", ordr_id=1), {"customer_id": "UUID", "ordr_id": "permitted"}),
    (CREATE, line(quantity=-1), {"items.0.quantity": "greater than or equal to 1"}),
    (CREATE, line(quantity=0), {"items.0.quantity": "greater than or equal to 1"}),
    (CREATE, line(quantity=10**30), {"items.0.quantity": "less than or equal to"}),
    (CREATE, line(quantity=1.5), {"items.0.quantity": "integer"}),
    (CREATE, line(quantity="NaN"), {"items.0.quantity": "integer"}),
    (CREATE, line(unit_price="NaN"), {"items.0.unit_price": "finite"}),
    (CREATE, line(unit_price="-0.01"), {"items.0.unit_price": "greater than or equal to 0"}),
    (CREATE, line(unit_price="1.005"), {"items.0.unit_price": "2 decimal places"}),
    (CREATE, line(unit_price="1e30"), {"items.0.unit_price": "digits"}),
    (CREATE, line(discount="1.01"), {"items.0.discount": "less than or equal to 1"}),
    (CREATE, line(discount="Infinity"), {"items.0.discount": "finite"}),
    (CREATE, order(shipping="0.001"), {"shipping": "2 decimal places"}),
    (CREATE, order(notes="a\0b"), {"notes": "NUL"}),
    (CREATE, order(notes="x" * 10_000_000), {"payload": "bytes"}),
    (PAY, payment(amount="10.005"), {"amount": "2 decimal places"}),
    (PAY, payment(amount="NaN"), {"amount": "finite"}),
    (PAY, payment(amount=None), {"amount": "Decimal"}),
    (PAY, payment(expected_version=0), {"expected_version": "greater than or equal to 1"}),
    (PAY, payment(payment_method="  "), {"payment_method": "at least 1 character"}),
    ("orders.register_customer", {"name": "A", "email": "nobody"}, {"email": "pattern"}),
    ("orders.register_customer", {"name": "\0", "email": "a@b.cd"}, {"name": "NUL"}),
    ("orders.add_product", {"sku": "S", "name": "", "price": "1"}, {"name": "at least 1"}),
    (
        "orders.adjust_inventory",
        {"product_id": str(uuid7()), "quantity_change": 0},
        {"quantity_change": "changes nothing"},
    ),
    ("orders.update_customer", {}, {"customer_id": "required"}),
    (
        "orders.update_customer",
        {"customer_id": str(uuid7()), "email": "nobody", "name": " "},
        {"email": "pattern", "name": "at least 1"},
    ),
    (
        "orders.update_product",
        {"product_id": "P", "reorder_level": -1},
        {"product_id": "UUID", "reorder_level": "greater than or equal to 0"},
    ),
    (
        "orders.change_price",
        {"product_id": str(uuid7()), "price": "1.005", "cost": "NaN"},
        {"price": "2 decimal places", "cost": "finite"},
    ),
    ("orders.deactivate_product", {}, {"product_id": "required"}),
    (
        "orders.update_order_status",
        {"order_id": str(uuid7()), "status": "lost"},
        {"status": "paid"},
    ),
    ("orders.cancel_order", {"order_id": str(uuid7()), "reason": " "}, {"reason": "at least 1"}),
    ("orders.creat_order", {}, {"command": "did you mean orders.create_order?"}),
]


def _shortly(value: object) -> str:
    text = str(value)
    return text if len(text) < 40 else text[:20]


bad_input = pytest.mark.parametrize(("name", "payload", "wrong"), BAD, ids=_shortly)


@bad_input
def test_the_worker_refuses_it_and_names_every_wrong_field(
    shop: Shop, name: str, payload: Payload, wrong: dict[str, str]
) -> None:
    before = everything(shop)

    (receipt,) = run([Envelope(uuid7(), name, payload)])

    assert receipt.status == "rejected"
    assert receipt.errors.keys() == wrong.keys()
    for field, why in wrong.items():
        assert why in receipt.errors[field]
        assert field in (receipt.error or "")
    assert everything(shop) == before
    assert len(receipt.error or "") < 1_000


@bad_input
def test_nothing_of_it_is_sent(name: str, payload: Payload, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidCommand) as error:
        prepare(find_command(name), payload)

    assert error.value.errors.keys() == wrong.keys()


def everything(shop: Shop) -> list[Any]:
    """All that the domain and the log hold."""
    tables = ("customers", "products", "orders", "order_items", "payments")
    return [*(shop.rows(f"command.{table}") for table in tables), shop.rows("cqrs.events")]


def test_a_bad_command_in_a_batch_stops_no_other(shop: Shop) -> None:
    pen = shop.product()
    good = order(customer_id=str(shop.customer_id), items=[{"product_id": str(pen), "quantity": 1}])
    batch = [Envelope(uuid7(), CREATE, one) for one in (good, order(items=[]), line(quantity="x"))]

    receipts = run([batch[1], batch[0], batch[2]])

    assert [receipt.status for receipt in receipts] == ["rejected", "succeeded", "rejected"]


def test_an_id_is_not_used_for_another_payload(shop: Shop) -> None:
    first = envelope(commands.adjust_inventory, product_id=shop.product(), quantity_change=1)
    other = Envelope(first.id, first.name, {**first.payload, "quantity_change": 2})
    (receipt,) = run([first])
    before = everything(shop)

    (outcome,) = execute([other]).outcomes
    (again,) = execute([first]).outcomes

    assert isinstance(outcome, CommandIdReused)
    assert isinstance(again, Receipt)
    assert (again.data, again.position) == (receipt.data, receipt.position)
    assert everything(shop) == before


def test_a_repeated_command_changes_nothing(shop: Shop) -> None:
    pen = shop.product(pieces=5)
    items = [{"product_id": pen, "quantity": 2}]
    once = envelope(commands.create_order, customer_id=shop.customer_id, items=items)

    receipts = [*run([once, once]), *run([once])]

    assert len({(receipt.data["order_number"], receipt.position) for receipt in receipts}) == 1
    assert shop.stock(pen) == (5, 2)


def test_money_is_never_a_float(shop: Shop) -> None:
    named: Payload = {"sku": "S", "name": "Pen", "price": "0.10", "cost": "0.07"}
    data = accepted(send(commands.add_product, **named, quantity_available=3))

    (event,) = (e for e in shop.rows("cqrs.events") if e["type"] == "orders.ProductAdded")
    assert (event["data"]["price"], event["data"]["cost"]) == ("0.10", "0.07")
    accepted(shop.order((data["product_id"], 3)))
    (event,) = (e for e in shop.rows("cqrs.events") if e["type"] == "orders.OrderCreated")
    amounts = {name: event["data"][name] for name in ("subtotal", "tax", "shipping", "total")}
    assert amounts == {"subtotal": "0.30", "tax": "0.03", "shipping": "0.00", "total": "0.33"}
    assert event["data"]["items"][0]["unit_price"] == "0.10"

"""Every command with each of its fields missing, wrong, extreme: all errors at once, by field, and
nothing stored; before it is sent and in the worker alike."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from tests.sales.support import Till
from tests.support.shop import run
from worker.commands.decoding import find_command, prepare
from worker.commands.errors import InvalidCommand
from worker.contracts import Envelope, RefusalKind, uuid7

Payload: TypeAlias = dict[str, Any]

UUIDS: tuple[Any, ...] = ("", "me", 7, [], "018f0000")
NAMES: tuple[Any, ...] = ("", "   ", "x" * 201, 7, [], "a\0b")
CODES: tuple[Any, ...] = ("", "   ", "x" * 101, 7, "\0")
TEXTS: tuple[Any, ...] = ("x" * 2_001, 7, "a\0b")
PRICES: tuple[Any, ...] = (
    "-0.01",
    "1.005",
    "NaN",
    "Infinity",
    "1e30",
    "",
    "x",
    [],
    "9999999999999.00",
)
STOCK: tuple[Any, ...] = ("-0.001", "1.0005", "NaN", "1000000000.001", "x")
SOLD: tuple[Any, ...] = ("0", "-1", "0.0001", "NaN", "1000000.001", "x")
NOT_A_LIST: tuple[Any, ...] = ([], "x", {}, 7)

COMMANDS: dict[str, tuple[Payload, dict[str, tuple[Any, ...]]]] = {
    "create_department": ({"name": "Office"}, {"department_id": UUIDS, "name": NAMES}),
    "create_unit": ({"name": "piece"}, {"unit_id": UUIDS, "name": NAMES}),
    "register_customer": (
        {"name": "Ada"},
        {"customer_id": UUIDS, "name": NAMES, "phone": TEXTS, "credit_limit": PRICES},
    ),
    "create_product": (
        {"code": "A", "description": "Pen", "sell_price": "1.00"},
        {
            "product_id": UUIDS,
            "code": CODES,
            "description": NAMES,
            "sell_price": PRICES,
            "cost_price": PRICES,
            "department_id": UUIDS,
            "unit_id": UUIDS,
            "minimum_stock": STOCK,
        },
    ),
    "update_product": (
        {"product_id": str(uuid7())},
        {
            "product_id": UUIDS,
            "description": NAMES,
            "department_id": UUIDS,
            "unit_id": UUIDS,
            "minimum_stock": STOCK,
        },
    ),
    "change_price": (
        {"product_id": str(uuid7())},
        {"product_id": UUIDS, "sell_price": PRICES, "cost_price": PRICES},
    ),
    "adjust_stock": (
        {"product_id": str(uuid7()), "quantity_change": "1", "reason": "count"},
        {
            "product_id": UUIDS,
            "quantity_change": ("0", "0.000", "0.0001", "NaN", "-1000000000.001", "x"),
            "reason": NAMES,
        },
    ),
    "deactivate_product": ({"product_id": str(uuid7())}, {"product_id": UUIDS}),
    "process_sale": (
        {"items": [{"product_code": "A", "quantity": "1"}], "payment_type": "cash"},
        {
            "sale_id": UUIDS,
            "items": NOT_A_LIST,
            "customer_id": UUIDS,
            "payment_type": ("", "barter", 7),
            "paid_amount": PRICES,
        },
    ),
    "return_sale": (
        {"sale_id": str(uuid7())},
        {"sale_id": UUIDS, "items": NOT_A_LIST, "reason": TEXTS},
    ),
    "record_customer_payment": (
        {"customer_id": str(uuid7()), "amount": "1.00"},
        {"customer_id": UUIDS, "amount": ("0", "0.00", *PRICES)},
    ),
}
"""Each command: what it takes at least, and of every field values that it does not take."""

LINE: Payload = {"product_code": "A", "quantity": "1"}
LINES: dict[str, tuple[Any, ...]] = {"product_code": CODES, "quantity": SOLD, "unit_price": PRICES}


def cases() -> list[tuple[str, Payload, set[str]]]:
    """A bad payload for every field and value, and for all fields at once; what is at fault."""
    found: list[tuple[str, Payload, set[str]]] = []
    for name, (good, wrong) in COMMANDS.items():
        found.append((name, {}, set(good)))
        found += [(name, {k: v for k, v in good.items() if k != one}, {one}) for one in good]
        found += [(name, good | {f: v}, {f}) for f, values in wrong.items() for v in values]
        found.append((name, {f: values[0] for f, values in wrong.items()}, set(wrong)))
        found.append((name, good | {"colour": "red"}, {"colour"}))
    sale = COMMANDS["process_sale"][0]
    for field, values in LINES.items():
        for value in values:
            items = [LINE, LINE | {field: value}]
            found.append(("process_sale", sale | {"items": items}, {f"items.1.{field}"}))
    bad = {field: values[0] for field, values in LINES.items()}
    found.append(("process_sale", sale | {"items": [bad]}, {f"items.0.{one}" for one in bad}))
    missing = {"items.0.product_code", "items.0.quantity"}
    found.append(("process_sale", sale | {"items": [{}]}, missing))
    found.append(("process_sale", sale | {"items": [LINE] * 201}, {"items"}))
    for value in SOLD:
        items = [{"line": 0, "quantity": value}]
        back = {"sale_id": str(uuid7()), "items": items}
        found.append(("return_sale", back, {"items.0.line", "items.0.quantity"}))
    return found


CASES = cases()


def test_every_command_and_every_field_of_it_is_tried() -> None:
    for name, (good, wrong) in COMMANDS.items():
        fields = set(find_command(f"sales.{name}").model.model_fields)
        assert set(wrong) == fields, name
        assert set(good) <= fields


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_of_it_is_sent(name: str) -> None:
    for payload, wrong in [(payload, wrong) for n, payload, wrong in CASES if n == name]:
        with pytest.raises(InvalidCommand) as error:
            prepare(find_command(f"sales.{name}"), payload)
        assert set(error.value.errors) == wrong, payload
        assert error.value.kind is RefusalKind.VALIDATION


def test_all_of_it_is_refused_at_once_by_field_and_nothing_is_stored(till: Till) -> None:
    batch = [Envelope(uuid7(), f"sales.{name}", payload) for name, payload, _ in CASES]

    receipts = run(batch)

    for (name, payload, wrong), receipt in zip(CASES, receipts, strict=True):
        assert receipt.status == "rejected", (name, payload)
        assert receipt.kind is RefusalKind.VALIDATION
        assert set(receipt.errors) == wrong, (name, payload)
    with till.database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM cqrs.events").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM cqrs.audit_log").fetchone() == (0,)

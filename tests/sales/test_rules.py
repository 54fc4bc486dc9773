"""The rules alone: no server, no clock; a handler decided in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.sales import rules
from models.sales.commands import ProcessSale, ReturnSale
from models.sales.events import Payment
from models.sales.rules.figures import effect, price_of
from models.sales.write import products
from tasks.sales.commands import create_product
from worker.contracts import Refusal, RefusalKind, uuid7
from worker.testing import decide

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PENS = st.decimals("0.001", "9.999", places=3)
PRICES = st.decimals("0.00", "99.99", places=2)


def a_product(**more: Any) -> dict[str, Any]:
    """A product's row."""
    return {
        "product_id": uuid7(),
        "code": "PEN",
        "description": "Pen",
        "sell_price": Decimal("10.00"),
        "cost_price": Decimal("4.00"),
        "quantity_in_stock": Decimal("10.000"),
        "minimum_stock": Decimal("0.000"),
        "active": True,
        "version": 1,
    } | more


def a_customer(balance: str, limit: str) -> dict[str, Any]:
    """A customer's row."""
    figures = {"balance": Decimal(balance), "credit_limit": Decimal(limit)}
    return {"customer_id": uuid7(), "name": "Ada", **figures}


def sell(
    c: ProcessSale, product: dict[str, Any] | None, customer: dict[str, Any] | None = None
) -> Any:
    """Decide a sale of one product."""
    found = {item.product_code: product for item in c.items}
    return rules.process_sale(
        c, existing=None, customer=customer, products=found, number=7, now=NOW
    )


def a_sale(quantity: str = "1", **more: Any) -> ProcessSale:
    """A sale of pens for cash."""
    line = {"product_code": "PEN", "quantity": quantity}
    payload = {"items": [line], "payment_type": "cash", "paid_amount": "1000.00", **more}
    return ProcessSale.model_validate(payload)


def test_what_the_guide_creates_is_created() -> None:
    made = decide(create_product, code="LAPTOP001", description="Dell", sell_price="999.99")

    (event,) = made.events
    assert event.type == "sales.ProductCreated"
    assert event.payload()["sell_price"] == "999.99"


def test_a_code_that_is_taken_is_a_conflict() -> None:
    there = {products: [a_product(code="A", department_id=None, unit_id=None, created_at=NOW)]}
    again = decide(create_product, code="A", description="B", sell_price="1.00", rows=there)

    assert again.refusal is not None
    assert (again.refusal.kind, again.refusal.errors) == (
        RefusalKind.CONFLICT,
        {"code": "is taken"},
    )


def test_a_sale_says_one_event_a_line_and_one_movement_a_product() -> None:
    line = {"product_code": "PEN", "quantity": "1"}
    sold = sell(a_sale(items=[line, line | {"quantity": "2"}]), a_product())

    assert [item.line for item in sold.items] == [1, 2]
    assert [event.quantity_change for event in sold.stock] == [Decimal("-3.000")]
    assert sold.completed.sale_number == "S-00000007"
    assert sold.balance is None


@pytest.mark.parametrize(
    ("payment", "paid", "wrong"),
    [
        (Payment.CASH, "9.99", {"paid_amount": "at least 10.00"}),
        (Payment.CASH, "10.00", None),
        (Payment.CARD, "9.99", {"paid_amount": "exactly 10.00"}),
        (Payment.CARD, "10.00", None),
        (Payment.CREDIT, "4.99", {"payment_type": "at most 5.00 on credit"}),
        (Payment.CREDIT, "5.00", None),
        (Payment.CREDIT, "10.01", {"paid_amount": "at most 10.00"}),
    ],
)
def test_each_way_to_pay_has_its_edges(
    payment: Payment, paid: str, wrong: dict[str, str] | None
) -> None:
    ada = a_customer("95.00", "100.00")
    sale = a_sale(payment_type=payment, paid_amount=paid, customer_id=ada["customer_id"])

    if wrong is None:
        sold = sell(sale, a_product(), ada).completed
        assert sold.total == sold.paid_amount - sold.change_amount + sold.credited_amount
        return
    with pytest.raises(Refusal) as refused:
        sell(sale, a_product(), ada)
    assert refused.value.errors == wrong


def test_a_sale_that_comes_to_more_than_money_holds_is_refused() -> None:
    dear = a_product(sell_price=Decimal("999999999999.99"), quantity_in_stock=Decimal("9.000"))

    with pytest.raises(Refusal) as refused:
        sell(a_sale("2"), dear)

    assert "items" in refused.value.errors


@settings(max_examples=50, deadline=None)
@given(quantity=PENS, price=PRICES, data=st.data())
def test_what_comes_back_in_pieces_is_paid_back_whole(
    quantity: Decimal, price: Decimal, data: st.DataObject
) -> None:
    pen = a_product()
    item = {
        "item_id": uuid7(),
        "line": 1,
        "product_id": pen["product_id"],
        "quantity": quantity,
        "returned": Decimal("0.000"),
        "unit_price": price,
    }
    sale = {
        "sale_id": uuid7(),
        "sale_number": "S-1",
        "customer_id": None,
        "payment_type": "cash",
        "credited_amount": Decimal("0.00"),
        "uncredited_amount": Decimal("0.00"),
        "sold_at": NOW,
    }
    total = Decimal(0)
    while left := item["quantity"] - item["returned"]:
        part = data.draw(st.one_of(st.just(left), st.decimals("0.001", left, places=3)))
        asked = [{"line": 1, "quantity": str(part)}]
        c = ReturnSale.model_validate({"sale_id": str(sale["sale_id"]), "items": asked})
        back = rules.return_sale(
            c, sale=sale, customer=None, items=[item], products={pen["product_id"]: pen}, now=NOW
        )
        (line,) = back.returned.lines
        assert line["amount"] >= 0
        total += line["amount"]
        item["returned"] = line["returned"]
    assert total == price_of(quantity, price)


@given(stock=PENS, cost=PRICES | st.none(), minimum=PENS, other=PENS, price=PRICES | st.none())
def test_what_events_do_to_all_stock_adds_up(
    stock: Decimal, cost: Decimal | None, minimum: Decimal, other: Decimal, price: Decimal | None
) -> None:
    first = a_product(quantity_in_stock=stock, cost_price=cost, minimum_stock=minimum)
    there = effect(first, quantity_in_stock=other, cost_price=price)
    back = effect({**first, "quantity_in_stock": other, "cost_price": price}, **first)

    assert there["low_stock_change"] + back["low_stock_change"] == 0
    assert there["inventory_value_change"] + back["inventory_value_change"] == 0

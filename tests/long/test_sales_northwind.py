"""The Northwind trade at the till: orders become sales on credit, and every figure that means the
same is the same: quantities by product, sales by customer, stock, revenue without discounts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.orders.test_northwind import COMMANDS, EXPECTED, needs_data
from tests.sales.conftest import till as till  # a fixture
from tests.sales.support import Till
from tests.sales.trades import agree
from tests.support.shop import batches, run
from worker.contracts import Envelope
from worker.contracts.values import derived_uuid

Lines = list[dict[str, Any]]


def mapped(trade: Lines) -> Iterator[Envelope]:
    """The same trade in commands of the till."""
    codes: dict[str, str] = {}
    for one in trade:
        id_, payload = UUID(one["id"]), one["payload"]
        match one["command"]:
            case "orders.register_customer":
                known = {name: payload[name] for name in ("customer_id", "name", "phone")}
                limit = {"credit_limit": "999999.00"}
                yield Envelope(id_, "sales.register_customer", known | limit)
            case "orders.add_product":
                codes[payload["product_id"]] = payload["sku"]
                yield from product(id_, payload)
            case "orders.create_order":
                yield Envelope(id_, "sales.process_sale", sale(payload, codes))


def product(id_: UUID, payload: dict[str, Any]) -> Iterator[Envelope]:
    """A product and the delivery of its first stock."""
    made = {
        "product_id": payload["product_id"],
        "code": payload["sku"],
        "description": payload["name"],
        "sell_price": payload["price"],
        "cost_price": payload["cost"],
    }
    yield Envelope(id_, "sales.create_product", made)
    if stock := payload["quantity_available"]:
        delivery = {"quantity_change": str(stock), "reason": "first stock"}
        change = {"product_id": payload["product_id"], **delivery}
        yield Envelope(derived_uuid(id_, "stock"), "sales.adjust_stock", change)


def sale(order: dict[str, Any], codes: dict[str, str]) -> dict[str, Any]:
    """An order as a sale on credit, at the prices of its lines, before discounts."""
    items = [
        {
            "product_code": codes[line["product_id"]],
            "quantity": str(line["quantity"]),
            "unit_price": line["unit_price"],
        }
        for line in order["items"]
    ]
    ids = {"sale_id": order["order_id"], "customer_id": order["customer_id"]}
    return {**ids, "items": items, "payment_type": "credit", "paid_amount": "0.00"}


@needs_data
def test_every_figure_that_means_the_same_is_the_same(till: Till) -> None:
    trade: Lines = [json.loads(line) for line in COMMANDS.read_text("utf-8").splitlines()]
    expected = json.loads(EXPECTED.read_text("utf-8"))
    sent = list(mapped(trade))

    receipts = [receipt for batch in batches(sent, 50) for receipt in run(batch)]
    assert {receipt.status for receipt in receipts} == {"succeeded"}
    agree(till.database)

    sold = {str(row["product_id"]): row for row in till.rows("query.product_sales_statistics")}
    revenue = expected["revenue_by_product"]
    assert {id_: int(row["quantity_sold"]) for id_, row in sold.items()} == {
        id_: row["units_sold"] for id_, row in revenue.items()
    }
    accounts = {str(r["customer_id"]): r for r in till.rows("query.sales_customer_accounts")}
    orders = Counter(row["customer_id"] for row in expected["orders"].values())
    assert {id_: row["purchase_count"] for id_, row in accounts.items() if row["purchase_count"]}
    assert {id_: row["purchase_count"] for id_, row in accounts.items()} == {
        id_: orders[id_] for id_ in accounts
    }
    stock = {str(r["product_id"]): r for r in till.rows("query.product_read_view")}
    assert {id_: int(row["quantity_in_stock"]) for id_, row in stock.items()} == {
        id_: row["quantity_available"] - row["quantity_reserved"]
        for id_, row in expected["inventory"].items()
    }
    _revenue_without_discounts(till, trade, expected)


def _revenue_without_discounts(till: Till, trade: Lines, expected: dict[str, Any]) -> None:
    """Orders and products that nobody got a discount on came to what they say."""
    orders = [one["payload"] for one in trade if one["command"] == "orders.create_order"]
    discounted: dict[str, bool] = defaultdict(bool)
    for order in orders:
        for line in order["items"]:
            less = Decimal(line.get("discount", "0")) > 0
            for id_ in (order["order_id"], line["product_id"]):
                discounted[id_] |= less
    sales = {str(row["sale_id"]): row["total"] for row in till.rows("query.sale_summaries")}
    whole = {id_: row for id_, row in expected["orders"].items() if not discounted[id_]}
    assert len(whole) > 300
    assert {id_: sales[id_] for id_ in whole} == {
        id_: Decimal(row["subtotal"]) for id_, row in whole.items()
    }
    sold = {str(row["product_id"]): row for row in till.rows("query.product_sales_statistics")}
    for id_, row in expected["revenue_by_product"].items():
        if not discounted[id_]:
            assert sold[id_]["revenue"] == Decimal(row["total_revenue"])

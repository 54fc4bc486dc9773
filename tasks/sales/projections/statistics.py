"""Read models of who buys and what is bought: customers' accounts, products' sales."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.sales import read
from models.sales.events import (
    CustomerBalanceChanged,
    CustomerRegistered,
    SaleCompleted,
    SaleItemAdded,
    SaleReturned,
)
from tasks.sales.projections.folding import NOTHING, later, plus
from worker import Row, StoredEvent, picked, projection, row_from, there

customer_accounts = projection(
    "sales.customer_accounts",
    read.customer_accounts,
    tags=lambda row: (f"buyer:{row['customer_id']}", "buyers"),
    purpose="one row a customer: what he owes, and what he has bought",
)


@customer_accounts.on(CustomerRegistered)
def _registered(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.customer_accounts,
        event,
        balance=NOTHING,
        available_credit=event.data["credit_limit"],
        purchase_count=0,
        purchase_total=NOTHING,
        **_now(event),
    )


@customer_accounts.on(CustomerBalanceChanged)
def _owes(row: Row | None, event: StoredEvent) -> Row:
    row = there(row, event) | picked(event, "balance") | _now(event)
    left = Decimal(row["credit_limit"]) - Decimal(row["balance"])
    return row | {"available_credit": str(left)}


def _buyer(event: StoredEvent) -> Mapping[str, None]:
    customer_id = event.data["customer_id"]
    return {} if customer_id is None else {customer_id: None}


@customer_accounts.on_each(SaleCompleted, _buyer)
def _bought(row: Row | None, event: StoredEvent, _: None) -> Row:
    row = plus(there(row, event), purchase_total=Decimal(event.data["total"])) | _now(event)
    row["purchase_count"] += 1
    row["last_purchase_at"] = later(row["last_purchase_at"], event.data["sold_at"])
    return row


@customer_accounts.on_each(SaleReturned, _buyer)
def _brought_back(row: Row | None, event: StoredEvent, _: None) -> Row:
    row = plus(there(row, event), purchase_total=-Decimal(event.data["amount"])) | _now(event)
    row["purchase_count"] -= int(event.data["closes"])
    return row


product_sales = projection(
    "sales.product_sales_statistics",
    read.product_sales,
    tags=lambda row: (f"product:{row['product_id']}", "product_sales"),
    purpose="one row a product that was sold: how much of it, and what it brought in",
)


@product_sales.on(SaleItemAdded)
def _sold(row: Row | None, event: StoredEvent) -> Row:
    row = row or row_from(
        read.product_sales,
        event,
        line_count=0,
        quantity_sold="0.000",
        quantity_returned="0.000",
        revenue=NOTHING,
    )
    row["line_count"] += 1
    row["last_sold_at"] = later(row["last_sold_at"], event.data["sold_at"])
    quantity, revenue = Decimal(event.data["quantity"]), Decimal(event.data["subtotal"])
    return plus(row, quantity_sold=quantity, revenue=revenue)


def _by_product(event: StoredEvent) -> Mapping[str, tuple[Decimal, Decimal]]:
    """How much of each product came back, and what it was sold for."""
    back: dict[str, tuple[Decimal, Decimal]] = {}
    for line in event.data["lines"]:
        quantity, amount = back.get(line["product_id"], (Decimal(0), Decimal(0)))
        moved = (quantity + Decimal(line["quantity"]), amount + Decimal(line["amount"]))
        back[line["product_id"]] = moved
    return back


@product_sales.on_each(SaleReturned, _by_product)
def _came_back(row: Row | None, event: StoredEvent, back: tuple[Decimal, Decimal]) -> Row:
    quantity, amount = back
    return plus(there(row, event), quantity_returned=quantity, revenue=-amount)


def _now(event: StoredEvent) -> dict[str, Any]:
    return {"updated_at": event.recorded_at.isoformat()}

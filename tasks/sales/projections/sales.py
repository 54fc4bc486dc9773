"""Read models of sales: the summary, the lines, and the figures of each day."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.sales import read
from models.sales.events import SaleCompleted, SaleItemAdded, SaleReturned, SaleStatus
from tasks.sales.projections.folding import NOTHING, day_of, plus
from worker import Row, StoredEvent, picked, projection, row_from, there

sale_summaries = projection(
    "sales.sale_summaries",
    read.sale_summaries,
    tags=lambda row: (
        f"sale:{row['sale_number']}",
        f"buyer:{row['customer_id']}",
        "sales",
        "dashboard",
    ),
    by_stream=True,
    purpose="one row a sale: when, to whom, how it was paid, what came back",
)


@sale_summaries.on(SaleCompleted)
def _sold(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.sale_summaries,
        event,
        status=SaleStatus.COMPLETED,
        returned_amount=NOTHING,
        sold_on=day_of(event.data["sold_at"]),
        updated_at=event.recorded_at.isoformat(),
    )


@sale_summaries.on(SaleReturned)
def _came_back(row: Row | None, event: StoredEvent) -> Row:
    row = plus(there(row, event), returned_amount=Decimal(event.data["amount"]))
    return row | picked(event, "status") | {"updated_at": event.recorded_at.isoformat()}


sale_lines = projection(
    "sales.sale_lines",
    read.sale_lines,
    tags=lambda row: (f"sale:{row['sale_number']}", "sales"),
    by_stream=True,
    purpose="one row a line of a sale, with the product as it was sold",
)


@sale_lines.on(SaleItemAdded)
def _line_sold(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.sale_lines,
        event,
        returned_quantity="0.000",
        returned_amount=NOTHING,
        sold_on=day_of(event.data["sold_at"]),
    )


def _by_item(event: StoredEvent) -> Mapping[str, Any]:
    return {line["item_id"]: line for line in event.data["lines"]}


@sale_lines.on_each(SaleReturned, _by_item)
def _line_came_back(row: Row | None, event: StoredEvent, line: dict[str, Any]) -> Row:
    row = plus(there(row, event), returned_amount=Decimal(line["amount"]))
    return row | {"returned_quantity": line["returned"]}


dashboard_days = projection(
    "sales.dashboard_days",
    read.dashboard_days,
    tags=lambda row: ("dashboard",),
    purpose="one row a day: how many sales, what they come to, by payment type; net of returns",
)


def _by_day(event: StoredEvent) -> Mapping[str, None]:
    return {day_of(event.data["sold_at"]): None}


@dashboard_days.on_each(SaleCompleted, _by_day)
def _day_sold(row: Row | None, event: StoredEvent, _: None) -> Row:
    return _day(row, event, 1, Decimal(event.data["total"]))


@dashboard_days.on_each(SaleReturned, _by_day)
def _day_came_back(row: Row | None, event: StoredEvent, _: None) -> Row:
    return _day(
        there(row, event), event, -int(event.data["closes"]), -Decimal(event.data["amount"])
    )


def _day(row: Row | None, event: StoredEvent, count: int, amount: Decimal) -> Row:
    """A day's figures after a sale or a return."""
    sums = ("sales_total", "cash_total", "card_total", "credit_total")
    day = day_of(event.data["sold_at"])
    row = row or {"day": day, "sales_count": 0, **dict.fromkeys(sums, NOTHING)}
    row["sales_count"] += count
    of_its_type = f"{event.data['payment_type']}_total"
    return plus(row, **{"sales_total": amount, of_its_type: amount})

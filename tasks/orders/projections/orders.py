"""Read models of orders: the summary, the lines, and a customer's history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.orders import read
from models.orders.events import OrderCancelled, OrderCreated, OrderItemAdded, OrderStatus
from tasks.orders.projections.folding import STATUS_AFTER, STEPS, items_of, updated
from worker import Row, StoredEvent, picked, projection, row_from, there

order_summaries = projection(
    "orders.order_summaries",
    read.order_summaries,
    tags=lambda row: (
        "orders",
        f"order:{row['order_id']}",
        f"order-number:{row['order_number']}",
        f"customer:{row['customer_id']}",
    ),
    by_stream=True,
    purpose="one row an order: who, what it comes to, where it stands",
)


@order_summaries.on(OrderCreated)
def _order_taken(row: Row | None, event: StoredEvent) -> Row:
    return row_from(
        read.order_summaries,
        event,
        status=OrderStatus.PENDING,
        item_count=len(event.data["items"]),
        refund_amount="0.00",
        **updated(event),
    )


@order_summaries.on(OrderItemAdded)
def _order_grew(row: Row | None, event: StoredEvent) -> Row:
    row = there(row, event)
    row["item_count"] = event.data["item"]["line"]
    return row | picked(event, "subtotal", "tax", "total", "version") | updated(event)


@order_summaries.on(*STEPS)
def _order_moved_on(row: Row | None, event: StoredEvent) -> Row:
    row = there(row, event)
    row["status"] = STATUS_AFTER[event.type]
    if event.type == OrderCancelled.type:
        row["cancellation_reason"] = event.data["reason"]
        row["refund_amount"] = event.data["refund_amount"]
    return row | picked(event, "version") | updated(event)


order_items = projection(
    "orders.order_items",
    read.order_items,
    tags=lambda row: (f"order:{row['order_id']}",),
    by_stream=True,
    purpose="one row a line of an order, with the product's name as it was sold",
)


def _by_item(event: StoredEvent) -> Mapping[str, Any]:
    return {item["item_id"]: item for item in items_of(event)}


@order_items.on_each(OrderCreated, _by_item)
@order_items.on_each(OrderItemAdded, _by_item)
def _line(row: Row | None, event: StoredEvent, item: dict[str, Any]) -> Row:
    return {**item, **picked(event, "order_id", "order_number")}


customer_orders = projection(
    "orders.customer_orders",
    read.customer_orders,
    tags=lambda row: ("orders", f"customer:{row['customer_id']}"),
    by_stream=True,
    purpose="a customer's history: one row an order, with its lines inside",
)


def _lines(event: StoredEvent) -> list[dict[str, Any]]:
    shown = ("line", "product_id", "sku", "product_name", "quantity", "unit_price", "subtotal")
    return [{field: item[field] for field in shown} for item in items_of(event)]


@customer_orders.on(OrderCreated)
def _history_began(row: Row | None, event: StoredEvent) -> Row:
    lines = _lines(event)
    return row_from(
        read.customer_orders,
        event,
        status=OrderStatus.PENDING,
        item_count=len(lines),
        items=lines,
        **updated(event),
    )


@customer_orders.on(OrderItemAdded)
def _history_grew(row: Row | None, event: StoredEvent) -> Row:
    row = there(row, event)
    row["items"] = [*row["items"], *_lines(event)]
    row["item_count"] = len(row["items"])
    return row | picked(event, "total") | updated(event)


@customer_orders.on(*STEPS)
def _history_moved_on(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | {"status": STATUS_AFTER[event.type]} | updated(event)

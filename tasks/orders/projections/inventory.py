"""The read model of stock.

    available    on the shelf              + ProductAdded, InventoryAdjusted   - OrderShipped
    reserved     of these, promised        + OrderCreated, OrderItemAdded
    in_orders    the same, from the                        - OrderShipped, OrderCancelled
                 orders' side
    in_stock     can still be sold: available - reserved
    low_stock    in_stock is below the product's reorder level

A row collects from many streams, so a rebuild may fold each stream apart and add the quantities up.
That is why a row may begin with any event here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from models.orders import read
from models.orders.events import (
    InventoryAdjusted,
    OrderCancelled,
    OrderCreated,
    OrderItemAdded,
    OrderShipped,
    ProductAdded,
)
from tasks.orders.projections.folding import picked, updated
from worker.event_log import StoredEvent
from worker.projection import Row, projection

product_inventory = projection(
    "orders.product_inventory",
    read.product_inventory,
    tags=lambda row: ("inventory", f"product:{row['product_id']}"),
    merge={
        "quantity_available": "sum",
        "quantity_reserved": "sum",
        "quantity_in_stock": "sum",
        "quantity_in_orders": "sum",
    },
    purpose="one row a product: on the shelf, reserved, left to sell, low or not",
)


class Moved(NamedTuple):
    """Pieces of one product."""

    product_id: str
    quantity: int


def _pieces(event: StoredEvent) -> Mapping[str, Moved]:
    return {key: Moved(key, quantity) for key, quantity in event.data["pieces"].items()}


@product_inventory.on(ProductAdded)
def _added(row: Row | None, event: StoredEvent) -> Row:
    row = _stock(row, event.data["product_id"])
    row |= picked(event, "sku", "price", "reorder_level") | {"product_name": event.data["name"]}
    return _moved(row, event, available=event.data["quantity_available"])


@product_inventory.on(InventoryAdjusted)
def _adjusted(row: Row | None, event: StoredEvent) -> Row:
    row = _stock(row, event.data["product_id"])
    return _moved(row, event, available=event.data["quantity_change"])


@product_inventory.on_each(OrderCreated, _pieces)
@product_inventory.on_each(OrderItemAdded, _pieces)
def _reserved(row: Row | None, event: StoredEvent, moved: Moved) -> Row:
    row = _stock(row, moved.product_id)
    return _moved(row, event, reserved=moved.quantity)


@product_inventory.on_each(OrderCancelled, _pieces)
def _released(row: Row | None, event: StoredEvent, moved: Moved) -> Row:
    row = _stock(row, moved.product_id)
    return _moved(row, event, reserved=-moved.quantity)


@product_inventory.on_each(OrderShipped, _pieces)
def _shipped(row: Row | None, event: StoredEvent, moved: Moved) -> Row:
    row = _stock(row, moved.product_id)
    return _moved(row, event, available=-moved.quantity, reserved=-moved.quantity)


def _stock(row: Row | None, product_id: str) -> Row:
    if row is not None:
        return row
    empty = dict.fromkeys(map(str, read.product_inventory.c.keys()))
    counted = dict.fromkeys(product_inventory.merge, 0)
    return {**empty, **counted, "product_id": product_id}


def _moved(row: Row, event: StoredEvent, *, available: int = 0, reserved: int = 0) -> Row:
    """The row after pieces came (+) or went (-)."""
    row["quantity_available"] += available
    row["quantity_reserved"] += reserved
    row["quantity_in_orders"] += reserved
    row["quantity_in_stock"] += available - reserved
    if row["reorder_level"] is not None:
        row["low_stock"] = row["quantity_in_stock"] < row["reorder_level"]
    return row | updated(event)

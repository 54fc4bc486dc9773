"""The read model of stock.

available    on the shelf              + ProductAdded, InventoryAdjusted   - OrderShipped
reserved     of these, promised        + OrderCreated, OrderItemAdded
in_orders    the same, from the                        - OrderShipped, OrderCancelled
             orders' side
in_stock     can still be sold: available - reserved
low_stock    in_stock is below the product's reorder level
"""

from __future__ import annotations

from collections.abc import Mapping

from models.orders import read
from models.orders.events import (
    InventoryAdjusted,
    OrderCancelled,
    OrderCreated,
    OrderItemAdded,
    OrderShipped,
    ProductAdded,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
)
from tasks.orders.projections.folding import updated
from worker import Row, StoredEvent, picked, projection, there

product_inventory = projection(
    "orders.product_inventory",
    read.product_inventory,
    tags=lambda row: ("inventory", f"product:{row['product_id']}"),
    purpose="one row a product: on the shelf, reserved, left to sell, low or not",
)


def _pieces(event: StoredEvent) -> Mapping[str, int]:
    """How many pieces of each product an order's event is about."""
    pieces: Mapping[str, int] = event.data["pieces"]
    return pieces


@product_inventory.on(ProductAdded)
def _added(row: Row | None, event: StoredEvent) -> Row:
    new = picked(event, "product_id", "sku", "price", "quantity_available", "reorder_level")
    new |= {"product_name": event.data["name"], "quantity_reserved": 0, "quantity_in_orders": 0}
    return _moved(new, event)


@product_inventory.on(InventoryAdjusted)
def _adjusted(row: Row | None, event: StoredEvent) -> Row:
    return _moved(there(row, event), event, available=event.data["quantity_change"])


@product_inventory.on(ProductUpdated)
def _described(row: Row | None, event: StoredEvent) -> Row:
    row = there(row, event)
    row["product_name"] = event.data["name"]
    return _moved(row | picked(event, "reorder_level"), event)


@product_inventory.on(ProductPriceChanged)
def _priced(row: Row | None, event: StoredEvent) -> Row:
    return there(row, event) | picked(event, "price") | updated(event)


@product_inventory.on(ProductDeactivated)
def _given_up(row: Row | None, event: StoredEvent) -> Row:
    return _moved(there(row, event) | {"reorder_level": 0}, event)


@product_inventory.on_each(OrderCreated, _pieces)
@product_inventory.on_each(OrderItemAdded, _pieces)
def _reserved(row: Row | None, event: StoredEvent, pieces: int) -> Row:
    return _moved(there(row, event), event, reserved=pieces)


@product_inventory.on_each(OrderCancelled, _pieces)
def _released(row: Row | None, event: StoredEvent, pieces: int) -> Row:
    return _moved(there(row, event), event, reserved=-pieces)


@product_inventory.on_each(OrderShipped, _pieces)
def _shipped(row: Row | None, event: StoredEvent, pieces: int) -> Row:
    return _moved(there(row, event), event, available=-pieces, reserved=-pieces)


def _moved(row: Row, event: StoredEvent, *, available: int = 0, reserved: int = 0) -> Row:
    """The row after pieces came (+) or went (-)."""
    row["quantity_available"] += available
    row["quantity_reserved"] += reserved
    row["quantity_in_orders"] += reserved
    row["quantity_in_stock"] = row["quantity_available"] - row["quantity_reserved"]
    row["low_stock"] = row["quantity_in_stock"] < row["reorder_level"]
    return row | updated(event)

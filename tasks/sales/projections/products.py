"""Read models of the catalogue: the product view, price history, and all stock together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from models.sales import read
from models.sales.events import (
    InventoryAdjusted,
    ProductCreated,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
)
from models.sales.rules import figures
from tasks.sales.projections.folding import NOTHING, plus
from worker import Row, StoredEvent, picked, projection, row_from, there

ALL = "all"
"""The key of the one row of `query.sales_inventory`."""

product_view = projection(
    "sales.product_read_view",
    read.product_read_view,
    tags=lambda row: (
        f"product:{row['product_id']}",
        f"product-code:{row['code']}",
        "product_list",
    ),
    by_stream=True,
    purpose="one row a product, with the names of its department and unit, and its stock's worth",
)


@product_view.on(ProductCreated)
def _created(row: Row | None, event: StoredEvent) -> Row:
    new = row_from(read.product_read_view, event, active=True)
    new["search_code"] = _searched(new["code"])
    return _derived(new, event)


@product_view.on(ProductUpdated)
def _updated(row: Row | None, event: StoredEvent) -> Row:
    names = ("department_id", "department_name", "unit_id", "unit_name")
    described = picked(event, "description", "minimum_stock", *names)
    return _derived(there(row, event) | described, event)


@product_view.on(ProductPriceChanged)
def _priced(row: Row | None, event: StoredEvent) -> Row:
    return _derived(there(row, event) | picked(event, "sell_price", "cost_price"), event)


@product_view.on(InventoryAdjusted)
def _moved(row: Row | None, event: StoredEvent) -> Row:
    return _derived(there(row, event) | picked(event, "quantity_in_stock"), event)


@product_view.on(ProductDeactivated)
def _taken_out(row: Row | None, event: StoredEvent) -> Row:
    return _derived(there(row, event) | {"active": False}, event)


def _derived(row: Row, event: StoredEvent) -> Row:
    """The row with what follows from its other columns."""
    quantity, minimum = Decimal(row["quantity_in_stock"]), Decimal(row["minimum_stock"])
    cost = None if row["cost_price"] is None else Decimal(row["cost_price"])
    return row | {
        "in_stock": quantity > 0,
        "is_low_stock": figures.is_low(quantity, minimum, row["active"]),
        "stock_value": str(figures.worth(quantity, cost)),
        "search_text": _searched(row["description"], row["department_name"]),
        "updated_at": event.recorded_at.isoformat(),
    }


def _searched(*texts: str | None) -> str:
    """The words of some texts, as `sales.search_products` looks for them."""
    return " ".join(word for text in texts if text for word in read.searched_words(text))


price_history = projection(
    "sales.price_history",
    read.price_changes,
    tags=lambda row: (f"product:{row['product_id']}",),
    by_stream=True,
    purpose="one row a price that a product got",
)


@price_history.on(ProductCreated)
def _first_price(row: Row | None, event: StoredEvent) -> Row:
    return row_from(read.price_changes, event, changed_at=event.data["created_at"])


@price_history.on(ProductPriceChanged)
def _next_price(row: Row | None, event: StoredEvent) -> Row:
    return row_from(read.price_changes, event)


inventory = projection(
    "sales.inventory",
    read.inventory,
    tags=lambda row: ("dashboard",),
    purpose="all stock together: how many products, how many of them low, what it is worth",
)


def _all_stock(event: StoredEvent) -> Mapping[str, None]:
    return {ALL: None}


@inventory.on_each(ProductCreated, _all_stock)
@inventory.on_each(ProductUpdated, _all_stock)
@inventory.on_each(ProductPriceChanged, _all_stock)
@inventory.on_each(InventoryAdjusted, _all_stock)
@inventory.on_each(ProductDeactivated, _all_stock)
def _stock_changed(row: Row | None, event: StoredEvent, _: None) -> Row:
    row = row or {
        "name": ALL,
        "product_count": 0,
        "low_stock_product_count": 0,
        "total_inventory_value": NOTHING,
    }
    row["product_count"] += event.type == ProductCreated.type
    row["low_stock_product_count"] += event.data["low_stock_change"]
    return plus(row, total_inventory_value=Decimal(event.data["inventory_value_change"]))

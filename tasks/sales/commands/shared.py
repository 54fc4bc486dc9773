"""What the handlers share: moving goods, changing a balance, finding rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from models.sales.events import (
    CustomerBalanceChanged,
    InventoryAdjusted,
)
from models.sales.write import (
    customers,
    departments,
    products,
    stock_movements,
    units,
)
from worker import LoadedRow, LoadRows, State, Work, read
from worker.contracts.tables import named


def move(work: Work, events: Iterable[InventoryAdjusted]) -> None:
    """Move goods, and note each movement."""
    for event in events:
        work.update(
            products,
            event.product_id,
            quantity_in_stock=event.quantity_in_stock,
            version=event.version,
        )
        work.insert(stock_movements, named(stock_movements, event))
        work.emit(product_stream(event.product_id), event)


def owe(work: Work, event: CustomerBalanceChanged) -> None:
    work.update(customers, event.customer_id, balance=event.balance)
    work.emit(f"sales.customer-{event.customer_id}", event)


def placed_in(department_id: UUID | None, unit_id: UUID | None) -> tuple[LoadRows, ...]:
    """The department and the unit that are named."""
    wanted = ((departments, department_id), (units, unit_id))
    return tuple(read(table, key) for table, key in wanted if key is not None)


def row_of(state: State, table: Any, key: UUID | None) -> LoadedRow | None:
    return None if key is None else state.get(table, key)


def product_stream(product_id: UUID) -> str:
    return f"sales.product-{product_id}"

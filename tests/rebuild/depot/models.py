"""Events and read tables of the depot."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from worker.contracts import Event

read = sa.MetaData(schema="query")
orders = sa.Table(
    "depot_orders",
    read,
    sa.Column("order_id", sa.Uuid, primary_key=True),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("total", sa.Numeric(14, 2), nullable=False),
    sa.Column("shipped", sa.Boolean, nullable=False),
    sa.Column("changes", sa.Integer, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("lines", JSONB, nullable=False),
    sa.Column("labels", ARRAY(sa.Text), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("changes >= 0"),
    sa.Index("depot_orders_by_customer", "customer", "updated_at"),
)
stock = sa.Table(
    "depot_stock",
    read,
    sa.Column("product", sa.Text, primary_key=True),
    sa.Column("taken", sa.Integer, nullable=False),
)


class Placed(Event):
    """An order was placed."""

    type: ClassVar[str] = "depot.Placed"
    order_id: UUID
    customer: str
    total: str
    note: str | None = None
    lines: list[dict[str, Any]] = []  # noqa: RUF012  # pydantic copies it
    labels: list[str] = []  # noqa: RUF012


class Changed(Event):
    """An order's total changed."""

    type: ClassVar[str] = "depot.Changed"
    order_id: UUID
    total: str


class Shipped(Event):
    """An order left the depot."""

    type: ClassVar[str] = "depot.Shipped"
    order_id: UUID


class Cancelled(Event):
    """An order is gone."""

    type: ClassVar[str] = "depot.Cancelled"
    order_id: UUID


class Swept(Event):
    """The floor was swept: nobody reads this."""

    type: ClassVar[str] = "depot.Swept"

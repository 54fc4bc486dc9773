"""Events, read tables and rows of the shop."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa

from worker.contracts import Event, ReadRow

read = sa.MetaData(schema="query")
items = sa.Table(
    "shop_items",
    read,
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("sold", sa.Integer, nullable=False),
    sa.Column("revenue", sa.Numeric(14, 2), nullable=False),
    sa.Column("grade", sa.Text),
    sa.Column("code", sa.Uuid),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
)
customers = sa.Table(
    "shop_customers",
    read,
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("bought", sa.Integer, nullable=False),
)


class Sold(Event):
    """One piece of an item was sold."""

    type: ClassVar[str] = "shop.Sold"
    item: str
    customer: str
    price: str


class Closed(Event):
    """The shop was closed: nobody reads this."""

    type: ClassVar[str] = "shop.Closed"


class Item(ReadRow):
    """A row of `query.shop_items`."""

    item: str
    sold: int
    revenue: Decimal
    grade: str | None
    code: UUID | None
    last_at: datetime


class Customer(ReadRow):
    """A row of `query.shop_customers`."""

    customer: str
    bought: int


class Totals(ReadRow):
    """The row of `query.shop_totals`."""

    sold: int


class Changes(ReadRow):
    """A count."""

    changes: int

"""What the domain says and stores."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from worker.contracts import Command, Event, Money, Name, ReadRow, Refusal, uuid7
from worker.contracts.tables import read_table

MOST = Decimal(1_000)


class PlaceOrder(Command):
    order_id: UUID = Field(default_factory=uuid7)
    customer: Name
    total: Annotated[Money, Field(gt=0)]


class OrderPlaced(Event):
    type: ClassVar[str] = "ordering.OrderPlaced"
    order_id: UUID
    customer: str
    total: Money


def place(c: PlaceOrder) -> OrderPlaced:
    """The rule."""
    if c.total > MOST:
        raise Refusal("an order is at most", most=MOST, total=c.total)
    return OrderPlaced(order_id=c.order_id, customer=c.customer, total=c.total)


placed_orders = sa.Table(
    "placed_orders",
    sa.MetaData(schema="command", info={"domain": "ordering"}),
    sa.Column("order_id", sa.Uuid, primary_key=True),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("total", sa.Numeric(14, 2), nullable=False),
)


class PlacedOrder(ReadRow):
    order_id: UUID
    customer: str
    total: Money


read = sa.MetaData(schema="query", info={"domain": "ordering"})
order_list = read_table(PlacedOrder, read, "order_list", key="order_id")

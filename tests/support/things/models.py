"""Messages and tables of the things."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from worker.contracts import Command, Event, Money, Price, uuid7

write = sa.MetaData(schema="command", info={"domain": "things"})
things = sa.Table(
    "things",
    write,
    sa.Column("thing_id", sa.Uuid, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False, default=0),
    sa.Column("price", sa.Numeric(14, 2), nullable=False),
)
read = sa.MetaData(schema="query")
thing_rows = sa.Table(
    "things",
    read,
    sa.Column("thing_id", sa.Uuid, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("changes", sa.Integer, nullable=False),
    sa.Column("price", sa.Numeric(14, 2), nullable=False),
)


class AddThing(Command):
    """Add a thing."""

    thing_id: UUID = Field(default_factory=uuid7)
    price: Price
    note: Annotated[str, Field(max_length=100)] = ""


class BumpThing(Command):
    """Add to a thing's number; a thing holds 100 at most."""

    thing_id: UUID
    by: Annotated[int, Field(ge=1, le=100)] = 1
    mishap: str = ""


class DropThing(Command):
    """Remove a thing."""

    thing_id: UUID


class ThingAdded(Event):
    """A thing was added."""

    type: ClassVar[str] = "things.ThingAdded"
    thing_id: UUID
    price: Money


class ThingBumped(Event):
    """A thing's number grew."""

    type: ClassVar[str] = "things.ThingBumped"
    thing_id: UUID
    by: int


class ThingDropped(Event):
    """A thing is gone."""

    type: ClassVar[str] = "things.ThingDropped"
    thing_id: UUID

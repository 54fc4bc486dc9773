"""Messages and tables of the things."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid5

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import ARRAY

from worker.contracts import Command, Event, Money, Price, ReadRow, uuid7
from worker.contracts.tables import read_table

Cents = Annotated[Decimal, sa.Numeric(14, 2)]
_IDS = UUID("f3ad7c1c-27a1-4e6c-8c0f-6c1f3c3f0c11")


def thing_id(name: int | str) -> UUID:
    """The id of the thing that tests call by this name."""
    return uuid5(_IDS, str(name))


write = sa.MetaData(schema="command", info={"domain": "things"})
things = sa.Table(
    "things",
    write,
    sa.Column("thing_id", sa.Uuid, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False, default=0),
    sa.Column("price", sa.Numeric(14, 2), nullable=False),
)


class Thing(ReadRow):
    """A row of `query.things`: what has become of one thing."""

    thing_id: UUID
    name: str
    owner: str
    price: Cents
    n: int
    changes: int
    moves: int
    places: str
    shipped: bool
    note: str | None
    code: UUID | None
    parts: list[dict[str, Any]]
    labels: Annotated[list[str], ARRAY(sa.Text)]
    updated_at: datetime


class Place(ReadRow):
    """A row of `query.thing_places`: how much has come to a place, of all things together."""

    place: str
    held: int


class Totals(ReadRow):
    """The row of `query.thing_totals`."""

    moves: int


class Changes(ReadRow):
    """A count."""

    changes: int


read = sa.MetaData(schema="query", info={"domain": "things"})
by_owner = sa.Index("things_by_owner", "owner", "updated_at")
thing_rows = read_table(Thing, read, "things", by_owner, key="thing_id")
thing_rows.append_constraint(sa.CheckConstraint("price < 1000000 AND changes >= 0"))
place_rows = read_table(Place, read, "thing_places", key="place")


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
    name: str = ""
    owner: str = ""
    note: str | None = None
    parts: list[dict[str, Any]] = []  # noqa: RUF012  # pydantic copies it
    labels: list[str] = []  # noqa: RUF012


class ThingBumped(Event):
    """A thing's number grew."""

    type: ClassVar[str] = "things.ThingBumped"
    thing_id: UUID
    by: int


class ThingPriced(Event):
    """A thing costs something else now. Nothing checks that it is money."""

    type: ClassVar[str] = "things.ThingPriced"
    thing_id: UUID
    price: str


class ThingShipped(Event):
    """A thing was sent off."""

    type: ClassVar[str] = "things.ThingShipped"
    thing_id: UUID


class ThingMoved(Event):
    """A thing has come to a place; some places are trouble (see projections.py).

    Nothing checks what stands in it, so that a test may log what no table takes.
    """

    type: ClassVar[str] = "things.ThingMoved"
    thing_id: UUID | str
    place: str
    price: str = "1.00"
    name: str = ""


class ThingDropped(Event):
    """A thing is gone."""

    type: ClassVar[str] = "things.ThingDropped"
    thing_id: UUID


class ThingSeen(Event):
    """Somebody looked at a thing: nobody reads this."""

    type: ClassVar[str] = "things.ThingSeen"

"""The second release: a parcel has a colour too, and the read model is at version 2."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa

from worker.commands.command import command
from worker.commands.load_plan import lock
from worker.commands.state import State, Work
from worker.contracts import Command, Event, ReadRow
from worker.event_log import StoredEvent
from worker.queries.query import Reader, query
from worker.subscriptions.projection import Row, projection

parcels = sa.Table(
    "parcels",
    sa.MetaData(schema="command", info={"domain": "parcels"}),
    sa.Column("parcel_id", sa.Uuid, primary_key=True),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False, default=False),
    sa.Column("colour", sa.Text, nullable=False, default="plain"),
)
parcel_rows = sa.Table(
    "parcels",
    sa.MetaData(schema="query"),
    sa.Column("parcel_id", sa.Uuid, primary_key=True),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False),
    sa.Column("colour", sa.Text, nullable=False),
)


class PostParcel(Command):
    """Post a parcel."""

    parcel_id: UUID
    weight: int
    colour: str = "plain"


class DeliverParcel(Command):
    """Deliver a parcel."""

    parcel_id: UUID


class ParcelPosted(Event):
    """A parcel was posted. Events of the first release have no colour."""

    type: ClassVar[str] = "parcels.ParcelPosted"
    parcel_id: UUID
    weight: int
    colour: str = "plain"


class ParcelDelivered(Event):
    """A parcel was delivered."""

    type: ClassVar[str] = "parcels.ParcelDelivered"
    parcel_id: UUID


@command("parcels.post", PostParcel, needs=lambda c: ())
def post_parcel(c: PostParcel, state: State, work: Work) -> dict[str, Any]:
    """Post a parcel."""
    work.insert(parcels, c.model_dump())
    posted = ParcelPosted(parcel_id=c.parcel_id, weight=c.weight, colour=c.colour)
    work.emit(f"parcel-{c.parcel_id}", posted)
    return {"parcel_id": c.parcel_id}


@command("parcels.deliver", DeliverParcel, needs=lambda c: (lock(parcels, c.parcel_id),))
def deliver_parcel(c: DeliverParcel, state: State, work: Work) -> dict[str, Any]:
    """Deliver a parcel."""
    work.update(parcels, c.parcel_id, delivered=True)
    work.emit(f"parcel-{c.parcel_id}", ParcelDelivered(parcel_id=c.parcel_id))
    return {"parcel_id": c.parcel_id}


parcel_list = projection("parcels.list", parcel_rows, version=2)


@parcel_list.on(ParcelPosted)
def _(row: Row | None, event: StoredEvent) -> Row:
    return {"colour": "plain", **event.data, "delivered": False}


@parcel_list.on(ParcelDelivered)
def _(row: Row | None, event: StoredEvent) -> Row:
    assert row is not None
    return {**row, "delivered": True}


class Tally(ReadRow):
    """How much there is."""

    parcels: int
    weight: int
    delivered: int


class ParcelRow(ReadRow):
    """A parcel."""

    parcel_id: UUID
    weight: int
    delivered: bool
    colour: str


@query("parcels.tally", reads=("parcels.list",), package=__name__)
def tally(db: Reader) -> list[Tally]:
    """How much there is."""
    return db.rows(Tally, "tally")


@query("parcels.heaviest", reads=("parcels.list",), package=__name__)
def heaviest(db: Reader) -> list[ParcelRow]:
    """The heaviest parcels."""
    return db.rows(ParcelRow, "heaviest")

"""The first release: a parcel has a weight, and is delivered."""

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
)
parcel_rows = sa.Table(
    "parcels",
    sa.MetaData(schema="query"),
    sa.Column("parcel_id", sa.Uuid, primary_key=True),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False),
)


class PostParcel(Command):
    """Post a parcel."""

    parcel_id: UUID
    weight: int


class DeliverParcel(Command):
    """Deliver a parcel."""

    parcel_id: UUID


class ParcelPosted(Event):
    """A parcel was posted."""

    type: ClassVar[str] = "parcels.ParcelPosted"
    parcel_id: UUID
    weight: int


class ParcelDelivered(Event):
    """A parcel was delivered."""

    type: ClassVar[str] = "parcels.ParcelDelivered"
    parcel_id: UUID


@command("parcels.post", PostParcel, needs=lambda c: ())
def post_parcel(c: PostParcel, state: State, work: Work) -> dict[str, Any]:
    """Post a parcel."""
    work.insert(parcels, {"parcel_id": c.parcel_id, "weight": c.weight})
    work.emit(f"parcel-{c.parcel_id}", ParcelPosted(parcel_id=c.parcel_id, weight=c.weight))
    return {"parcel_id": c.parcel_id}


@command("parcels.deliver", DeliverParcel, needs=lambda c: (lock(parcels, c.parcel_id),))
def deliver_parcel(c: DeliverParcel, state: State, work: Work) -> dict[str, Any]:
    """Deliver a parcel."""
    work.update(parcels, c.parcel_id, delivered=True)
    work.emit(f"parcel-{c.parcel_id}", ParcelDelivered(parcel_id=c.parcel_id))
    return {"parcel_id": c.parcel_id}


parcel_list = projection("parcels.list", parcel_rows)


@parcel_list.on(ParcelPosted)
def _(row: Row | None, event: StoredEvent) -> Row:
    return {**event.data, "delivered": False}


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


@query("parcels.tally", reads=("parcels.list",), package=__name__)
def tally(db: Reader) -> list[Tally]:
    """How much there is."""
    return db.rows(Tally, "tally")


@query("parcels.heaviest", reads=("parcels.list",), package=__name__)
def heaviest(db: Reader) -> list[ParcelRow]:
    """The heaviest parcels."""
    return db.rows(ParcelRow, "heaviest")

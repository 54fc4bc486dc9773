"""Events and read tables of the parcels."""

from __future__ import annotations

from typing import ClassVar

import sqlalchemy as sa

from worker.contracts import Event

read = sa.MetaData(schema="query")
parcels = sa.Table(
    "parcels",
    read,
    sa.Column("parcel", sa.BigInteger, primary_key=True),
    sa.Column("places", sa.Text, nullable=False),
    sa.Column("weight", sa.Numeric(8, 2), nullable=False),
)
depots = sa.Table(
    "parcel_depots",
    read,
    sa.Column("depot", sa.Text, primary_key=True),
    sa.Column("arrivals", sa.Integer, nullable=False),
)


class ParcelMoved(Event):
    """A parcel has come to a place; some places are trouble (see projections.py)."""

    type: ClassVar[str] = "parcels.ParcelMoved"
    parcel: int | str
    place: str
    weight: str = "1.00"


class ParcelLost(Event):
    """A parcel is gone."""

    type: ClassVar[str] = "parcels.ParcelLost"
    parcel: int

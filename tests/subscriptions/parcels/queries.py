"""Where a parcel is."""

from __future__ import annotations

from worker.contracts import ReadRow
from worker.queries.filters import Filters
from worker.queries.query import Reader, query


class Tracked(ReadRow):
    """A parcel and the places it has been to."""

    parcel: int
    places: str


@query("parcels.where", reads=("parcels.tracking",), tags=lambda p: (f"parcel:{p.parcel}",))
def where(db: Reader, *, parcel: int) -> Tracked | None:
    """One parcel, if it has been anywhere."""
    found = db.select(Tracked, "parcels", Filters(Tracked).eq("parcel", parcel))
    return found[0] if found else None

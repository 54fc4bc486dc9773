"""Questions about the things."""

from __future__ import annotations

from tests.support.things.models import Thing
from worker.queries.filters import Filters
from worker.queries.query import Reader, query


@query("things.where", reads=("things.list",), tags=lambda p: ("things",))
def where(db: Reader, *, name: str) -> Thing | None:
    """The thing of this name, if it has been anywhere."""
    found = db.select(Thing, "things", Filters(Thing).eq("name", name))
    return found[0] if found else None

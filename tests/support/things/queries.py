"""Questions about the things."""

from __future__ import annotations

from pydantic import SecretStr

from tests.support.things.models import Changes, Place, Thing, Totals, thing_id
from worker.queries.conditions import Conditions, Order
from worker.queries.filters import Filters
from worker.queries.pages import Page
from worker.queries.query import Reader, query


@query("things.thing", reads=("things.list",), tags=lambda p: (f"thing:{thing_id(p.name)}",))
def thing(db: Reader, *, name: str) -> Thing | None:
    """One thing."""
    return db.row(Thing, "thing", name=name)


@query("things.listed", reads=("things.list",), tags=lambda p: ("things",))
def listed(
    db: Reader,
    *,
    where: Conditions = (),
    order_by: tuple[str, ...] = ("name",),
    limit: int = 100,
    offset: int = 0,
) -> list[Thing]:
    """Things, filtered and sorted."""
    filters = Filters(Thing).where(*where).order_by(*order_by).limit(limit).offset(offset)
    return db.select(Thing, "things", filters)


@query("things.paged", reads=("things.list",))
def paged(
    db: Reader,
    *,
    where: Conditions = (),
    order: Order = (),
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
    total: bool = False,
) -> Page[Thing]:
    """Things, a page at a time; never kept."""
    things = Filters(Thing).where(*where).order_by(*order).limit(limit).offset(offset)
    return db.page(Thing, "things", things, cursor=cursor, total=total)


@query(
    "things.visit",
    reads=("things.list", "things.places"),
    tags=lambda p: (f"thing:{thing_id(p.name)}", f"place:{p.place}"),
)
def visit(db: Reader, *, name: str, place: str) -> tuple[Thing | None, Place | None]:
    """A thing and a place, of one moment."""
    return db.row(Thing, "thing", name=name), db.row(Place, "place", place=place)


@query(
    "things.patient_thing",
    reads=("things.list",),
    tags=lambda p: (f"thing:{thing_id(p.name)}",),
    stale_ok=True,
)
def patient_thing(db: Reader, *, name: str) -> Thing | None:
    """One thing; an old answer is better than none."""
    return db.row(Thing, "thing", name=name)


@query("things.uncached_thing", reads=("things.list",))
def uncached_thing(db: Reader, *, name: str) -> Thing | None:
    """One thing, never kept."""
    return db.row(Thing, "thing", name=name)


@query("things.audited_thing", reads=("things.list",), tags=lambda p: ("things",), audited=True)
def audited_thing(db: Reader, *, name: str) -> Thing | None:
    """One thing, and who asked for it."""
    return db.row(Thing, "thing", name=name)


@query("things.totals", views=("query.thing_totals",))
def totals(db: Reader) -> Totals | None:
    """How often anything was moved, out of a materialized view."""
    return db.row(Totals, "totals")


@query(
    "things.mixed",
    reads=("things.list",),
    views=("query.thing_totals",),
    tags=lambda p: ("things",),
)
def mixed(db: Reader, *, name: str) -> tuple[Thing | None, Totals | None]:
    """A thing beside the totals."""
    return db.row(Thing, "thing", name=name), db.row(Totals, "totals")


@query("things.changes")
def changes(db: Reader) -> Changes | None:
    """A query that reads no read model."""
    return db.row(Changes, "changes")


@query("things.nothing", reads=("things.list",))
def nothing(db: Reader) -> int:
    """A query that asks the database for nothing."""
    return 7


@query("things.burglar", reads=("things.list",))
def burglar(db: Reader, *, block: str) -> list[Thing]:
    """A query that tries what it must not."""
    return db.rows(Thing, block)


@query("things.as_number", reads=("things.list",))
def as_number(db: Reader, *, text: str) -> Changes | None:
    """A query that the database refuses."""
    return db.row(Changes, "as_number", text=text)


@query("things.slow_thing", reads=("things.list",), tags=lambda p: ("things",), stale_ok=True)
def slow_thing(db: Reader, *, name: str) -> Changes | None:
    """A query that takes too long, once there is something of the thing."""
    if db.row(Thing, "thing", name=name) is None:
        return None
    return db.row(Changes, "slow")


@query("things.guess", reads=("things.list",), tags=lambda p: ("things",))
def guess(db: Reader, *, token: SecretStr) -> str:
    """A query whose answer depends on what is shown masked."""
    return token.get_secret_value()[::-1]

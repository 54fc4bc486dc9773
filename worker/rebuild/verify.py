"""The verifier: are the live rows what the log says?

    one snapshot: checkpoints, some keys, their rows ─▶ fold these keys anew, up to there ─▶ compare

Half of the keys are taken from the table, which finds rows that are wrong or should not be there,
half from events of the log, which finds rows that are missing. The snapshot is short; the folding
reads the log, which does not change. `verify_all` compares every row: it is a rebuild that stops
before the swap.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from psycopg import sql

from worker.base import db
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.errors import Permanent, Transient
from worker.base.sql import blocks
from worker.commands.load_plan import primary_key, sql_type
from worker.event_log import StoredEvent, stored_events
from worker.rebuild import Drift, rebuild
from worker.rebuild.compare import compare
from worker.rebuild.copy_rows import copy_rows
from worker.rebuild.errors import projection_named
from worker.rebuild.excluded_events import LeftOut, left_out
from worker.rebuild.sessions import restore, unlimited
from worker.rebuild.shadow import qualified
from worker.subscriptions import checkpoints
from worker.subscriptions.checkpoints import Checkpoint
from worker.subscriptions.projection import Projection, Rows

log = structlog.get_logger(__name__)

SAMPLE = 200
"""Rows that are looked at, unless told otherwise."""
WINDOW = 20_000
"""Positions of the log that are read at once."""

_SQL = blocks("worker.rebuild")
_TABLES = blocks("worker.rebuild", "tables.sql")
_LIVE, _RIGHT = "cqrs_verify_live", "cqrs_verify_right"


class NotComparable(Permanent):
    """The live table has the columns of another version of the projection."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "the live table is not of the version that the code has: rebuild it"
            f" (projection {name})"
        )
        self.name = name


class TooFarBehind(Transient):
    """The live table lags so much that it cannot be compared as a whole."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the live table is far behind the log: try later (projection {name})")
        self.name = name


@dataclass(frozen=True, slots=True)
class Verified:
    """How many rows were looked at, at which position, and those that differ (the first hundred).

    `complete` says that it was all of them.
    """

    name: str
    position: int
    checked: int
    complete: bool
    differing: int
    drift: Sequence[Drift]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def verify(name: str, *, sample: int = SAMPLE) -> Verified:
    """Fold about `sample` rows of a projection anew and compare them with the live ones.

    Raises UnknownProjection, NotComparable.
    """
    one, began = projection_named(name), time.monotonic()
    with db.owner() as connection, _scratch(connection):
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            place = _place(connection, one)
            keys = _some_keys(connection, one, place, sample)
            _keep_live_rows(connection, one, place, keys)
        rows = _fold(connection, one, place, keys)
        copy_rows(connection, one.table, _RIGHT, filter(None, rows.values()), "pg_temp")
        differing, drift = compare(connection, one.table, _LIVE, _RIGHT, "pg_temp")
        seconds = time.monotonic() - began
        found = Verified(name, place.upto, len(keys), False, differing, drift, seconds)
        return _noted(connection, found)


def verify_all(name: str, *, jobs: int = 2) -> Verified:
    """Compare every row of a projection with what the log says; the live table is not changed.

    Raises UnknownProjection, NotComparable, TooFarBehind, and what `rebuild` raises: a rebuild that
    is under way, or was killed and waits to go on, is not put aside for it.
    """
    one = projection_named(name)
    with db.owner() as connection:
        upto = _place(connection, one).upto
    done = rebuild(name, goes_live=False, jobs=jobs)
    if done.differing is None:
        raise TooFarBehind(name)
    with db.owner() as connection:
        found = Verified(name, upto, done.rows, True, done.differing, done.drift, done.seconds)
        return _noted(connection, found)


@dataclass(frozen=True, slots=True)
class _Place:
    """A live table at one moment: how far each of its partitions is, and what is left out."""

    table: str
    partitions: Sequence[Checkpoint]
    left_out: LeftOut

    @property
    def upto(self) -> int:
        """The highest position of any partition."""
        return max((one.position for one in self.partitions), default=0)

    def folded(self, events: Sequence[StoredEvent], one: Projection) -> list[StoredEvent]:
        """The events that the live table has folded."""
        own = {
            event.position
            for each in self.partitions
            for event in each.own(events, one.event_types)
            if event.position <= each.position
        }
        return [event for event in self.left_out.keep(events) if event.position in own]


def _place(connection: Connection, one: Projection) -> _Place:
    places = checkpoints.of(connection, one.name)
    if any(place.shape != one.version for place in places):
        raise NotComparable(one.name)
    table = places[0].read_table if places else None
    return _Place(table or one.first_table, places, left_out(connection, one.name))


@contextmanager
def _scratch(connection: Connection) -> Iterator[None]:
    """Two tables of the session, and no limit for a statement; afterwards all is as it was."""
    with unlimited(connection):
        try:
            yield
        finally:
            restore(connection, _SQL["drop_scratch"])


def _some_keys(connection: Connection, one: Projection, place: _Place, sample: int) -> set[str]:
    """Keys of rows from all over the table, and of rows that events from all over the log touch."""
    half = max(1, sample // 2)
    table = qualified(one.table, place.table)
    names = {"key": sql.Identifier(primary_key(one.table)), "table": sql.SQL(table)}
    query = sql.SQL(_TABLES["some_keys"]).format(**names)
    present = connection.execute(query, {"count": half, "table": table}).fetchall()
    where = {"positions": random.sample(range(1, place.upto + 1), min(half, place.upto))}
    rows = connection.execute(_SQL["at"], where | {"types": sorted(one.event_types)}).fetchall()
    folded = place.folded(stored_events(rows), one)
    return {key for (key,) in present} | {str(call.key) for call in one.calls(folded)}


def _keep_live_rows(connection: Connection, one: Projection, place: _Place, keys: set[str]) -> None:
    parts = {
        "key": sql.Identifier(primary_key(one.table)),
        "kind": sql.SQL(sql_type(one.table, primary_key(one.table))),
        "table": sql.SQL(qualified(one.table, place.table)),
        "keys": sql.Literal(to_json(sorted(keys))),
    }
    for block, name in (("copy_of_rows", _LIVE), ("like", _RIGHT)):
        connection.execute(sql.SQL(_TABLES[block]).format(copy=sql.Identifier(name), **parts))


def _fold(connection: Connection, one: Projection, place: _Place, keys: set[str]) -> Rows:
    """These keys' rows, from the log alone, as they should be at this place."""
    rows: Rows = {}
    what = {"types": sorted(one.event_types), "key": primary_key(one.table), "keys": sorted(keys)}
    block = _SQL["read_keys" if one.keyed else "read_all"]
    connection.execute(_SQL["sit_down"])
    for after in range(0, place.upto, WINDOW):
        window = {"after": after, "upto": min(after + WINDOW, place.upto)}
        events = stored_events(connection.execute(block, what | window).fetchall())
        calls = one.calls(place.folded(events, one))
        one.fold(rows, (call for call in calls if str(call.key) in keys))
    return rows


def _noted(connection: Connection, found: Verified) -> Verified:
    """The same, written down; what differs is an error in the log."""
    plain = found.to_json()
    connection.execute(_SQL["note_verified"], plain | {"drift": to_json(plain["drift"])})
    if found.differing:
        shown = [str(one) for one in found.drift[:10]]
        log.error("rows drifted", projection=found.name, rows=found.differing, some=shown)
    return found

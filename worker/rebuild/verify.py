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
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from worker.base import db
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.commands.load_plan import primary_key, sql_type
from worker.event_log import StoredEvent, stored_events
from worker.event_log.subscribers import subscriptions
from worker.rebuild.compare import Drift, compare
from worker.rebuild.coverage import SQL, ExcludedEvents, excluded_events
from worker.rebuild.errors import NotComparable, TooFarBehind, projection_named
from worker.rebuild.part import copy_rows
from worker.rebuild.run import rebuild
from worker.rebuild.sessions import restore, unlimited
from worker.rebuild.shadow import SQL as TABLES
from worker.rebuild.shadow import qualified, schema_of
from worker.subscriptions import checkpoints
from worker.subscriptions.checkpoints import Checkpoint
from worker.subscriptions.projection import Projection, Rows

log = get_logger(__name__)

SAMPLE = 200
"""Rows that are looked at, unless told otherwise."""
WINDOW = 20_000
"""Positions of the log that are read at once."""

_LIVE, _RIGHT = "cqrs_verify_live", "cqrs_verify_right"


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
    projection, began = projection_named(name), time.monotonic()
    with db.owner() as connection, _scratch(connection):
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            live = _live_table(connection, projection)
            keys = _some_keys(connection, projection, live, sample)
            _keep_live_rows(connection, projection, live, keys)
        rows = _fold(connection, projection, live, keys)
        copy_rows(connection, projection.table, _RIGHT, filter(None, rows.values()), "pg_temp")
        differing, drift = compare(connection, projection.table, _LIVE, _RIGHT, "pg_temp")
        seconds = time.monotonic() - began
        verified = Verified(name, live.upto, len(keys), False, differing, drift, seconds)
        return _noted(connection, verified)


def verify_all(name: str, *, jobs: int = 2) -> Verified:
    """Compare every row of a projection with what the log says; the live table is not changed.

    Raises UnknownProjection, NotComparable, TooFarBehind, and what `rebuild` raises: a rebuild that
    is under way, or was killed and waits to go on, is not put aside for it.
    """
    projection = projection_named(name)
    with db.owner() as connection:
        upto = _live_table(connection, projection).upto
    done = rebuild(name, goes_live=False, jobs=jobs)
    if done.differing is None:
        raise TooFarBehind(name)
    with db.owner() as connection:
        verified = Verified(name, upto, done.rows, True, done.differing, done.drift, done.seconds)
        return _noted(connection, verified)


@dataclass(frozen=True, slots=True)
class _LiveTable:
    """A live table at one moment: how far each of its partitions is, and what is left out."""

    table: str
    partitions: Sequence[Checkpoint]
    excluded: ExcludedEvents

    @property
    def upto(self) -> int:
        """The highest position of any partition."""
        return max((at.position for at in self.partitions), default=0)

    def folded(self, events: Sequence[StoredEvent], projection: Projection) -> list[StoredEvent]:
        """The events that the live table has folded."""
        own = {
            event.position
            for at in self.partitions
            for event in at.own(events, projection.event_types)
            if event.position <= at.position
        }
        return [event for event in self.excluded.keep(events) if event.position in own]


def _live_table(connection: Connection, projection: Projection) -> _LiveTable:
    held = checkpoints.of(connection, projection.name)
    if any(at.table_version != projection.version for at in held):
        raise NotComparable(projection.name)
    table = held[0].read_table if held else None
    return _LiveTable(
        table or projection.first_table, held, excluded_events(connection, projection.name)
    )


@contextmanager
def _scratch(connection: Connection) -> Iterator[None]:
    """Two tables of the session, and no limit for a statement; afterwards all is as it was."""
    with unlimited(connection):
        try:
            yield
        finally:
            restore(connection, SQL["drop_scratch"])


def _some_keys(
    connection: Connection, projection: Projection, live: _LiveTable, sample: int
) -> set[str]:
    """Keys of rows from all over the table, and of rows that events from all over the log touch."""
    half = max(1, sample // 2)
    table = qualified(projection.table, live.table)
    names = {"key": sql.Identifier(primary_key(projection.table)), "table": sql.SQL(table)}
    query = sql.SQL(TABLES["some_keys"]).format(**names)
    present = connection.execute(query, {"count": half, "table": table}).fetchall()
    where = {"positions": random.sample(range(1, live.upto + 1), min(half, live.upto))}
    rows = connection.execute(
        SQL["at"], where | {"types": sorted(projection.event_types)}
    ).fetchall()
    folded = live.folded(stored_events(rows), projection)
    told = {str(projection.form.key(key)) for (key,) in present}
    return told | {str(call.key) for call in projection.calls(folded)}


def _keep_live_rows(
    connection: Connection, projection: Projection, live: _LiveTable, keys: set[str]
) -> None:
    parts = {
        "key": sql.Identifier(primary_key(projection.table)),
        "kind": sql.SQL(sql_type(projection.table, primary_key(projection.table))),
        "table": sql.SQL(qualified(projection.table, live.table)),
        "keys": sql.Literal(to_json(sorted(keys))),
    }
    for block, name in (("copy_of_rows", _LIVE), ("like", _RIGHT)):
        connection.execute(sql.SQL(TABLES[block]).format(copy=sql.Identifier(name), **parts))


def _fold(connection: Connection, projection: Projection, live: _LiveTable, keys: set[str]) -> Rows:
    """These keys' rows, from the log alone, as they should be at this place."""
    rows: Rows = {}
    what = {
        "types": sorted(projection.event_types),
        "key": primary_key(projection.table),
        "keys": sorted(keys),
    }
    block = SQL["read_keys" if projection.keyed else "read_all"]
    block = block.replace("{key}", projection.key_in_event)
    connection.execute(SQL["prepare_session"])
    for after in range(0, live.upto, WINDOW):
        window = {"after": after, "upto": min(after + WINDOW, live.upto)}
        events = stored_events(connection.execute(block, what | window).fetchall())
        calls = projection.calls(live.folded(events, projection))
        projection.fold(rows, (call for call in calls if str(call.key) in keys))
    return rows


def _noted(connection: Connection, verified: Verified) -> Verified:
    """The same, written down; what differs is an error in the log."""
    plain = verified.to_json()
    connection.execute(SQL["note_verified"], plain | {"drift": to_json(plain["drift"])})
    if verified.differing:
        shown = [str(row) for row in verified.drift[:10]]
        log.error("rows drifted", projection=verified.name, rows=verified.differing, some=shown)
    return verified


# ----------------------------------------------------------------------- read model health
@dataclass(frozen=True, slots=True)
class LastVerified:
    """The last verification: when, up to which position, of how many rows (`complete`: of all),
    and how many of them differed from what the log says."""

    at: datetime
    position: int
    checked: int
    complete: bool
    differing: int


@dataclass(frozen=True, slots=True)
class ReadModelHealth:
    """A projection's live table. `needs_rebuild` says why it does, and is None if it does not;
    `table` is None before its first run, `verified` before its first verification."""

    name: str
    table: str | None
    needs_rebuild: str | None
    verified: LastVerified | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, but for the time."""
        return asdict(self)


def read_model_health(connection: Connection) -> list[ReadModelHealth]:
    """Every declared projection's, by name."""
    projections = {
        subscriber.name: subscriber
        for subscriber in subscriptions
        if isinstance(subscriber, Projection)
    }
    declared = [
        {"name": name, "schema": schema_of(subscriber.table)}
        for name, subscriber in projections.items()
    ]
    rows = connection.execute(SQL["read_model_health"], {"declared": to_json(declared)}).fetchall()
    return [
        ReadModelHealth(
            name, table, _why(projections[name], table, shape, columns), _verified(*last)
        )
        for name, table, shape, columns, *last in rows
    ]


def _why(
    projection: Projection, table: str | None, shape: int | None, columns: Collection[str]
) -> str | None:
    """Why the code and the live table do not go together."""
    if table is None:
        return None
    if shape is not None and shape != projection.version:
        return (
            f"the code declares version {projection.version}, the live table is of version {shape}"
        )
    if not columns:
        return f"there is no table {table}"
    lacking = [str(column.name) for column in projection.table.c if column.name not in columns]
    if lacking:
        return f"the live table lacks {', '.join(lacking)}: declare a new version"
    return None


def _verified(at: datetime | None, *rest: Any) -> LastVerified | None:
    return None if at is None else LastVerified(at, *rest)

"""The event log: what happened, in one order, read by many without missing anything.

What it promises: a reader that keeps a checkpoint, takes `horizon()` and then reads
`after=checkpoint, upto=horizon`, sees every committed event exactly once, in order of position.
Nobody waits for anybody: neither readers for appenders, nor appenders for one another (except on
one stream), nor anyone for a transaction that does not append, however long it runs.

The difficulty is that a position is drawn before its event commits: 7 may be visible while 6 is
not yet, and a reader that has moved on to 7 never comes back for 6. So appenders put up a fence.

    appender   m := last position drawn     reader   h := last position drawn
               lock m, shared                        m := lowest lock that is held, if any
               draw positions, insert                horizon := least(h, m)
               commit: visible, then unlock          in a LATER statement: position <= horizon

Why no event is skipped. Let p <= horizon be the position of an event. p <= h, so p was drawn before
the reader read h, and its appender had locked some m < p before that. When the reader looked at the
locks, either m was held, and then horizon <= m < p: not so. Or it was not, and since a transaction
becomes visible before it unlocks, the later statement sees the event. If it was rolled back, there
is nothing to see and never will be. `tests/test_fence_model.py` tries every interleaving.

What it rests on, each with a test:

- The last position is read with the sequence's buffer locked. `SELECT last_value` is not: it may
  see a number up to 32 too high, while nextval() writes its WAL record (see fence.sql).
- The select is a later statement with a snapshot of its own: `horizon()` refuses repeatable read.
- The sequence hands out one number at a time (CACHE 1), and only `cqrs.append()` draws from it.

What happens when something fails:

- An appender rolls back, or is killed: its lock is gone with it, its positions stay empty.
- An appender hangs between its append and its commit: the horizon stands still below it, and
  `cqrs.horizon_holders()` names it (so does `cqrs status`). Bounded by
  `idle_in_transaction_session_timeout` and, where the server has it, `transaction_timeout`.
- A prepared transaction is forgotten: the same; it is named by its gid.
- The server crashes: locks and unfinished transactions are gone together; prepared transactions
  come back with their locks. The sequence may jump by up to 32. With `synchronous_commit = off`
  the last events may be gone and their positions used again: keep it on.
- A standby is asked for the horizon: it refuses, since locks are known on the primary alone.
- The horizon steps back: it may, and each answer is right. A checkpoint never follows it down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import orjson
import psycopg
from psycopg.rows import tuple_row

from worker.base import gc_pause
from worker.base.errors import Permanent
from worker.base.sql import blocks
from worker.contracts import event_versions
from worker.event_log.unreadable import decoded
from worker.event_log.versions import as_of_today

Connection: TypeAlias = psycopg.Connection[Any]

WRONG_VERSION = "CQ001"
"""SQLSTATE of `cqrs.append()` when a stream is at another version than expected."""

_SQL = blocks("worker.event_log", "log.sql")


class StoredEvent(NamedTuple):
    """An event of the log, its type and data as today's code declares them (versions.py).

    Metadata stays JSON text until somebody asks for it.
    """

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    data: dict[str, Any]
    metadata_json: str
    recorded_at: datetime

    @property
    def metadata(self) -> dict[str, Any]:
        """The event's metadata, decoded at each call."""
        decoded: dict[str, Any] = orjson.loads(self.metadata_json)
        return decoded


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append. Decimals, ids and times are strings in `data`: JSON has none of them.

    `expected_version` is the version at which the stream must be before the whole batch; 0 says
    that the stream must be new, None asks for nothing.
    """

    stream: str
    type: str
    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    schema_version: int = 1
    expected_version: int | None = None


class Appended(NamedTuple):
    """Where an event ended up."""

    stream: str
    version: int
    position: int


class WrongStreamVersion(Permanent):
    """A stream is not at the version that an append expected; nothing was appended."""

    def __init__(self, stream: str, expected: int, current: int) -> None:
        super().__init__(f"the stream is at version {current}, not {expected} (stream {stream})")
        self.stream, self.expected, self.current = stream, expected, current


def horizon(connection: Connection) -> int:
    """The highest position that is safe to read by statements after this one; 0 if there is none.

    It may be lower than an earlier answer: keep the highest. Raises psycopg's
    InvalidTransactionState under repeatable read or serializable, where a later statement would
    see an older snapshot, and ObjectNotInPrerequisiteState on a standby.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_SQL["horizon"], prepare=True).fetchall()
    return int(rows[0][0])


def read(
    connection: Connection,
    *,
    after: int,
    upto: int,
    types: Sequence[str] | None = None,
    limit: int,
) -> list[StoredEvent]:
    """The first `limit` events with after < position <= upto, of these types, ascending.

    Types are named as today; what the log holds under their former names comes with them.

    `upto` is a horizon, or less. Fewer than `limit` events mean that there are no more of them up
    to `upto`, so the checkpoint may move there; otherwise it moves to the last event's position.
    """
    page = {"after": after, "upto": upto, "types": None if types is None else stored_types(types)}
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        rows = cursor.execute(_SQL["read"], {**page, "limit": limit}, prepare=True).fetchall()
    with gc_pause.paused():
        return stored_events(rows)


_type, _schema_version = itemgetter(3), itemgetter(4)
"""Of a row. Looked at apart, they cost half of what their pairs do."""


def stored_types(types: Iterable[str]) -> list[str]:
    """The names that events of these types have in the log, in order: today's and the former."""
    return sorted(event_versions.stored_types(frozenset(types)))


def stored_events(rows: Sequence[Sequence[Any]]) -> list[StoredEvent]:
    """Rows of the log, its columns in order and JSON as text, as events that today's code reads.

    orjson decodes it two to three times as fast as the driver's own way does. An event whose data
    it cannot read fails for whoever looks into it (unreadable.py), and stops nobody's reading.
    """
    try:
        events = _events(rows, orjson.loads)
    except ValueError:
        events = _events(rows, decoded)
    kinds = product(set(map(_type, rows)), set(map(_schema_version, rows)))
    return events if event_versions.as_stored.issuperset(kinds) else as_of_today(events)


def _events(rows: Sequence[Sequence[Any]], decode: Callable[[Any], Any]) -> list[StoredEvent]:
    make, event = tuple.__new__, StoredEvent
    return [
        make(event, (position, stream, version, type_, schema, decode(data), metadata, at))
        for position, stream, version, type_, schema, data, metadata, at in rows
    ]


def append(connection: Connection, events: Sequence[NewEvent]) -> list[Appended]:
    """Append events in this order, in the connection's transaction; the places they got, likewise.

    Let it be the last thing that the transaction does: until it ends, nobody reads further.
    Raises WrongStreamVersion, ValueError for text with NUL, TypeError for data that is not JSON.
    """
    batch = orjson.dumps(events).decode()
    try:
        with connection.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(_SQL["append"], {"batch": batch}, prepare=True).fetchall()
    except psycopg.errors.UntranslatableCharacter as error:
        raise ValueError("text of an event contains NUL, which PostgreSQL cannot store") from error
    except psycopg.DatabaseError as error:
        if error.sqlstate == WRONG_VERSION:
            raise wrong_version(error) from None
        raise
    return [Appended(*row) for row in rows]


def wrong_version(error: psycopg.DatabaseError) -> WrongStreamVersion:
    """What `cqrs.append()` refused with CQ001, from the error's detail."""
    detail = orjson.loads(error.diag.message_detail or "{}")
    return WrongStreamVersion(detail["stream"], detail["expected"], detail["current"])

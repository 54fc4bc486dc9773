"""Some keys' rows, folded anew from the log: in slices, and resumable.

    keys ─▶ window of the log ─▶ fold what touches them ─▶ … ─▶ up to a position
                  ▲                                        │ time is up, or now and then
                  └── goes on from there, under the same folds ◀── cqrs.verification_runs

A run that was killed goes on where it was noted last; under other folds it is begun anew, and so it
is when a dead letter that lies behind it was closed meanwhile. A session's lock says who is at it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from psycopg import sql

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.commands.load_plan import primary_key, sql_type
from worker.event_log import StoredEvent, stored_events, stored_types
from worker.rebuild.coverage import SQL, ExcludedEvents, PositionVector
from worker.rebuild.errors import VerificationRunning, VerificationUnfinished
from worker.rebuild.fingerprint import fingerprint
from worker.rebuild.sessions import restore, unlimited
from worker.rebuild.shadow import SQL as TABLES
from worker.rebuild.shadow import qualified
from worker.subscriptions.projection import Projection, Rows

WINDOW = 20_000
"""Positions of the log that are read at once."""
NOTED_EVERY = 5.0
"""Seconds of folding after which a run is written down."""

Keep = Callable[[Sequence[StoredEvent]], Sequence[StoredEvent]]
"""What of a window the rows hold."""


SAMPLED, FOLDED = "cqrs_verify_live", "cqrs_verify_right"
"""Tables of the session: a table's own rows of the keys, and what the log makes of them."""


@dataclass(frozen=True, slots=True)
class TableState:
    """A read table at one moment: how far each partition is, and what is left out of it."""

    table: str
    reached: PositionVector
    excluded: ExcludedEvents

    def folded(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """The events that the table holds."""
        reached = self.reached
        return [
            event
            for event in self.excluded.keep(events)
            if reached.holds(event.stream, event.position)
        ]

    def some_keys(self, connection: Connection, projection: Projection, sample: int) -> set[str]:
        """Keys of rows from all over the table, and of rows that events from all over the log
        touch, about as many of each."""
        half, upto = max(1, sample // 2), self.reached.highest
        table = qualified(projection.table, self.table)
        names = {"key": sql.Identifier(primary_key(projection.table)), "table": sql.SQL(table)}
        query = sql.SQL(TABLES["some_keys"]).format(**names)
        present = connection.execute(query, {"count": half, "table": table}).fetchall()
        where = {"positions": random.sample(range(1, upto + 1), min(half, upto))}
        types = {"types": stored_types(projection.event_types)}
        folded = self.folded(stored_events(connection.execute(SQL["at"], where | types).fetchall()))
        told = {str(projection.form.key(key)) for (key,) in present}
        return told | {str(call.key) for call in projection.calls(folded)}

    def keep_rows(self, connection: Connection, projection: Projection, keys: set[str]) -> None:
        """Copy the rows of these keys into a table of the session, and make another like it."""
        key = primary_key(projection.table)
        parts = {
            "key": sql.Identifier(key),
            "kind": sql.SQL(sql_type(projection.table, key)),
            "table": sql.SQL(qualified(projection.table, self.table)),
            "keys": sql.Literal(to_json(sorted(keys))),
        }
        for block, name in (("copy_of_rows", SAMPLED), ("like", FOLDED)):
            connection.execute(sql.SQL(TABLES[block]).format(copy=sql.Identifier(name), **parts))


@contextmanager
def scratch(connection: Connection) -> Iterator[None]:
    """Two tables of the session, and no limit for a statement; afterwards all is as it was."""
    with unlimited(connection):
        try:
            yield
        finally:
            restore(connection, SQL["drop_scratch"])


@dataclass(slots=True)
class SampleFold:
    """The rows of some keys, as the log has them up to `position`, without what was `excluded`.

    `name` is the run's; `until` the time at which it stops; `tell(position)` is called at each
    window.
    """

    connection: Connection
    name: str
    projection: Projection
    keys: set[str]
    excluded: ExcludedEvents
    until: float = float("inf")
    tell: Callable[[int], None] = lambda _position: None
    rows: Rows = field(default_factory=dict)
    position: int = 0
    seconds: float = 0.0
    """What earlier slices took."""
    _began: float = field(default_factory=time.monotonic)
    _noted: float = field(default_factory=time.monotonic)

    @classmethod
    def noted(
        cls, connection: Connection, name: str, projection: Projection, **given: Any
    ) -> Self | None:
        """The run of this name that was left unfinished under the same folds, if there is one."""
        what = {"name": name, "folds": fingerprint(projection)}
        row = connection.execute(SQL["verification_run"], what).fetchone()
        if row is None:
            return None
        keys, rows, excluded, position, seconds = row
        plain = {"rows": dict(rows), "position": position}
        left_out = ExcludedEvents.of(excluded)
        return cls(
            connection, name, projection, set(keys), left_out, **given, **plain, seconds=seconds
        )

    @property
    def took(self) -> float:
        """Seconds of folding, in all slices."""
        return self.seconds + time.monotonic() - self._began

    def fold(self, upto: int, keep: Keep | None = None) -> None:
        """Fold on up to a position. Raises VerificationUnfinished when time is up, with the run
        noted, and what a fold raises."""
        keep = keep or self.excluded.keep
        for window_upto, events in self._windows(upto):
            calls = self.projection.calls(keep(events))
            self.projection.fold(self.rows, (c for c in calls if str(c.key) in self.keys))
            self.position = window_upto
            self.tell(window_upto)
            self._in_time(upto)

    def holds_still(self, now: ExcludedEvents) -> bool:
        """Whether what was left out of the rows is left out now, too."""
        return self.excluded.upto(self.position) == now.upto(self.position)

    def forget(self) -> None:
        """The run is over."""
        self.connection.execute(SQL["forget_verification_run"], {"name": self.name})

    def _windows(self, upto: int) -> Iterator[tuple[int, list[StoredEvent]]]:
        what = {
            "types": stored_types(self.projection.event_types),
            "key": primary_key(self.projection.table),
            "keys": sorted(self.keys),
        }
        block = SQL["read_keys" if self.projection.keyed else "read_all"]
        block = block.replace("{key}", self.projection.key_in_event)
        for after in range(self.position, upto, WINDOW):
            window = {"after": after, "upto": min(after + WINDOW, upto)}
            rows = self.connection.execute(block, what | window).fetchall()
            yield window["upto"], stored_events(rows)

    def _in_time(self, upto: int) -> None:
        now = time.monotonic()
        if now > self.until or now - self._noted > NOTED_EVERY:
            self._note(upto)
        if now > self.until:
            raise VerificationUnfinished(self.projection.name, self.position, upto)

    def _note(self, upto: int) -> None:
        self._noted = time.monotonic()
        what: dict[str, Any] = {"name": self.name, "folds": fingerprint(self.projection)}
        what |= {"position": self.position, "upto": upto, "seconds": self.took}
        plain = {"keys": sorted(self.keys), "rows": list(self.rows.items())}
        plain |= {"excluded": self.excluded.to_json()}
        noted = {name: to_json(value) for name, value in plain.items()}
        self.connection.execute(SQL["note_verification_run"], what | noted)


@contextmanager
def run_lock(connection: Connection, name: str) -> Iterator[None]:
    """The right to a run of this name, for as long as the connection lives.

    Raises VerificationRunning.
    """
    if not connection.execute(SQL["try_verification_lock"], {"name": name}).fetchall()[0][0]:
        raise VerificationRunning(name)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(SQL["release_verification_lock"], {"name": name})

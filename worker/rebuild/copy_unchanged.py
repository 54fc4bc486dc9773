"""A rebuild from a checkpoint: what is right stays, what events have touched since is folded anew.

    live table ── copied, key range by range ─▶ shadow ── minus marked rows ──▶ building
    events since ── whose rows do they touch? ──▶ marks ──────────────┘      folds the marked rows
                                                                             from their first event

The live table is at its own place in the log, never at the checkpoint: what events since then have
done to a row cannot be undone. But a row that no event since has touched is now what it was at the
checkpoint, and those that were touched are few and can be folded from the beginning. So this is
promised, and no more: if the rows were right at the checkpoint, all of them are right now. It is
for the repair of what recent code did to recent rows, at the cost of a copy instead of a fold.

What makes that true:

- The copy is fuzzy, since the live table moves on while it is made. Marks are set when it is done,
  up to where the live table is by then: whatever moved is marked.
- An event that waited behind a dead letter was handled later than its position says. The rows of
  such streams are marked, however old the dead letter is.
- A table that was built anew after the checkpoint has no row from before; its rows are as the code
  of that day made them. Which are right cannot be told, and the rebuild is refused. So it is for a
  table of another version, and for a position where the live table has not been.

What it cannot see: rows that were changed by hand, or by code that found other rows for an event
than the code of today. `cqrs verify --all` finds these, and a rebuild from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from psycopg import sql

from worker import event_log
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.sql import quoted
from worker.commands.load_plan import primary_key, sql_type
from worker.event_log import StoredEvent
from worker.rebuild.compare import KeyRange, key_ranges, within
from worker.rebuild.coverage import SQL, PositionVector, excluded_events, parked_events
from worker.rebuild.errors import CannotStartThere, NoSuchPosition
from worker.rebuild.journal import RebuildJournal
from worker.rebuild.shadow import SQL as TABLES
from worker.rebuild.shadow import qualified
from worker.subscriptions import checkpoints
from worker.subscriptions.projection import Projection

PAGE = 5_000
"""Events whose rows are marked at once."""


def must_tell(
    connection: Connection, projection: Projection, live: str | None, position: int
) -> None:
    """Raise NoSuchPosition or CannotStartThere unless the live table has rows as of a position."""
    last = event_log.horizon(connection)
    if not 0 < position <= last:
        raise NoSuchPosition(position, last)
    places = checkpoints.of(connection, projection.name)
    if live is None or any(at.table_version != projection.version for at in places):
        reason = f"the live table is not of version {projection.version}, which the code has"
        raise CannotStartThere(projection.name, position, reason)
    if (built := _built_at(connection, projection, live)) is None:
        reason = "it is not known when the live table was built"
        raise CannotStartThere(projection.name, position, reason)
    between = (built, PositionVector.by(places).lowest)
    if (why_not := _why_not(position, *between)) is not None:
        raise CannotStartThere(projection.name, position, why_not, between)


def _why_not(position: int, built: int, reached: int) -> str | None:
    if reached < position:
        return f"the live table has come to {reached} only"
    if built > position:
        return f"no row is left from then: the live table was built anew at {built}"
    return None


def _built_at(connection: Connection, projection: Projection, live: str) -> int | None:
    """Where the live table was when it took its place: 0 for the one that a migration made."""
    row = connection.execute(SQL["built_at"], {"name": projection.name, "table": live}).fetchone()
    if row is not None:
        return max(row[0], default=0)
    return 0 if live == projection.first_table else None


@dataclass(slots=True)
class UnchangedRows:
    """The rows with which a shadow table begins. `look` leaves when time is up, by raising."""

    connection: Connection
    projection: Projection
    journal: RebuildJournal
    live: str
    look: Callable[[], None]

    def copy(self) -> None:
        """Take over the rows of the live table, each as it is at that moment."""
        walk = key_ranges(self.connection, self.projection.table, self.live, self.journal.walked)
        for key_range in walk:
            with self.connection.transaction():
                self._take_over(key_range)
                if key_range.upto is None:
                    self._copied()  # in the same transaction, or the end might be copied twice
                else:
                    self.journal.note_walked(key_range.upto)
            self.look()

    def mark(self) -> None:
        """Mark the rows that are to be folded anew, and take them out."""
        self._mark(self._delayed())
        after, copied = int(self.journal.walked or self.journal.checkpoint), self.journal.reached
        while page := self._page(after, copied.highest):
            after = page[-1].position
            with self.connection.transaction():
                self._mark(page)
                self.journal.note_walked(str(after))
            self.look()
        with self.connection.transaction():
            self._drop_marked()
            self.journal.note_marked(
                copied.lowest, excluded_events(self.connection, self.projection.name)
            )
        self.connection.execute("ANALYZE cqrs.rebuild_keys")

    def _copied(self) -> None:
        """Note where the live table is by now: no row is of a later time."""
        places = PositionVector.by(checkpoints.of(self.connection, self.projection.name))
        self.journal.note_reached(places, self.journal.excluded, 0)
        self.journal.enter("marking")

    def _take_over(self, key_range: KeyRange) -> None:
        text = sql.SQL(TABLES["take_over"]).format(
            shadow=sql.SQL(qualified(self.projection.table, self.journal.shadow)),
            live=sql.SQL(qualified(self.projection.table, self.live)),
            columns=sql.SQL(", ").join(
                sql.SQL(quoted(column.name)) for column in self.projection.table.c
            ),
            within=within(self.projection.table, key_range),
        )
        self.connection.execute(text)

    def _mark(self, events: Iterable[StoredEvent]) -> None:
        keys: set[str] = set()
        for event in events:
            with suppress(Exception):  # one that does not tell its rows waits in a dead letter
                keys.update(str(call.key) for call in self.projection.calls([event]))
        what = {"rebuild_id": self.journal.rebuild_id, "keys": to_json(sorted(keys))}
        self.connection.execute(SQL["mark"], what)

    def _delayed(self) -> list[StoredEvent]:
        rows = self.connection.execute(
            SQL["delayed"], {"subscription": self.projection.name}
        ).fetchall()
        return [
            event
            for stream, first in rows
            for event in parked_events(self.connection, self.projection, stream, first, 2**62)
        ]

    def _drop_marked(self) -> None:
        key = primary_key(self.projection.table)
        text = sql.SQL(TABLES["drop_marked"]).format(
            shadow=sql.SQL(qualified(self.projection.table, self.journal.shadow)),
            key=sql.Identifier(key),
            kind=sql.SQL(sql_type(self.projection.table, key)),
        )
        self.connection.execute(text, {"rebuild_id": self.journal.rebuild_id})

    def _page(self, after: int, upto: int) -> Sequence[StoredEvent]:
        types = sorted(self.projection.event_types)
        return event_log.read(self.connection, after=after, upto=upto, types=types, limit=PAGE)

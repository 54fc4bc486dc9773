"""One part of a rebuild: the rows of some keys, folded in memory and copied into the shadow table.

    window of the log ─▶ fold into the rows in memory ─▶ … ─▶ flush: COPY, and the part's position
            ▲                                                          in the same transaction
            └── rows of an earlier flush are loaded again when an event touches them

Every row belongs to one part, whatever streams it collects from, so parts never meet: if all events
of a projection name their row (`@on`), the server picks those of a part by a hash of that key.
Where Python alone knows the keys (`@on_each`), there is one part. Memory is bounded by the number
of rows and events between two flushes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from psycopg.rows import tuple_row

from worker.base import db, gc_pause
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.sql import statement
from worker.commands.load_plan import primary_key
from worker.event_log import StoredEvent, stored_events
from worker.rebuild import shadow
from worker.rebuild.copy_rows import copy_rows
from worker.rebuild.errors import RebuildUnfinished, projection_named
from worker.rebuild.excluded_events import LeftOut
from worker.rebuild.fingerprint import fingerprint
from worker.rebuild.sessions import unlimited
from worker.subscriptions.projection import Call, Projection, ReadTable, Rows, read_table

WINDOW = 10_000
"""Positions of the log that are read at once."""
ROWS_KEPT = 50_000
"""Rows in memory after which a part flushes: some 60 MB. Three times as many are a tenth faster."""
EVENTS_BETWEEN = 2_000_000
"""Events after which a part flushes, so that a killed rebuild does not begin from nothing."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a part is to do: its number among how many, and the stretch of the log it still needs.

    If that does not begin with the log, the shadow table may hold rows of this part. With `marked`,
    only rows whose keys are marked are folded. After `seconds` it stops with what there is. `folds`
    is the fingerprint of the code that it is for.
    """

    rebuild_id: int
    name: str
    shadow: str
    part: int
    parts: int
    after: int
    upto: int
    left_out: Mapping[str, Any]
    folds: str | None
    marked: bool = False
    seconds: float = 1e9
    rows_kept: int = ROWS_KEPT
    events_between: int = EVENTS_BETWEEN


@dataclass(slots=True)
class Part:
    """A part at work, on two connections of its own: one reads the log ahead, one writes."""

    reader: Connection
    connection: Connection
    projection: Projection
    share: Share
    _table: ReadTable = field(init=False)
    _left_out: LeftOut = field(init=False)
    _position: int = field(init=False)
    _flushed: int = field(init=False)
    _unflushed: int = 0
    _rows: Rows = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._table = read_table(self.projection.table, self.share.shadow)
        self._left_out = LeftOut.of(self.share.left_out)
        self._position = self._flushed = self.share.after

    def run(self) -> Iterator[tuple[int, int]]:
        """Build; yields position and number of events after each window. May end before `upto`.

        Raises what a fold raises, and RebuildUnfinished if another process has moved the part.
        """
        until = time.monotonic() + self.share.seconds
        if self._flushed:
            shadow.add_key(self.connection, self.projection.table, self.share.shadow)
        for upto, events in _windows(self.reader, self.projection, self.share):
            self._fold(self._left_out.keep(events))
            self._position, self._unflushed = upto, self._unflushed + len(events)
            yield upto, len(events)
            late = time.monotonic() > until
            if late or upto == self.share.upto or self._is_full():
                self._flush()
            if late:
                return

    def _is_full(self) -> bool:
        share = self.share
        return len(self._rows) > share.rows_kept or self._unflushed > share.events_between

    def _fold(self, events: Sequence[StoredEvent]) -> None:
        sift = self.share.marked and not self.projection.keyed
        if not self._flushed and not sift:
            self.projection.fold_all(self._rows, events)
            return
        calls = self.projection.calls(events)
        if sift:
            calls = self._marked(calls)
        if self._flushed:
            self._load([key for key in {call.key for call in calls} if key not in self._rows])
        self.projection.fold(self._rows, calls)

    def _marked(self, calls: list[Call]) -> list[Call]:
        """Those whose rows are marked, where the server could not tell by the events."""
        keys = to_json(sorted({str(call.key) for call in calls}))
        what = {"rebuild_id": self.share.rebuild_id, "keys": keys}
        block = statement("worker.rebuild", "marked")
        marked = {key for (key,) in self.connection.execute(block, what)}
        return [call for call in calls if str(call.key) in marked]

    def _load(self, keys: list[str]) -> None:
        place = self._table.columns.index(self._table.key)
        for values in self.connection.execute(self._table.load, [to_json(keys)]):
            row = dict(zip(self._table.columns, values, strict=True))
            self._rows[values[place]] = row
            self._stored.add(values[place])

    def _flush(self) -> None:
        """Write the rows and forget them; other rows may follow, and these come back by key."""
        more = self._position < self.share.upto
        with self.connection.transaction():
            self._move()
            stored = list(self._stored)
            if stored:
                self.connection.execute(self._table.delete, [to_json(stored)])
            rows = (row for row in self._rows.values() if row is not None)
            copy_rows(self.connection, self.projection.table, self.share.shadow, rows)
        if more:
            shadow.add_key(self.connection, self.projection.table, self.share.shadow)
        self._flushed, self._unflushed = self._position, 0
        self._rows.clear()
        self._stored.clear()

    def _move(self) -> None:
        share = self.share
        moved = self.connection.execute(
            statement("worker.rebuild", "move_part"),
            {
                "rebuild_id": share.rebuild_id,
                "part": share.part,
                "before": self._flushed,
                "position": self._position,
                "events": self._unflushed,
            },
        )
        if moved.rowcount != 1:
            why = "another process was at a part of it still"
            raise RebuildUnfinished(share.name, why, share.rebuild_id)


def build(share: Share, tell: Callable[[int, int], None]) -> None:
    """Build a part on two connections of this process; `tell(position, events)` at each window.

    The garbage collector rests: rows and events form no cycles, and it would look through all of
    them again and again. Raises RebuildUnfinished where the folds are not those that the share is
    for: a process that is started later than another may find newer files.
    """
    one = projection_named(share.name)
    if fingerprint(one) != share.folds:
        why = "a process of it has loaded other folds than those that began it: restart the workers"
        raise RebuildUnfinished(share.name, why, share.rebuild_id)
    with (
        db.owner() as reader,
        db.owner() as writer,
        unlimited(reader, writer),
        gc_pause.waiting(),
    ):
        for position, events in Part(reader, writer, one, share).run():
            tell(position, events)


def _windows(
    connection: Connection, projection: Projection, share: Share
) -> Iterator[tuple[int, list[StoredEvent]]]:
    """The part's events, window by window, each with its end; the next is read ahead."""
    what = {
        "types": sorted(projection.event_types),
        "key": primary_key(projection.table),
        "part": share.part,
        "parts": share.parts,
        "rebuild_id": share.rebuild_id,
    }
    block = statement("worker.rebuild", _reading(projection, share))
    connection.execute(statement("worker.rebuild", "sit_down"))

    def read(after: int) -> list[Any]:
        window = {"after": after, "upto": min(after + WINDOW, share.upto)}
        with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
            return cursor.execute(block, what | window, prepare=True).fetchall()

    with ThreadPoolExecutor(1, "read-ahead") as ahead:
        rows = ahead.submit(read, share.after)
        for after in range(share.after, share.upto, WINDOW):
            here = rows.result()
            rows = ahead.submit(read, after + WINDOW)
            yield min(after + WINDOW, share.upto), stored_events(here)


def _reading(projection: Projection, share: Share) -> str:
    if share.marked and projection.keyed:
        return "read_marked"
    return "read_part" if share.parts > 1 else "read_all"

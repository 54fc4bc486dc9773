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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa
from psycopg import sql
from psycopg.rows import tuple_row

from worker.base import db, gc_pause
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.commands.load_plan import primary_key
from worker.event_log import StoredEvent, stored_events, stored_types
from worker.rebuild import shadow
from worker.rebuild.coverage import SQL, ExcludedEvents
from worker.rebuild.errors import RebuildUnfinished, projection_named
from worker.rebuild.fingerprint import fingerprint
from worker.rebuild.sessions import unlimited
from worker.subscriptions.projection import Call, Projection, ReadTable, Row, Rows, read_table

Values: TypeAlias = Callable[[Row], Sequence[Any]]
WINDOW = 10_000
"""Positions of the log that are read at once."""
ROWS_KEPT = 50_000
"""Rows in memory after which a part flushes: some 60 MB. Three times as many are a tenth faster."""
EVENTS_BETWEEN = 2_000_000
"""Events after which a part flushes, so that a killed rebuild does not begin from nothing."""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """What a part is to do: its number among how many, and the range of the log it still needs.

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
    excluded: Mapping[str, Any]
    folds: str | None
    marked: bool = False
    seconds: float = 1e9
    rows_kept: int = ROWS_KEPT
    events_between: int = EVENTS_BETWEEN


@dataclass(slots=True)
class PartBuilder:
    """A part at work, on two connections of its own: one reads the log ahead, one writes."""

    reader: Connection
    connection: Connection
    projection: Projection
    plan: PartPlan
    _table: ReadTable = field(init=False)
    _excluded: ExcludedEvents = field(init=False)
    _position: int = field(init=False)
    _flushed: int = field(init=False)
    _unflushed: int = 0
    _rows: Rows = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._table = read_table(self.projection.table, self.plan.shadow)
        self._excluded = ExcludedEvents.of(self.plan.excluded)
        self._position = self._flushed = self.plan.after

    def run(self) -> Iterator[tuple[int, int]]:
        """Build; yields position and number of events after each window. May end before `upto`.

        Raises what a fold raises, and RebuildUnfinished if another process has moved the part.
        """
        until = time.monotonic() + self.plan.seconds
        if self._flushed:
            shadow.add_key(self.connection, self.projection.table, self.plan.shadow)
        for upto, events in _windows(self.reader, self.projection, self.plan):
            self._fold(self._excluded.keep(events))
            self._position, self._unflushed = upto, self._unflushed + len(events)
            yield upto, len(events)
            late = time.monotonic() > until
            if late or upto == self.plan.upto or self._is_full():
                self._flush()
            if late:
                return

    def _is_full(self) -> bool:
        plan = self.plan
        return len(self._rows) > plan.rows_kept or self._unflushed > plan.events_between

    def _fold(self, events: Sequence[StoredEvent]) -> None:
        only_marked = self.plan.marked and not self.projection.keyed
        if not self._flushed and not only_marked:
            self.projection.fold_all(self._rows, events)
            return
        calls = self.projection.calls(events)
        if only_marked:
            calls = self._marked(calls)
        if self._flushed:
            self._load([key for key in {call.key for call in calls} if key not in self._rows])
        self.projection.fold(self._rows, calls)

    def _marked(self, calls: list[Call]) -> list[Call]:
        """Those whose rows are marked, where the server could not tell by the events."""
        keys = to_json(sorted({str(call.key) for call in calls}))
        what = {"rebuild_id": self.plan.rebuild_id, "keys": keys}
        block = SQL["marked"]
        marked = {key for (key,) in self.connection.execute(block, what)}
        return [call for call in calls if str(call.key) in marked]

    def _load(self, keys: list[str]) -> None:
        loaded = self.connection.execute(self._table.load, [to_json(keys)])
        for row in map(self._table.form.loaded, loaded):
            self._rows[row[self._table.key]] = row
            self._stored.add(row[self._table.key])

    def _flush(self) -> None:
        """Write the rows and forget them; other rows may follow, and these come back by key."""
        more = self._position < self.plan.upto
        with self.connection.transaction():
            self._move()
            stored = list(self._stored)
            if stored:
                self.connection.execute(self._table.delete, [to_json(stored)])
            rows = (row for row in self._rows.values() if row is not None)
            copy_rows(self.connection, self.projection.table, self.plan.shadow, rows)
        if more:
            shadow.add_key(self.connection, self.projection.table, self.plan.shadow)
        self._flushed, self._unflushed = self._position, 0
        self._rows.clear()
        self._stored.clear()

    def _move(self) -> None:
        plan = self.plan
        moved = self.connection.execute(
            SQL["move_part"],
            {
                "rebuild_id": plan.rebuild_id,
                "part": plan.part,
                "before": self._flushed,
                "position": self._position,
                "events": self._unflushed,
            },
        )
        if moved.rowcount != 1:
            why = "another process was at a part of it still"
            raise RebuildUnfinished(plan.name, why, plan.rebuild_id)


def build(plan: PartPlan, tell: Callable[[int, int], None]) -> None:
    """Build a part on two connections of this process; `tell(position, events)` at each window.

    The garbage collector rests: rows and events form no cycles, and it would look through all of
    them again and again. Raises RebuildUnfinished where the folds are not those that the share is
    for: a process that is started later than another may find newer files.
    """
    projection = projection_named(plan.name)
    if fingerprint(projection) != plan.folds:
        why = "a process of it has loaded other folds than those that began it: restart the workers"
        raise RebuildUnfinished(plan.name, why, plan.rebuild_id)
    with (
        db.owner() as reader,
        db.owner() as writer,
        unlimited(reader, writer),
        gc_pause.paused(),
    ):
        for position, events in PartBuilder(reader, writer, projection, plan).run():
            tell(position, events)


def _windows(
    connection: Connection, projection: Projection, plan: PartPlan
) -> Iterator[tuple[int, list[StoredEvent]]]:
    """The part's events, window by window, each with its end; the next is read ahead."""
    what = {
        "types": stored_types(projection.event_types),
        "key": primary_key(projection.table),
        "part": plan.part,
        "parts": plan.parts,
        "rebuild_id": plan.rebuild_id,
    }
    block = SQL[_reading(projection, plan)].replace("{key}", projection.key_in_event)
    connection.execute(SQL["prepare_session"])

    def read(after: int) -> list[Any]:
        window = {"after": after, "upto": min(after + WINDOW, plan.upto)}
        with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
            return cursor.execute(block, what | window, prepare=True).fetchall()

    with ThreadPoolExecutor(1, "read-ahead") as ahead:
        rows = ahead.submit(read, plan.after)
        for after in range(plan.after, plan.upto, WINDOW):
            here = rows.result()
            rows = ahead.submit(read, after + WINDOW)
            yield min(after + WINDOW, plan.upto), stored_events(here)


def _reading(projection: Projection, plan: PartPlan) -> str:
    if plan.marked and projection.keyed:
        return "read_marked"
    return "read_part" if plan.parts > 1 else "read_all"


def copy_rows(
    connection: Connection, table: sa.Table, name: str, rows: Iterable[Row], schema: str = ""
) -> None:
    """Append rows to a table of a read model by COPY, in its text format.

    Raises KeyError for a row that lacks a column.
    `schema` is where it is, if not where the read model's tables are.
    """
    names = sql.SQL(", ").join(sql.Identifier(str(column.name)) for column in table.c)
    target = sql.Identifier(schema or shadow.schema_of(table), name)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(target, names)
    values = _values(table)
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        write = copy.write_row
        for row in rows:
            write(values(row))


def _values(table: sa.Table) -> Values:
    """What makes a row's values of its columns, in order; JSON becomes text."""
    columns = [str(column.name) for column in table.c]
    json_columns = [isinstance(column.type, sa.JSON) for column in table.c]
    if len(columns) == 1:
        return lambda row: (_json_text(row[columns[0]]) if json_columns[0] else row[columns[0]],)
    take: Values = itemgetter(*columns)
    if not any(json_columns):
        return take
    return lambda row: [
        _json_text(value) if is_json else value
        for value, is_json in zip(take(row), json_columns, strict=True)
    ]


def _json_text(value: Any) -> str | None:
    return None if value is None else to_json(value)

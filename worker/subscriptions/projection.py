"""Projections: pure folds of events into rows, batch by batch.

A projection says, for each type of event, which rows it touches and what becomes of them. The
engine does the rest: it loads the rows that a batch touches with one statement, folds the batch in
memory, writes with one statement, and moves the checkpoint in the same transaction. A batch of two
thousand events costs two round trips, and a rebuild folds with the very same functions.

Rows are plain JSON values, whether folded a moment ago or read back from the table: ids, money and
times are strings, whole numbers, booleans and text are themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.sql import quoted
from worker.commands.load_plan import primary_key, sql_type
from worker.contracts import Event
from worker.event_log import StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.event_log.tags import check_tags
from worker.subscriptions import read_tables

Row: TypeAlias = dict[str, Any]
Fold: TypeAlias = Callable[[Row | None, StoredEvent], Row | None]
FoldEach: TypeAlias = Callable[[Row | None, StoredEvent, Any], Row | None]
Parts: TypeAlias = Callable[[StoredEvent], Mapping[str, Any]]
Tags: TypeAlias = Callable[[Row], Iterable[str]]
Rows: TypeAlias = dict[str, Row | None]

_AS_THEY_ARE = (sa.Boolean, sa.Integer, sa.String, sa.JSON)


def _no_tags(_row: Row) -> Iterable[str]:
    return ()


class Call(NamedTuple):
    """One row that one event touches, and the function that says what becomes of it."""

    key: str
    fold: FoldEach
    event: StoredEvent
    part: Any


@dataclass(eq=False)
class Projection:
    """A read model that is kept current from the log.

    `version` is the version of the read table: the table is `<name>_v<version>`, behind a view
    of the plain name. `tags` says which cached answers depend on a row. `by_stream` promises that
    each row collects from one stream only, whatever the event: then workers may share the
    projection (partitions.py).
    """

    name: str
    table: sa.Table
    version: int = 1
    group: str = "default"
    tags: Tags = _no_tags
    by_stream: bool = False
    purpose: str = ""
    _folds: dict[str, list[tuple[Parts, FoldEach]]] = field(default_factory=dict)
    _plain: dict[str, list[Fold]] = field(default_factory=dict)
    _parted: bool = False

    @property
    def event_types(self) -> frozenset[str]:
        """The types of event that this projection folds."""
        return frozenset(self._folds)

    @property
    def first_table(self) -> str:
        """The name of the table that a migration puts behind the view; rebuilds count on."""
        return f"{self.table.name}_v{self.version}"

    @property
    def keeps(self) -> tuple[str]:
        """The table that it keeps, by the name of the view over it."""
        return (f"{self.table.schema or 'query'}.{self.table.name}",)

    @property
    def view(self) -> str:
        """The view that readers see, qualified and quoted."""
        return quoted(self.table.schema or "query", str(self.table.name))

    @property
    def physical(self) -> str:
        """The name of the table behind the view, as this process learnt it last."""
        return read_tables.live(self.name) or self.first_table

    @property
    def functions(self) -> dict[str, list[Callable[..., Any]]]:
        """Whatever is called to fold an event, by the event's type."""
        return {
            type_: [each for pair in folds for each in pair] + [*self._plain.get(type_, ())]
            for type_, folds in self._folds.items()
        }

    @property
    def keyed(self) -> bool:
        """Whether every event touches one row, the one whose key stands in it."""
        return not self._parted

    def on(self, *events: type[Event]) -> Callable[[Fold], Fold]:
        """Fold these events into the row whose key stands in the event under the key's name."""
        key = primary_key(self.table)

        def declare(fold: Fold) -> Fold:
            for event in events:
                self._plain.setdefault(event.type, []).append(fold)
            self._add(
                events,
                lambda event: {event.data[key]: None},
                lambda row, event, _: fold(row, event),
            )
            return fold

        return declare

    def on_each(self, event: type[Event], parts: Parts) -> Callable[[FoldEach], FoldEach]:
        """Fold an event into several rows: `parts(event)` gives each row's key and its part."""

        def declare(fold: FoldEach) -> FoldEach:
            self._parted = True
            self._add([event], parts, fold)
            return fold

        return declare

    def batch(self, events: Sequence[StoredEvent]) -> ProjectionBatch:
        """These events, ready to be folded into the live table."""
        return ProjectionBatch(self, events)

    def calls(self, events: Iterable[StoredEvent]) -> list[Call]:
        """Every row that these events touch, in order."""
        return [
            Call(key, fold, event, part)
            for event in events
            for parts, fold in self._folds.get(event.type, ())
            for key, part in parts(event).items()
        ]

    def fold(self, rows: Rows, calls: Iterable[Call]) -> None:
        """Fold calls into rows, in place. Pure but for that; raises what a fold raises."""
        for call in calls:
            try:
                rows[call.key] = call.fold(rows.get(call.key), call.event, call.part)
            except Exception as error:
                _say_where(error, call.event)
                raise

    def fold_all(self, rows: Rows, events: Iterable[StoredEvent]) -> None:
        """Fold events of its types into rows that are all in memory: what a rebuild does most."""
        if self._parted:
            self.fold(rows, self.calls(events))
            return
        folds, by, get = self._plain, primary_key(self.table), rows.get
        event = None
        try:
            for event in events:
                key = event.data[by]
                for fold in folds[event.type]:
                    rows[key] = fold(get(key), event)
        except Exception as error:
            _say_where(error, event)
            raise

    def _add(self, events: Iterable[type[Event]], parts: Parts, fold: FoldEach) -> None:
        for event in events:
            self._folds.setdefault(event.type, []).append((parts, fold))


def projection(
    name: str,
    table: sa.Table,
    *,
    version: int | None = None,
    tags: Tags = _no_tags,
    group: str = "default",
    by_stream: bool = False,
    purpose: str = "",
) -> Projection:
    """Declare a projection. Its name is its checkpoint's: it never changes.

    `version` left out is that of the table's declaration (`read_table(..., version=2)`).
    """
    version = table.info.get("version", 1) if version is None else version
    columns = [str(column.name) for column in table.c]
    check_tags(tags, "column", columns, f"tags of projection {name}")
    declared = Projection(name, table, version, group, tags, by_stream, purpose)
    subscriptions.add(name, declared)
    return declared


def row_from(table: sa.Table, event: StoredEvent, /, **values: Any) -> Row:
    """A new row of a read table: what the event has under the names of columns, and `values`.

    Columns that neither names are NULL.
    """
    row, data = _empty_row(table).copy(), event.data
    for column in row:
        if column in data:
            row[column] = data[column]
    row.update(values)
    return row


@lru_cache(maxsize=1_024)
def _empty_row(table: sa.Table) -> Row:
    return dict.fromkeys(map(str, table.c.keys()))


def _say_where(error: Exception, event: StoredEvent | None) -> None:
    if event is not None:
        error.add_note(f"position {event.position}, stream {event.stream}")


class ReadTable:
    """The statements of one physical read table."""

    def __init__(self, table: sa.Table, physical: str) -> None:
        self.key = primary_key(table)
        self.columns = [str(column.name) for column in table.c]
        self.name = quoted(table.schema or "query", physical)
        self._table = table

    @cached_property
    def load(self) -> str:
        """Rows by key, as plain JSON values."""
        columns = ", ".join(map(self._plain, self._table.c))
        return f"SELECT {columns} FROM {self.name} WHERE {self._among_keys}"

    @cached_property
    def upsert(self) -> str:
        """Writes a JSON array of rows, new or not."""
        columns = ", ".join(map(quoted, self.columns))
        others = [quoted(column) for column in self.columns if column != self.key]
        new = ", ".join(f"{column} = EXCLUDED.{column}" for column in others)
        rows = f"json_populate_recordset(NULL::{self.name}, %s::json)"
        then = f"DO UPDATE SET {new}" if new else "DO NOTHING"
        return (
            f"INSERT INTO {self.name} ({columns}) SELECT {columns} FROM {rows}"
            f" ON CONFLICT ({quoted(self.key)}) {then}"
        )

    @cached_property
    def delete(self) -> str:
        """Removes rows by key."""
        return f"DELETE FROM {self.name} WHERE {self._among_keys}"

    @cached_property
    def _among_keys(self) -> str:
        """Keys travel as JSON: the driver takes ten times as long to write an array of its own."""
        kind = sql_type(self._table, self.key)
        keys = f"SELECT key::{kind} FROM json_array_elements_text(%s::json) AS keys (key)"
        return f"{quoted(self.key)} = ANY(ARRAY({keys}))"

    @staticmethod
    def _plain(column: sa.Column[Any]) -> str:
        name = quoted(column.name)
        return name if isinstance(column.type, _AS_THEY_ARE) else f"{name}::text"


@lru_cache(maxsize=1_024)
def read_table(table: sa.Table, physical: str) -> ReadTable:
    """The statements of a physical read table, kept: they take as long to make as a small batch."""
    return ReadTable(table, physical)


class ProjectionBatch:
    """One batch of events on its way into one read table, on a connection in a transaction."""

    def __init__(
        self, projection: Projection, events: Sequence[StoredEvent], table: str | None = None
    ) -> None:
        self.projection = projection
        self.table = read_table(projection.table, table or projection.physical)
        self.calls = projection.calls(events)
        self.keys = list(dict.fromkeys(call.key for call in self.calls))
        self.tags: set[str] = set()
        self._rows: Rows = {}
        self._cursor: Any = None

    def request(self, connection: Connection) -> None:
        """Ask for the rows; in a pipeline, the answer comes later."""
        if self.keys:
            self._cursor = connection.execute(self.table.load, [to_json(self.keys)])

    def fold(self) -> None:
        """Take the rows in and fold the events into them."""
        if self._cursor is None:
            return
        place = self.table.columns.index(self.table.key)
        for values in self._cursor:
            self._rows[values[place]] = dict(zip(self.table.columns, values, strict=True))
        self._collect_tags()
        self.projection.fold(self._rows, self.calls)
        self._collect_tags()

    def write(self, connection: Connection) -> None:
        """Write what the rows have become."""
        rows = [row for row in self._rows.values() if row is not None]
        gone = [key for key, row in self._rows.items() if row is None]
        if rows:
            connection.execute(self.table.upsert, [to_json(rows)])
        if gone:
            connection.execute(self.table.delete, [to_json(gone)])

    def committed(self) -> None:
        """Nobody to tell: the wake-up's own chain invalidates the tags."""

    def _collect_tags(self) -> None:
        for row in self._existing():
            self.tags.update(self.projection.tags(row))

    def _existing(self) -> Iterator[Row]:
        return (row for row in self._rows.values() if row is not None)

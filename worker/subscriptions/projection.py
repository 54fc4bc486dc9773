"""Projections: pure folds of events into rows, batch by batch.

A projection says, for each type of event, which rows it touches and what becomes of them. The
engine does the rest: it loads the rows that a batch touches with one statement, folds the batch in
memory, writes with one statement, and moves the checkpoint in the same transaction. A batch of two
thousand events costs two round trips, and a rebuild folds with the very same functions.

Rows are plain JSON values, the same whether folded a moment ago or read back from the table: ids,
money and times are strings, numbers, booleans and text are themselves (column_forms.py has each
type). So it is one row that comes out, whether events are folded in one batch or in many, or anew
by a rebuild.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.errors import BadDeclarations
from worker.base.sql import quoted
from worker.commands.load_plan import primary_key, sql_type
from worker.contracts import Event, event_versions
from worker.event_log import StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.event_log.tags import check_tags
from worker.subscriptions import read_tables
from worker.subscriptions.row_forms import Row as Row
from worker.subscriptions.row_forms import RowForm, row_form

Fold: TypeAlias = Callable[[Row | None, StoredEvent], Row | None]
FoldEach: TypeAlias = Callable[[Row | None, StoredEvent, Any], Row | None]
Parts: TypeAlias = Callable[[StoredEvent], Mapping[str, Any]]
Migration: TypeAlias = Callable[[Row], Row | None]
Tags: TypeAlias = Callable[[Row], Iterable[str]]
Rows: TypeAlias = dict[str, Row | None]


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
    projection (partitions.py). `renamed_from` are the names that it had, the oldest first;
    `forgets` are types of events that it folded once, and that it is to be built without.
    `migrate_from` makes rows of this version of those of an earlier one; `moves_with` are
    projections whose tables take their places together with this one's.
    """

    name: str
    table: sa.Table
    version: int = 1
    group: str = "default"
    tags: Tags = _no_tags
    by_stream: bool = False
    purpose: str = ""
    renamed_from: tuple[str, ...] = ()
    forgets: frozenset[str] = frozenset()
    migrate_from: Mapping[int, Migration] = field(default_factory=dict)
    moves_with: frozenset[str] = frozenset()
    _folds: dict[str, list[tuple[Parts, FoldEach]]] = field(default_factory=dict)
    _plain: dict[str, list[Fold]] = field(default_factory=dict)
    _parted: bool = False
    form: RowForm = field(init=False)

    def __post_init__(self) -> None:
        self.form = row_form(self.table)

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
        """Whether every event touches one row, the one whose key stands in it, as it is stored, and
        the server finds it there by its text."""
        as_stored = not event_versions.is_upcast(self.event_types)
        return not self._parted and as_stored and self.form.spelled is not None

    @property
    def key_in_event(self) -> str:
        """A keyed row's key in an event, in SQL: `data` and the parameter `key` are needed."""
        return (self.form.spelled or "{}").format("data ->> %(key)s::text")

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
        """Every row that these events touch, in order. Raises UnfitValue for what is no key."""
        canonical = self.form.key
        return [
            Call(canonical(key), fold, event, part)
            for event in events
            for parts, fold in self._folds.get(event.type, ())
            for key, part in parts(event).items()
        ]

    def fold(self, rows: Rows, calls: Iterable[Call]) -> None:
        """Fold calls into rows, in place, each row in its form. Raises what a fold raises, and
        UnfitValue."""
        form, values, none = self.form.row, self.form.values, self.form.none
        for key, fold, event, part in calls:
            before = rows.get(key)
            was = none if before is None else values(before)
            try:
                row = fold(before, event, part)
                rows[key] = row if row is None else form(row, before, was, key)
            except Exception as error:
                _say_where(error, event)
                raise

    def fold_all(self, rows: Rows, events: Iterable[StoredEvent]) -> None:
        """Fold events of its types into rows that are all in memory: what a rebuild does most."""
        if self._parted:
            self.fold(rows, self.calls(events))
            return
        folds, by, get = self._plain, self.form.key_column, rows.get
        canonical, form = self.form.key, self.form.row
        values, none = self.form.values, self.form.none
        event = None
        try:
            for event in events:
                key = event.data[by]
                if type(key) is not str or key not in rows:
                    key = canonical(key)
                for fold in folds[event.type]:
                    before = get(key)
                    was = none if before is None else values(before)
                    row = fold(before, event)
                    rows[key] = row if row is None else form(row, before, was, key)
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
    renamed_from: str | Iterable[str] = (),
    forgets: Iterable[str] = (),
    migrate_from: Mapping[int, Migration] | None = None,
    moves_with: Iterable[str] = (),
) -> Projection:
    """Declare a projection. Its name is its checkpoint's.

    `version` left out is that of the table's declaration (`read_table(..., version=2)`).
    `renamed_from` is the name that it had before, or several, the oldest first: it goes on from
    their checkpoint. `forgets` are types of events that it folded once and is to be built without.

    `migrate_from={1: function}` makes each row of this version of a row of version 1 (plain values
    by column, as a fold has them; None: there is none), where folding the log anew would take too
    long: some rows are folded all the same, and what differs does not go live. `moves_with` names
    projections that readers must never see apart from this one: their tables are built, and take
    their places, together.
    """
    version = table.info.get("version", 1) if version is None else version
    columns = [str(column.name) for column in table.c]
    check_tags(tags, "column", columns, f"tags of projection {name}")
    must_be_free(table, name)
    former = (renamed_from,) if isinstance(renamed_from, str) else tuple(renamed_from)
    declared = Projection(
        name,
        table,
        version,
        group,
        tags,
        by_stream,
        purpose,
        renamed_from=former,
        forgets=frozenset(forgets),
        migrate_from=dict(migrate_from or {}),
        moves_with=frozenset(moves_with),
    )
    subscriptions.add(name, declared)
    return declared


def must_be_free(table: sa.Table, name: str) -> None:
    """Raise BadDeclarations if another projection keeps the read model: it has one owner."""
    for other in subscriptions:
        if isinstance(other, Projection) and other.table.fullname == table.fullname:
            raise BadDeclarations(
                [f"two projections of one read model, {table.fullname}: {other.name} and {name}"]
            )


def row_from(table: sa.Table, event: StoredEvent, /, **values: Any) -> Row:
    """A new row of a read table: what the event has under the names of columns, and `values`.

    Columns that neither names are NULL.
    """
    row, data = row_form(table).blank.copy(), event.data
    for column in row:
        if column in data:
            row[column] = data[column]
    row.update(values)
    return row


def there(row: Row | None, event: StoredEvent) -> Row:
    """The row that an event changes, which an earlier one has made. Raises LookupError: a fault
    further up."""
    if row is None:
        raise LookupError(f"no row to fold into (position {event.position}, {event.stream})")
    return row


def picked(event: StoredEvent, *fields: str) -> Row:
    """Some fields of an event as they are, for the columns of these names."""
    return {field: event.data[field] for field in fields}


def _say_where(error: Exception, event: StoredEvent | None) -> None:
    if event is not None:
        error.add_note(f"position {event.position}, stream {event.stream}")


class ReadTable:
    """The statements of one physical read table."""

    def __init__(self, table: sa.Table, physical: str) -> None:
        self.form = row_form(table)
        self.key = self.form.key_column
        self.columns = self.form.columns
        self.name = quoted(table.schema or "query", physical)
        self._table = table

    @cached_property
    def load(self) -> str:
        """Rows by key; `form.loaded` makes rows of the values."""
        columns = ", ".join(self.form.selected())
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
        for row in map(self.table.form.loaded, self._cursor):
            self._rows[row[self.table.key]] = row
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

"""The state that handlers decide on, and the changes that they hand over.

`State` is an identity map over what was loaded: each row once, by table and primary key. A batch
shares one, and each command sees the effects of those before it. `Work` collects what **one**
command wants changed; nothing of it reaches the state until the handler has returned, so a refusal
half way leaves no trace and needs no savepoint.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from worker.commands.aggregate import Aggregate, AggregateStates, S
from worker.commands.load_plan import primary_key, sequence_name
from worker.contracts import Actor, Event

LoadedRow = Mapping[str, Any]
Index = dict[Hashable, dict[Hashable, LoadedRow]]


class State:
    """Rows and numbers that a batch loaded, kept current while its commands are decided."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        """The one instant of this batch, in UTC."""
        self._rows: dict[sa.Table, dict[Hashable, LoadedRow]] = defaultdict(dict)
        self._indexes: dict[sa.Table, dict[str, Index]] = defaultdict(dict)
        self._numbers: dict[str, deque[int]] = defaultdict(deque)
        self.aggregates: AggregateStates | None = None
        """The event-sourced aggregates among it, if a command declares any."""

    def get(self, table: sa.Table, key: Hashable) -> LoadedRow | None:
        """The row with this primary key, or None. Only rows that the command declared are here."""
        return self._rows[table].get(key)

    def find(self, table: sa.Table, **where: Hashable) -> list[LoadedRow]:
        """The loaded rows whose column has this value, in key order of arrival."""
        ((column, value),) = where.items()
        index = self._indexes[table].get(column)
        if index is None:
            index = self._index(table, column)
        return list(index.get(value, {}).values())

    def first(self, table: sa.Table, **where: Hashable) -> LoadedRow | None:
        """The first of these rows, or None: of a column that is unique, the row."""
        return next(iter(self.find(table, **where)), None)

    def loaded(self, table: sa.Table, key: Hashable) -> LoadedRow:
        """The row with this primary key, which must be there. Raises LookupError: a fault."""
        row = self.get(table, key)
        if row is None:
            raise LookupError(f"no such row is loaded (table {table.fullname}, key {key})")
        return row

    def folded(self, aggregate: Aggregate[S], key: Hashable) -> S | None:
        """The state of an event-sourced aggregate, or None if nothing has happened to it yet.

        Raises LookupError unless the command declared it with `fold`.
        """
        return (self.aggregates or AggregateStates()).get(aggregate, key)

    def number(self, sequence: sa.Sequence) -> int:
        """The next number drawn for this batch. Raises LookupError if none was declared."""
        numbers = self._numbers[sequence_name(sequence)]
        if not numbers:
            raise LookupError(f"the command declares no draw (sequence {sequence.name})")
        return numbers.popleft()

    def put(self, table: sa.Table, row: LoadedRow) -> None:
        """Make this the current row of its key."""
        key = row[primary_key(table)]
        self.drop(table, key)
        self._rows[table][key] = row
        for column, index in self._indexes[table].items():
            index.setdefault(row[column], {})[key] = row

    def drop(self, table: sa.Table, key: Hashable) -> None:
        """Forget a row."""
        row = self._rows[table].pop(key, None)
        if row is not None:
            for column, index in self._indexes[table].items():
                index[row[column]].pop(key, None)

    def load(
        self,
        rows: Mapping[sa.Table, Sequence[LoadedRow]],
        numbers: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        """Take in what was read of each table and drawn from each sequence."""
        for table, loaded in rows.items():
            key = primary_key(table)
            self._rows[table].update({row[key]: row for row in loaded})
            self._indexes[table].clear()
        for sequence, drawn in (numbers or {}).items():
            self._numbers[sequence].extend(drawn)

    def load_aggregates(self, aggregates: Iterable[Aggregate[Any]], rows: Iterable[Any]) -> None:
        """Take in what `fold_streams` returned for these aggregates."""
        if self.aggregates is None:
            self.aggregates = AggregateStates()
        self.aggregates.load(aggregates, rows)

    def _index(self, table: sa.Table, column: str) -> Index:
        index: Index = {}
        for key, row in self._rows[table].items():
            index.setdefault(row[column], {})[key] = row
        self._indexes[table][column] = index
        return index


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row; columns left out take their default."""

    table: sa.Table
    row: LoadedRow


@dataclass(frozen=True, slots=True)
class Update:
    """New values for some columns of one row."""

    table: sa.Table
    key: Hashable
    changes: LoadedRow


@dataclass(frozen=True, slots=True)
class Delete:
    """A row to remove."""

    table: sa.Table
    key: Hashable


Change = Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event to append, and the stream it belongs to."""

    stream: str
    event: Event


@dataclass(slots=True)
class Work:
    """What one command wants done. The handler fills it; the engine flushes it set by set."""

    command_id: UUID
    actor: Actor
    changes: list[Change] = field(default_factory=list)
    events: list[Emitted] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def insert(self, table: sa.Table, row: LoadedRow) -> None:
        """Add a row."""
        self.changes.append(Insert(table, row))

    def update(self, table: sa.Table, key: Hashable, **changes: Any) -> None:
        """Change columns of a row that the command declared with `lock`."""
        self.changes.append(Update(table, key, changes))

    def delete(self, table: sa.Table, key: Hashable) -> None:
        """Remove a row that the command declared with `lock`."""
        self.changes.append(Delete(table, key))

    def emit(self, stream: str, event: Event) -> None:
        """Append an event to a stream, in this command's transaction."""
        self.events.append(Emitted(stream, event))

    def forget(self, subject: Hashable) -> None:
        """Throw the key of a person away: what was sealed for him is unreadable from then on."""
        self.forgotten.append(str(subject))

    def apply_to(self, state: State) -> None:
        """Let the commands that follow in the batch see what this one did."""
        for change in self.changes:
            _apply(state, change)


def _apply(state: State, change: Change) -> None:
    match change:
        case Insert(table, row):
            state.put(table, {**column_defaults(table), **row})
        case Update(table, key, changes):
            before = state.get(table, key)
            if before is None:
                raise LookupError(f"the command declares no such row ({table.fullname} {key})")
            state.put(table, {**before, **changes})
        case Delete(table, key):
            state.drop(table, key)


def column_defaults(table: sa.Table) -> LoadedRow:
    """What a new row holds where the handler says nothing: defaults, or else None.

    Columns that the server fills in are left out.
    """
    defaults = table.info.get("column_defaults")
    if defaults is None:
        defaults = {str(c.name): _default(c) for c in table.c if not _filled_by_server(c)}
        table.info["column_defaults"] = defaults
    return cast("LoadedRow", defaults)


def _filled_by_server(column: sa.Column[Any]) -> bool:
    return column.server_default is not None or column.computed is not None


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    return default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else None

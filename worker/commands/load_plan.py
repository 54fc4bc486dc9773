"""What a handler declares before it runs: the rows to read, the rows to lock, the numbers to draw.

The engine unites what the commands of a whole batch need into one load plan: one ordered statement
per table, always in the order in which the tables were declared. Two workers therefore take row
locks in the same order and cannot deadlock on each other, and fifty commands cost as many round
trips as one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from worker.base.pipeline import Parameters, Reply
from worker.base.sql import quoted
from worker.commands import SQL
from worker.commands.aggregate import Aggregate, SnapshotKey

if TYPE_CHECKING:
    from worker.commands.state import State

_NO_SHAPE = -1
"""A schema version that no snapshot has."""
_POSTGRESQL: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class LoadRows:
    """Rows of `table` whose `column` has one of `values`; `lock` holds them until the commit.

    With `via`, `values` are values of `via[column]`, and the rows wanted are those whose primary
    key stands in `via` beside them: the products of an order's lines, by the order's id.
    """

    table: sa.Table
    column: str
    values: tuple[Hashable, ...]
    lock: bool = False
    via: sa.Table | None = None


@dataclass(frozen=True, slots=True)
class DrawNumbers:
    """`count` fresh numbers of a sequence. A refused command leaves a gap."""

    sequence: sa.Sequence
    count: int = 1


@dataclass(frozen=True, slots=True)
class FoldStreams:
    """The states of event-sourced aggregates, folded from their streams."""

    aggregate: Aggregate[Any]
    streams: tuple[str, ...]


Load: TypeAlias = LoadRows | DrawNumbers | FoldStreams
"""One thing that a command needs."""


def fold(aggregate: Aggregate[Any], *keys: Hashable) -> FoldStreams:
    """Aggregates to fold from their streams, by key."""
    return FoldStreams(aggregate, tuple(map(aggregate.stream, keys)))


def read(table: sa.Table, *keys: Hashable, **where: Hashable) -> LoadRows:
    """Rows to read: by primary key, or by one other column (`email="a@b"`)."""
    column, values = _criterion(table, keys, where)
    return LoadRows(table, column, values)


def lock(table: sa.Table, *keys: Hashable, **where: Hashable) -> LoadRows:
    """Rows to read and hold until the commit: by primary key, or by one other column."""
    column, values = _criterion(table, keys, where)
    return LoadRows(table, column, values, lock=True)


def lock_via(table: sa.Table, via: sa.Table, **where: Hashable) -> LoadRows:
    """Rows to hold that another table points at: `lock_via(products, order_items, order_id=i)`."""
    column, values = _criterion(via, (), where)
    return LoadRows(table, column, values, lock=True, via=via)


def draw(sequence: sa.Sequence, count: int = 1) -> DrawNumbers:
    """Fresh numbers of a sequence."""
    return DrawNumbers(sequence, count)


def _criterion(
    table: sa.Table, keys: Sequence[Hashable], where: dict[str, Hashable]
) -> tuple[str, tuple[Hashable, ...]]:
    if bool(keys) == bool(where) or len(where) > 1:
        raise TypeError(f"name rows by primary key or by one column (table {table.fullname})")
    if keys:
        return primary_key(table), tuple(keys)
    ((column, value),) = where.items()
    if column not in table.c:
        raise TypeError(f"no column {column!r} (table {table.fullname})")
    return column, (value,)


@cache
def primary_key(table: sa.Table) -> str:
    """The name of a table's one primary key column. Raises TypeError if it has none or several."""
    columns = list(table.primary_key.columns)
    if len(columns) != 1:
        raise TypeError(f"a write table needs one primary key column (table {table.fullname})")
    return str(columns[0].name)


@dataclass(frozen=True, slots=True)
class TableLoad:
    """One statement of a load plan: every row that a batch needs of one table, in key order."""

    table: sa.Table
    sql: str
    parameters: list[list[Hashable]]


Criterion = tuple[str, str | None]
"""A column, and the table that it stands in when the rows are reached through that."""


class LoadPlan:
    """What a batch loads: rows by table, numbers by sequence, aggregates by stream and name."""

    def __init__(self, needs: Iterable[Load]) -> None:
        rows: dict[sa.Table, list[LoadRows]] = {}
        folds: dict[tuple[str, str], Aggregate[Any]] = {}
        self.numbers: dict[str, int] = {}
        for need in needs:
            match need:
                case LoadRows(table):
                    rows.setdefault(table, []).append(need)
                case DrawNumbers(sequence, count):
                    name = sequence_name(sequence)
                    self.numbers[name] = self.numbers.get(name, 0) + count
                case FoldStreams(aggregate, streams):
                    folds.update({(stream, aggregate.name): aggregate for stream in streams})
        self.tables = [_table_load(table, rows[table]) for table in in_lock_order(rows)]
        self.folds = dict(sorted(folds.items()))  # each once, in the order of locks

    def statements(self, *, hold_streams: bool = False) -> list[tuple[str, Parameters]]:
        """The statements that load it; `hold_streams` takes the streams before they are read."""
        statements: list[tuple[str, Parameters]] = [
            *((load.sql, load.parameters) for load in self.tables),
            *(
                (SQL["draw_numbers"], {"sequence": name, "count": count})
                for name, count in self.numbers.items()
            ),
        ]
        if self.folds:
            streams = [stream for stream, _ in self.folds]
            if hold_streams:
                statements.append((SQL["lock_streams"], {"streams": streams}))
            wanted = {
                "streams": streams,
                "aggregates": [name for _, name in self.folds],
                "shapes": [aggregate.shape for aggregate in self.folds.values()],
            }
            statements.append((SQL["fold_streams"], wanted))
        return statements

    def load_into(self, state: State, replies: Iterable[Reply]) -> None:
        """Take in what the statements answered."""
        left = iter(replies)
        rows = {load.table: next(left).dicts() for load in self.tables}
        numbers = {name: [n for (n,) in next(left).rows()] for name in self.numbers}
        state.load(rows, numbers)
        if self.folds:
            *_, folded = left
            state.load_aggregates(self.folds.values(), folded.rows())

    def replay(self, snapshots: Sequence[SnapshotKey]) -> tuple[str, Parameters]:
        """The statement that folds streams from their beginning, past these snapshots."""
        wanted = {
            "streams": [key.stream for key in snapshots],
            "aggregates": [key.aggregate for key in snapshots],
            "shapes": [_NO_SHAPE] * len(snapshots),
        }
        return SQL["fold_streams"], wanted


def in_lock_order(tables: Iterable[sa.Table]) -> list[sa.Table]:
    """Tables in the one order in which every worker takes locks."""
    return sorted(tables, key=lock_rank)


def lock_rank(table: sa.Table) -> tuple[str, int]:
    """Where a table stands in the one order of locks: schema, then its place in the metadata."""
    rank = table.info.get("lock_rank")
    if rank is None:
        order = {name: place for place, name in enumerate(table.metadata.tables)}
        rank = table.info["lock_rank"] = order[table.key]
    return (str(table.metadata.info.get("domain", "")), rank)


def _table_load(table: sa.Table, needs: list[LoadRows]) -> TableLoad:
    values: dict[Criterion, dict[Hashable, None]] = {}
    for need in needs:
        via = need.via.fullname if need.via is not None else None
        values.setdefault((need.column, via), {}).update(dict.fromkeys(need.values))
    criteria = tuple(sorted(values, key=str))
    locked = any(need.lock for need in needs)
    sql = _load_sql(table, criteria, locked)
    return TableLoad(table, sql, [list(values[criterion]) for criterion in criteria])


@lru_cache(maxsize=1_024)
def _load_sql(table: sa.Table, criteria: tuple[Criterion, ...], locked: bool) -> str:
    key = quoted(primary_key(table))
    where = " OR ".join(_condition(table, criterion) for criterion in criteria)
    columns = ", ".join(quoted(column.name) for column in table.c)
    tail = " FOR NO KEY UPDATE" if locked else ""
    name = quoted(*table.fullname.split("."))
    return f"SELECT {columns} FROM {name} WHERE {where} ORDER BY {key}{tail}"


def _condition(table: sa.Table, criterion: Criterion) -> str:
    column, via = criterion
    key = quoted(primary_key(table))
    if via is None:
        return f"{quoted(column)} = ANY(%s::{sql_type(table, column)}[])"
    other = table.metadata.tables[via]
    return (
        f"{key} IN (SELECT {key} FROM {quoted(*via.split('.'))}"
        f" WHERE {quoted(column)} = ANY(%s::{sql_type(other, column)}[]))"
    )


def sql_type(table: sa.Table, column: str) -> str:
    """A column's type as PostgreSQL spells it."""
    return table.c[column].type.compile(_POSTGRESQL)


@cache
def sequence_name(sequence: sa.Sequence) -> str:
    """A sequence's qualified name, quoted: what `nextval` takes."""
    return quoted(*filter(None, (sequence.schema, sequence.name)))

"""Two tables of one read model, row by row; and a table, one range of its keys after the other.

Whoever walks over a table in key ranges notices between two of them that time is up or that the
rebuild is cancelled, holds no snapshot for long, and goes on later from the key where it was. A
table that is no larger than a range is one. Where to cut is guessed from a sample of the rows; what
is right does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

from worker.base.db import Connection
from worker.commands.load_plan import primary_key, sql_type
from worker.rebuild.shadow import SQL, qualified, schema_of

SHOWN = 100
"""Rows that differ which are kept; all are counted."""
ROWS_PER_RANGE = 500_000
"""Rows of a key range, about."""


class KeyRange(NamedTuple):
    """Rows whose key is above `after`, up to and including `upto`; None: there is no end."""

    after: str | None
    upto: str | None


ALL_KEYS = KeyRange(None, None)


def key_ranges(
    connection: Connection, table: sa.Table, name: str, after: str | None
) -> Iterator[KeyRange]:
    """What of a table lies behind a key, in order, without a gap, to its end."""
    rest = KeyRange(after, None)
    what = {"table": qualified(table, name), "rows": ROWS_PER_RANGE}
    text = sql.SQL(SQL["cuts"]).format(
        key=sql.Identifier(primary_key(table)),
        table=sql.SQL(qualified(table, name)),
        within=within(table, rest),
    )
    cuts = [key for (key,) in connection.execute(text, what)]
    for lower, upper in pairwise((after, *cuts[:-1], None)):
        yield KeyRange(lower, upper)


def within(table: sa.Table, key_range: KeyRange) -> sql.Composable:
    """The condition that a row lies in a key range."""
    name = primary_key(table)
    key, kind = sql.Identifier(name), sql.SQL(sql_type(table, name))
    bounds = [(">", key_range.after), ("<=", key_range.upto)]
    conditions: list[sql.Composable] = [
        sql.SQL("{} {} {}::{}").format(key, sql.SQL(sign), sql.Literal(bound), kind)
        for sign, bound in bounds
        if bound is not None
    ]
    return sql.SQL(" AND ").join(conditions or [sql.SQL("true")])


@dataclass(frozen=True, slots=True)
class Drift:
    """A row of the live table that is not what the log says.

    `missing`: the live table lacks it. `extra`: it should not be there. `different`: `columns` has
    what is there and what should be, by column.
    """

    key: str
    kind: Literal["missing", "extra", "different"]
    columns: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Drift:
        """From plain JSON values."""
        columns = {name: (is_, be) for name, (is_, be) in plain["columns"].items()}
        return cls(plain["key"], plain["kind"], columns)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        shown = (f"{name} is {is_!r}, should be {be!r}" for name, (is_, be) in self.columns.items())
        return f"{self.key}: {'; '.join(shown) or self.kind}"


def drift_of(key: str, live: dict[str, Any] | None, right: dict[str, Any] | None) -> Drift:
    """The difference between a live row and what it should be; None means that there is no row."""
    if live is None:
        return Drift(key, "missing")
    if right is None:
        return Drift(key, "extra")
    columns = {name: (live[name], right[name]) for name in right if live[name] != right[name]}
    return Drift(key, "different", columns)


def compare(
    connection: Connection,
    table: sa.Table,
    live: str,
    shadow: str,
    schema: str | None = None,
    key_range: KeyRange = ALL_KEYS,
) -> tuple[int, Sequence[Drift]]:
    """How many rows of two tables differ, and the first of them, in the caller's snapshot.

    `schema` is where the two are, if not where the read model's tables are. Of a
    `key_range`, only the rows in it are compared.
    """
    where = schema or schema_of(table)
    key = primary_key(table)
    text = sql.SQL(SQL["compare"]).format(
        key=sql.Identifier(key),
        live=sql.Identifier(where, live),
        shadow=sql.Identifier(where, shadow),
        live_values=_values(table, "l"),
        shadow_values=_values(table, "s"),
        within=within(table, key_range),
        shown=sql.Literal(SHOWN),
    )
    rows = connection.execute(text).fetchall()
    drift = [drift_of(key, before, after) for _, key, before, after in rows]
    return (rows[0][0] if rows else 0), drift


def _values(table: sa.Table, alias: str) -> sql.Composable:
    """A table's columns as one row value that can be compared; plain json cannot, its text can."""
    values = []
    for column in table.c:
        value: sql.Composable = sql.Identifier(alias, str(column.name))
        if isinstance(column.type, sa.JSON) and not isinstance(column.type, JSONB):
            value = value + sql.SQL("::text")
        values.append(value)
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(values))


def count_rows(
    connection: Connection, table: sa.Table, name: str, key_range: KeyRange = ALL_KEYS
) -> int:
    """How many rows a table has, or a key range of it."""
    where = {"table": sql.SQL(qualified(table, name)), "within": within(table, key_range)}
    text = sql.SQL(SQL["count_rows"]).format(**where)
    return int(connection.execute(text).fetchall()[0][0])

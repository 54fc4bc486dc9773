"""Two tables of one read model, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.commands.load_plan import primary_key
from worker.rebuild.key_ranges import ALL, Stretch, within
from worker.rebuild.shadow import qualified, schema_of

SHOWN = 100
"""Rows that differ which are kept; all are counted."""

_SQL = blocks("worker.rebuild", "tables.sql")


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
    stretch: Stretch = ALL,
) -> tuple[int, Sequence[Drift]]:
    """How many rows of two tables differ, and the first of them, in the caller's snapshot.

    `schema` is where the two are, if not where the read model's tables are. Of a `stretch`, only
    the rows in it are compared.
    """
    where = schema or schema_of(table)
    key = primary_key(table)
    text = sql.SQL(_SQL["compare"]).format(
        key=sql.Identifier(key),
        live=sql.Identifier(where, live),
        shadow=sql.Identifier(where, shadow),
        live_values=_values(table, "l"),
        shadow_values=_values(table, "s"),
        within=within(table, stretch),
        shown=sql.Literal(SHOWN),
    )
    rows = connection.execute(text).fetchall()
    found = [drift_of(each, before, after) for _, each, before, after in rows]
    return (rows[0][0] if rows else 0), found


def _values(table: sa.Table, alias: str) -> sql.Composable:
    """A table's columns as one row value that can be compared; plain json cannot, its text can."""
    values = []
    for column in table.c:
        value: sql.Composable = sql.Identifier(alias, str(column.name))
        if isinstance(column.type, sa.JSON) and not isinstance(column.type, JSONB):
            value = value + sql.SQL("::text")
        values.append(value)
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(values))


def count_rows(connection: Connection, table: sa.Table, name: str, stretch: Stretch = ALL) -> int:
    """How many rows a table has, or a stretch of it."""
    where = {"table": sql.SQL(qualified(table, name)), "within": within(table, stretch)}
    text = sql.SQL(_SQL["count_rows"]).format(**where)
    return int(connection.execute(text).fetchall()[0][0])

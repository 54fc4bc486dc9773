"""Rows into a table by COPY: plain JSON values, written by the driver in the text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.rebuild.shadow import schema_of
from worker.subscriptions.projection import Row

Values = Callable[[Row], Sequence[Any]]


def copy_rows(
    connection: Connection, table: sa.Table, name: str, rows: Iterable[Row], schema: str = ""
) -> None:
    """Append rows to a table of a read model. Raises KeyError for a row that lacks a column.

    `schema` is where it is, if not where the read model's tables are.
    """
    names = sql.SQL(", ").join(sql.Identifier(str(column.name)) for column in table.c)
    target = sql.Identifier(schema or schema_of(table), name)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(target, names)
    values = _values(table)
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        write = copy.write_row
        for row in rows:
            write(values(row))


def _values(table: sa.Table) -> Values:
    """What makes a row's values of its columns, in order; JSON becomes text."""
    columns = [str(column.name) for column in table.c]
    is_json = [isinstance(column.type, sa.JSON) for column in table.c]
    if len(columns) == 1:
        return lambda row: (_text(row[columns[0]]) if is_json[0] else row[columns[0]],)
    take: Values = itemgetter(*columns)
    if not any(is_json):
        return take
    return lambda row: [
        _text(value) if each else value for value, each in zip(take(row), is_json, strict=True)
    ]


def _text(value: Any) -> str | None:
    return None if value is None else to_json(value)

"""Read tables: made beside the live one, indexed when their rows are in, dropped when replaced.

A table is made bare and gets its key and indexes later. What an administrator has added to the live
table comes along: storage parameters, and indexes over columns that the new one has too.
"""

from __future__ import annotations

from typing import Any, LiteralString

import sqlalchemy as sa
import structlog
from psycopg import errors as pg
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from worker.db import Connection
from worker.sql import blocks, quoted
from worker.writing.needs import primary_key

log = structlog.get_logger(__name__)

_SQL = blocks("worker.rebuild", "tables.sql")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def schema_of(table: sa.Table) -> str:
    """The schema of a read table."""
    return str(table.schema or "query")


def qualified(table: sa.Table, name: str | None = None) -> LiteralString:
    """A read model's view, or a table of it, quoted."""
    return quoted(schema_of(table), name or str(table.name))


def live_table(connection: Connection, table: sa.Table) -> str | None:
    """The name of the table behind a read model's view, from the catalogue; None without one."""
    rows = connection.execute(_SQL["behind"], {"view": qualified(table)}).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


def next_name(connection: Connection, table: sa.Table) -> str:
    """The name of a read model's next table: one version above all that are there."""
    what = {"schema": schema_of(table), "name": table.name}
    rows = connection.execute(_SQL["versions"], what).fetchall()
    return f"{table.name}_v{rows[0][0] + 1}"


def create(
    connection: Connection, table: sa.Table, name: str, like: str | None, *, alike: bool
) -> None:
    """Make an empty table without key and indexes, with the storage parameters of `like`.

    If they are of the same shape (`alike`), the live table says what the columns are, in whatever
    detail; else the projection does.
    """
    if like is not None and alike:
        text = "CREATE TABLE {0} (LIKE {1} INCLUDING ALL EXCLUDING INDEXES)"
        _run(connection, text.format(qualified(table, name), qualified(table, like)))
    else:
        _create_declared(connection, table, name)
    if like is not None:
        for (option,) in connection.execute(_SQL["options"], {"table": qualified(table, like)}):
            _run(connection, f"ALTER TABLE {qualified(table, name)} SET ({option})")


def _create_declared(connection: Connection, table: sa.Table, name: str) -> None:
    columns = [_bare(column) for column in table.c]
    checks = [
        sa.CheckConstraint(each.sqltext)
        for each in table.constraints
        if isinstance(each, sa.CheckConstraint)
    ]
    made = sa.Table(name, sa.MetaData(), *columns, *checks, schema=schema_of(table))
    _execute(connection, CreateTable(made))


def add_key(connection: Connection, table: sa.Table, name: str) -> None:
    """Give a table its primary key, unless it has one."""
    this = {"table": qualified(table, name)}
    with connection.transaction():
        connection.execute(_SQL["lock_key"], this)
        if connection.execute(_SQL["has_key"], this).fetchone() is None:
            key = quoted(primary_key(table))
            _run(connection, f"ALTER TABLE {qualified(table, name)} ADD PRIMARY KEY ({key})")


def add_indexes(connection: Connection, table: sa.Table, name: str, like: str | None) -> None:
    """Give a table its key, its indexes, those that only `like` has, and statistics."""
    add_key(connection, table, name)
    for index in _declared(table, name):
        _execute(connection, CreateIndex(index, if_not_exists=True))
    if like is not None:
        _carry_over(connection, table, name, like)
    _run(connection, f"ANALYZE {qualified(table, name)}")


def drop(connection: Connection, table: sa.Table, name: str) -> None:
    """Drop a table that no view shows."""
    _run(connection, f"DROP TABLE IF EXISTS {qualified(table, name)}")


def exists(connection: Connection, table: sa.Table, name: str) -> bool:
    """Whether there is such a table."""
    row = connection.execute(_SQL["exists"], {"table": qualified(table, name)}).fetchone()
    return bool(row and row[0])


def count_rows(connection: Connection, table: sa.Table, name: str) -> int:
    """How many rows a table has."""
    text = sql.SQL(_SQL["count_rows"]).format(table=sql.SQL(qualified(table, name)))
    return int(connection.execute(text).fetchall()[0][0])


def _bare(column: sa.Column[Any]) -> sa.Column[Any]:
    """A column without its key, its indexes and its table."""
    nullable = bool(column.nullable) and not column.primary_key
    default = column.server_default
    kept = [default] if isinstance(default, sa.Computed | sa.Identity) else []
    given = default if isinstance(default, sa.DefaultClause) else None
    return sa.Column(column.name, column.type, *kept, nullable=nullable, server_default=given)


def _declared(table: sa.Table, name: str) -> list[sa.Index]:
    """A projection's indexes and unique constraints as indexes of one of its tables."""
    copy = table.to_metadata(sa.MetaData(), schema=schema_of(table), name=name)
    for each in copy.constraints:
        if isinstance(each, sa.UniqueConstraint):
            own = str(each.name or "_".join(each.columns.keys()))
            sa.Index(own, *each.columns, unique=True)
    for index in copy.indexes:
        index.name = sa.sql.quoted_name(_name(table, name, str(index.name)), None)
    return sorted(copy.indexes, key=lambda index: str(index.name))


def _name(table: sa.Table, name: str, index: str) -> str:
    """`orders_by_time` of orders is `orders_v2_by_time` of orders_v2."""
    own = index.removeprefix(f"{table.name}_")
    return f"{name}_{own}"[:63]


def _carry_over(connection: Connection, table: sa.Table, name: str, like: str) -> None:
    """Make the indexes that only the live table has; one over a column that is gone is left out."""
    present = {(unique, tail) for _, unique, tail in _indexes(connection, table, name)}
    for index, unique, tail in _indexes(connection, table, like):
        if (unique, tail) in present:
            continue
        own = quoted(_name(table, name, index.removeprefix(f"{like}_")))
        kind = "UNIQUE INDEX" if unique else "INDEX"
        try:
            with connection.transaction():
                text = f"CREATE {kind} IF NOT EXISTS {own} ON {qualified(table, name)} {tail}"
                _run(connection, text)
        except pg.UndefinedColumn as error:
            log.warning("index not carried over", index=index, table=name, reason=str(error))


def _indexes(connection: Connection, table: sa.Table, name: str) -> list[tuple[str, bool, str]]:
    return connection.execute(_SQL["indexes"], {"table": qualified(table, name)}).fetchall()


def _execute(connection: Connection, statement: DDLElement) -> None:
    _run(connection, str(statement.compile(dialect=_DIALECT)))


def _run(connection: Connection, text: str) -> None:
    """Run a statement that is put together of quoted names and of the catalogue's own texts."""
    connection.execute(text)

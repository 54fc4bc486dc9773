"""Read tables: made beside the live one, indexed when their rows are in, dropped when replaced.

A table is made bare and gets its key and indexes later. What an administrator has added to the live
table comes along: storage parameters, and indexes over columns that the new one has too.
"""

from __future__ import annotations

from typing import Any, LiteralString

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from worker.base.db import Connection
from worker.base.sql import blocks, quoted
from worker.commands.load_plan import primary_key
from worker.store.read_tables import index_name, short_name

SQL = blocks("worker.rebuild", "tables.sql")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def schema_of(table: sa.Table) -> str:
    """The schema of a read table."""
    return str(table.schema or "query")


def qualified(table: sa.Table, name: str | None = None) -> LiteralString:
    """A read model's view, or a table of it, quoted."""
    return quoted(schema_of(table), name or str(table.name))


def live_table(connection: Connection, table: sa.Table) -> str | None:
    """The name of the table behind a read model's view, from the catalogue; None without one."""
    rows = connection.execute(SQL["behind"], {"view": qualified(table)}).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


def next_name(connection: Connection, table: sa.Table) -> str:
    """The name of a read model's next table: one version above all that are there."""
    what = {"schema": schema_of(table), "name": table.name}
    rows = connection.execute(SQL["versions"], what).fetchall()
    return f"{table.name}_v{rows[0][0] + 1}"


def create(
    connection: Connection, table: sa.Table, name: str, like: str | None, *, alike: bool
) -> None:
    """Make an empty table without key and indexes, with the storage parameters of `like`.

    If they are of the same version (`alike`), the live table says what the columns are, in whatever
    detail; else the projection does.
    """
    if like is not None and alike:
        text = "CREATE TABLE {0} (LIKE {1} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)"
        _run(connection, text.format(qualified(table, name), qualified(table, like)))
    else:
        _create_declared(connection, table, name)
    if like is not None:
        for (option,) in connection.execute(SQL["options"], {"table": qualified(table, like)}):
            _run(connection, f"ALTER TABLE {qualified(table, name)} SET ({option})")


def staging_schema(name: str) -> str:
    """The schema in which views over a table are made before they are shown."""
    return short_name(f"cqrs_{name}_views")


def declaration(table: sa.Table) -> str:
    """A read table's columns and constraints as the projection declares them."""
    return _text(CreateTable(table))


def _create_declared(connection: Connection, table: sa.Table, name: str) -> None:
    columns = [_bare(column) for column in table.c]
    checks = [
        sa.CheckConstraint(constraint.sqltext)
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    ]
    declared = sa.Table(name, sa.MetaData(), *columns, *checks, schema=schema_of(table))
    _execute(connection, CreateTable(declared))


def add_key(connection: Connection, table: sa.Table, name: str) -> None:
    """Give a table its primary key, unless it has one; its index may be there already."""
    this = {"table": qualified(table, name)}
    with connection.transaction():
        connection.execute(SQL["lock_key"], this)
        if connection.execute(SQL["has_key"], this).fetchone() is None:
            _run(connection, _key_index(table, name))
            key = quoted(_key_name(name))
            how = f"ADD CONSTRAINT {key} PRIMARY KEY USING INDEX {key}"
            _run(connection, f"ALTER TABLE {qualified(table, name)} {how}")


def declared_indexes(connection: Connection, table: sa.Table, name: str) -> list[str]:
    """What gives a table the index of its key and those that the projection declares.

    Like `missing_indexes`: each is harmless where it was done before, and waits for one that is
    under way.
    """
    declared = [CreateIndex(index, if_not_exists=True) for index in _declared(table, name)]
    texts = [_key_index(table, name), *map(_text, declared)]
    return [_one_at_a_time(connection, table, name, text) for text in texts]


def missing_indexes(
    connection: Connection, table: sa.Table, name: str, like: str
) -> dict[str, str]:
    """What gives a table the indexes that only `like` has, by the name that they have there."""
    present = {(unique, tail) for _, unique, tail in _indexes(connection, table, name)}
    missing = {}
    for index, unique, tail in _indexes(connection, table, like):
        if (unique, tail) not in present:
            own = quoted(index_name(table, name, index.removeprefix(f"{like}_")))
            kind = "UNIQUE INDEX" if unique else "INDEX"
            text = f"CREATE {kind} IF NOT EXISTS {own} ON {qualified(table, name)} {tail}"
            missing[index] = _one_at_a_time(connection, table, name, text)
    return missing


def missing_statistics(connection: Connection, table: sa.Table, name: str) -> list[str]:
    """What gathers a table's statistics, unless somebody has."""
    this = {"schema": schema_of(table), "name": name}
    if connection.execute(SQL["is_analyzed"], this).fetchone() is not None:
        return []
    return [_one_at_a_time(connection, table, name, f"ANALYZE {qualified(table, name)}")]


def cancel_detached(connection: Connection, table: sa.Table, name: str) -> None:
    """Stop statements for a table that nobody waits for any more."""
    connection.execute(SQL["cancel_detached"], {"table": qualified(table, name)})


def drop_staged_views(connection: Connection, name: str) -> None:
    """Throw away the views that were staged over a table."""
    _run(connection, f"DROP SCHEMA IF EXISTS {quoted(staging_schema(name))} CASCADE")


def drop(connection: Connection, table: sa.Table, name: str) -> None:
    """Drop a table that no view shows."""
    _run(connection, f"DROP TABLE IF EXISTS {qualified(table, name)}")


def exists(connection: Connection, table: sa.Table, name: str) -> bool:
    """Whether there is such a table."""
    row = connection.execute(SQL["exists"], {"table": qualified(table, name)}).fetchone()
    return bool(row and row[0])


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
    for constraint in copy.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            own = str(constraint.name or "_".join(constraint.columns.keys()))
            sa.Index(own, *constraint.columns, unique=True)
    for index in copy.indexes:
        index.name = sa.sql.quoted_name(index_name(table, name, str(index.name)), None)
    return sorted(copy.indexes, key=lambda index: str(index.name))


def _key_name(name: str) -> str:
    return short_name(f"{name}_pkey")


def _key_index(table: sa.Table, name: str) -> str:
    own, key = quoted(_key_name(name)), quoted(primary_key(table))
    return f"CREATE UNIQUE INDEX IF NOT EXISTS {own} ON {qualified(table, name)} ({key})"


def _indexes(connection: Connection, table: sa.Table, name: str) -> list[tuple[str, bool, str]]:
    return connection.execute(SQL["indexes"], {"table": qualified(table, name)}).fetchall()


def _one_at_a_time(connection: Connection, table: sa.Table, name: str, text: str) -> str:
    """A statement that waits for those which were sent before it for the same table."""
    which, statement = sql.Literal(qualified(table, name)), sql.SQL(text)
    return (
        sql.SQL(SQL["one_at_a_time"]).format(table=which, statement=statement).as_string(connection)
    )


def _text(statement: DDLElement) -> str:
    return str(statement.compile(dialect=_DIALECT))


def _execute(connection: Connection, statement: DDLElement) -> None:
    _run(connection, _text(statement))


def _run(connection: Connection, text: str) -> None:
    """Run a statement that is put together of quoted names and of the catalogue's own texts."""
    connection.execute(text)

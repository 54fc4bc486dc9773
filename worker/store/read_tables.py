"""Read tables as a migration creates them: from their declaration, each behind a plain view.

    query.order_summaries        the view that readers see
    query.order_summaries_v1     the table behind it, named for the version of its columns

Later versions are built beside the live table by a rebuild, and take its place behind the view.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

LONGEST_NAME = 63
"""Bytes of a name, for PostgreSQL."""


def create_read_tables(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Create each table, its indexes, and its view, in the version that its declaration has."""
    for table in tables:
        made = _versioned(table)
        connection.execute(CreateTable(made))
        for index in sorted(made.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index))
        names = connection.dialect.identifier_preparer
        view, behind = names.format_table(table), names.format_table(made)
        connection.exec_driver_sql(f"CREATE VIEW {view} AS SELECT * FROM {behind}")
    connection.exec_driver_sql("SELECT cqrs.guard_views()")


def _versioned(table: sa.Table) -> sa.Table:
    """The declared table under the name that it has in the database, its indexes likewise."""
    name = f"{table.name}_v{table.info.get('version', 1)}"
    made = table.to_metadata(sa.MetaData(), schema=table.schema or "query", name=name)
    for index in made.indexes:
        index.name = sa.quoted_name(index_name(table, name, str(index.name)), None)
    return made


def index_name(table: sa.Table, name: str, index: str) -> str:
    """`orders_by_time` of orders is `orders_v2_by_time` of orders_v2."""
    own = index.removeprefix(f"{table.name}_")
    return short_name(f"{name}_{own}")


def short_name(name: str) -> str:
    """A name that PostgreSQL does not cut: two long ones that begin alike stay two."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    head = name.encode()[: LONGEST_NAME - 9].decode(errors="ignore")
    return f"{head}_{crc32(name.encode()):08x}"

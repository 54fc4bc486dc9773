"""Read tables as a migration creates them: from their declaration, each behind a plain view.

    query.order_summaries        the view that readers see
    query.order_summaries_v1     the table behind it, named for the version of its columns

Later versions are built beside the live table by a rebuild, and take its place behind the view.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable


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


def _versioned(table: sa.Table) -> sa.Table:
    """The declared table under the name that it has in the database, its indexes likewise."""
    name = f"{table.name}_v{table.info.get('version', 1)}"
    made = table.to_metadata(sa.MetaData(), schema=table.schema or "query", name=name)
    for index in made.indexes:
        own = str(index.name).removeprefix(f"{table.name}_")
        index.name = sa.quoted_name(f"{name}_{own}", None)
    return made

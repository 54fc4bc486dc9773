"""Tables: their rows, and how Python describes them beside those that the database has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg.rows import dict_row

from tests.conftest import Database
from worker.base import db
from worker.base.db import Connection

INSERT, DELETE, UPDATE, TRUNCATE = 4, 8, 16, 32
"""What a trigger fires at: bits of `pg_trigger.tgtype`."""


@dataclass
class Tables:
    """A database of a test's own, whose tables are looked at by equality."""

    database: Database

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table, as the database has them, by equality, in order of the first column."""
        condition = " AND ".join(f"{column} = %({column})s" for column in where) or "true"
        query = f"SELECT * FROM {table} WHERE {condition} ORDER BY 1"
        with self.database.connect() as connection:
            return connection.cursor(row_factory=dict_row).execute(query, where).fetchall()

    def row(self, table: str, **where: Any) -> dict[str, Any]:
        """The one row."""
        (row,) = self.rows(table, **where)
        return row


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection of SQLAlchemy's, and of no pool."""
    engine = sa.create_engine(db.sqlalchemy_url(url))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def differences(connection: sa.Connection, metadata: sa.MetaData) -> list[Any]:
    """What alembic would change in the database to make it like these tables."""
    ours = {table.name for table in metadata.tables.values()}

    def mine(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name == metadata.schema
        return kind != "table" or name in ours

    options = {"include_schemas": True, "include_name": mine, "compare_type": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def physical(read: sa.MetaData) -> sa.MetaData:
    """Read tables under the names that they have in the database, their indexes likewise."""
    made = sa.MetaData(schema="query")
    for table in read.tables.values():
        copied = table.to_metadata(made, name=f"{table.name}_v1")
        for index in copied.indexes:
            index.name = sa.quoted_name(str(index.name).replace(table.name, copied.name, 1), None)
    return made


def audited(connection: Connection, table: sa.Table) -> dict[int, str]:
    """What of a table is recorded, and with which arguments (the key, then what is left out)."""
    rows = connection.execute(
        """
        SELECT tgtype & 60, encode(tgargs, 'escape')
          FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal
           AND tgfoid = 'cqrs.record_audit()'::regprocedure AND tgtype & 1 = 0
        """,
        [table.fullname],
    )
    return dict(rows.fetchall())

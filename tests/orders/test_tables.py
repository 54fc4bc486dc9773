"""The tables: as Python describes them, audited, and unwilling to hold what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, LiteralString

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.orders import read, write
from tests.conftest import Database
from worker.base import db, migrate
from worker.commands.load_plan import primary_key


# ---------------------------------------------------------------- Python and the database agree
@pytest.fixture
def differences(database: Database) -> Iterator[Any]:
    """What alembic would change in the database to make it like some tables."""
    engine = sa.create_engine(db.sqlalchemy_url(database.url))
    with engine.connect() as connection:

        def compare(metadata: sa.MetaData) -> list[Any]:
            return _differences(connection, metadata)

        yield compare
    engine.dispose()


def _differences(connection: sa.Connection, metadata: sa.MetaData) -> list[Any]:
    ours = {table.name for table in metadata.tables.values()}

    def mine(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name == metadata.schema
        return kind != "table" or name in ours

    options = {"include_schemas": True, "include_name": mine, "compare_type": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_the_write_tables_are_as_described(differences: Any) -> None:
    assert differences(write.metadata) == []


def test_the_read_tables_are_as_described(differences: Any) -> None:
    physical = sa.MetaData(schema="query")
    for table in read.metadata.tables.values():
        _as_version_1(table, physical)

    assert differences(physical) == []


def _as_version_1(table: sa.Table, physical: sa.MetaData) -> None:
    """Copy a read table under the name that it has in the database, its indexes likewise."""
    made = table.to_metadata(physical, name=f"{table.name}_v1")
    for index in made.indexes:
        index.name = sa.quoted_name(str(index.name).replace(table.name, made.name, 1), None)


def test_a_difference_would_be_found(differences: Any) -> None:
    other = sa.MetaData(schema="command")
    for table in write.metadata.tables.values():
        table.to_metadata(other)
    other.tables["command.products"].append_column(sa.Column("colour", sa.Text))

    assert [change[0] for change in differences(other)] == ["add_column"]


@pytest.mark.parametrize("table", read.metadata.tables.values(), ids=lambda table: table.name)
def test_a_read_model_is_a_view_of_its_table(database: Database, table: sa.Table) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT column_name::text FROM information_schema.columns"
            " WHERE table_schema = 'query' AND table_name = %s ORDER BY ordinal_position",
            [table.name],
        )
        assert [row[0] for row in rows] == [column.name for column in table.c]


# ---------------------------------------------------------------- keys, indexes, roles
def test_every_foreign_key_has_an_index_that_begins_with_it(database: Database) -> None:
    with database.connect() as connection:
        missing = connection.execute(
            """
            SELECT c.conname FROM pg_constraint AS c
             WHERE c.contype = 'f' AND c.connamespace = 'command'::regnamespace
               AND NOT EXISTS (SELECT FROM pg_index AS i
                                WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
                                  AND i.indkey[0] = c.conkey[1])
            """
        ).fetchall()
        count = connection.execute(
            "SELECT count(*) FROM pg_constraint"
            " WHERE contype = 'f' AND connamespace = 'command'::regnamespace"
        ).fetchone()
    assert missing == []
    assert count is not None
    assert count[0] >= 4  # those of orders; each domain brings its own


@pytest.mark.parametrize("view", ["revenue_by_product", "customer_lifetime_value"])
def test_a_materialized_view_can_be_refreshed_while_it_is_read(
    database: Database, view: LiteralString
) -> None:
    with database.connect() as connection:
        connection.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY query.{view}")
        connection.execute("SET ROLE cqrs_reader")
        assert connection.execute(f"SELECT count(*) FROM query.{view}").fetchone() == (0,)


def test_readers_see_the_read_side_alone(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("SET ROLE cqrs_reader")
        connection.execute("TABLE query.order_summaries")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("TABLE command.orders")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM query.order_summaries")


def test_the_database_is_at_the_version_of_the_code(database: Database) -> None:
    assert migrate.head() == migrate.current()
    with pytest.raises(NotImplementedError, match="hold the truth"):
        import_module("models.orders.migrations.0001_orders").downgrade()


# ---------------------------------------------------------------- the audit triggers
@pytest.mark.parametrize("table", write.metadata.tables.values(), ids=lambda table: table.name)
def test_every_write_table_is_audited(database: Database, table: sa.Table) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            """
            SELECT tgtype & 60, encode(tgargs, 'escape')
              FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal
               AND tgfoid = 'cqrs.record_audit()'::regprocedure AND tgtype & 1 = 0
            """,
            [table.fullname],
        ).fetchall()
    insert, delete, update, truncate = 4, 8, 16, 32
    assert {kind for kind, _ in rows} == {insert, delete, update, truncate}
    assert {arguments for _, arguments in rows} == {primary_key(table) + "\\000"}

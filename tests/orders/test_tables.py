"""The tables: as Python describes them, audited, and unwilling to hold what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import LiteralString

import psycopg
import pytest
import sqlalchemy as sa

from models.orders import read, write
from tests.conftest import Database
from tests.support.tables import (
    DELETE,
    INSERT,
    TRUNCATE,
    UPDATE,
    audited,
    connected,
    differences,
    physical,
)
from worker.base import migrate
from worker.commands.load_plan import primary_key


# ---------------------------------------------------------------- Python and the database agree
@pytest.fixture
def connection(database: Database) -> Iterator[sa.Connection]:
    with connected(database.url) as made:
        yield made


def test_the_write_tables_are_as_described(connection: sa.Connection) -> None:
    assert differences(connection, write.metadata) == []


def test_the_read_tables_are_as_described(connection: sa.Connection) -> None:
    assert differences(connection, physical(read.metadata)) == []


def test_a_difference_would_be_found(connection: sa.Connection) -> None:
    other = sa.MetaData(schema="command")
    for table in write.metadata.tables.values():
        table.to_metadata(other)
    other.tables["command.products"].append_column(sa.Column("colour", sa.Text))

    assert [change[0] for change in differences(connection, other)] == ["add_column"]


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
        recorded = audited(connection, table)
    assert recorded == dict.fromkeys(
        (INSERT, DELETE, UPDATE, TRUNCATE), f"{primary_key(table)}\\000"
    )

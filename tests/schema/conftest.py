"""What the tests of schema changes share: a database without a domain, a context, short limits.

One database serves all of these tests; between two, everything that is not the engine's is dropped
and the history emptied, which takes a third of the time that a new database takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.conftest import Database, in_database
from tests.schema.registry import SmallReadSide
from worker.embedded import Servers
from worker.schema.catalogue.context import Context, Limits

Connection = psycopg.Connection[Any]
NAME = f"cqrs_schema_tests_{os.getpid()}"
"""Of this process: on a server of yours, several of them run tests side by side."""
EMPTY = """
    DO $$
    DECLARE other text;
    BEGIN
        FOR other IN SELECT format('%I', nspname) FROM pg_namespace
                      WHERE nspname !~ '^pg_' AND nspname NOT IN ('cqrs', 'information_schema')
        LOOP
            EXECUTE format('DROP SCHEMA %s CASCADE', other);
        END LOOP;
    END $$;
    CREATE SCHEMA command; CREATE SCHEMA query; CREATE SCHEMA public;
    TRUNCATE cqrs.deployments, cqrs.changesets, cqrs.changeset_operations
"""


@pytest.fixture(scope="session")
def bare(servers: Servers, template: str) -> Iterator[Database]:
    """A migrated database for these tests."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME} TEMPLATE {template} STRATEGY FILE_COPY")
    yield Database(NAME, in_database(servers.database_url, NAME))
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def database(bare: Database) -> Database:
    """The database, with nothing but the engine in it."""
    with bare.connect(options="-c client_min_messages=warning") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute(EMPTY)
    return bare


@pytest.fixture
def connect(database: Database) -> Callable[[], Connection]:
    """Opens connections to the test's database, in autocommit."""
    return lambda: psycopg.connect(database.url, autocommit=True)


@pytest.fixture
def read_side(connect: Callable[[], Connection]) -> SmallReadSide:
    """Nothing depends on anything, until a test says so."""
    return SmallReadSide(connect)


@pytest.fixture
def context(connect: Callable[[], Connection], read_side: SmallReadSide) -> Context:
    """Limits short enough to be reached in a test."""
    limits = Limits(
        lock_timeout=0.2, statement_timeout=20, lock_attempts=2, lock_pause=0.01, turn_timeout=0.5
    )
    return Context(connect, read_side, limits, actor="tester")


@pytest.fixture
def db(connect: Callable[[], Connection]) -> Iterator[Connection]:
    """A connection to look at what happened."""
    with connect() as connection:
        yield connection

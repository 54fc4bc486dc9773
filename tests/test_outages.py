"""Servers that go away for a while: late is fine, lost is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest

from tests.conftest import Database
from tests.support.things.commands import add_thing
from tests.support.workers import Workers, until
from worker.base import db
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.embedded import Servers

pytestmark = pytest.mark.usefixtures("things")


@contextmanager
def away(servers: Servers, database: Database) -> Iterator[None]:
    """The database takes no connections, and those that it had are cut."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(cut, [database.name])
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")


def test_commands_sent_while_the_database_is_away_run_when_it_is_back(
    servers: Servers, database: Database, workers: Workers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    assert add_thing.delay(price=Decimal("1.00")).receipt(20).succeeded
    with away(servers, database):
        one = add_thing.delay(price=Decimal("2.00"))
        many = add_thing.delay_many([{"price": "3.00"}, {"price": "4.00"}])
        until(lambda: one.state == "RETRY", 20, f"not tried: {worker.log.read_text()[-2000:]}")
    assert [handle.receipt(40).succeeded for handle in (one, *many)] == [True] * 3


def test_a_connection_that_was_cut_is_replaced_without_anybody_noticing(
    servers: Servers, database: Database
) -> None:
    def add() -> Receipt:
        (outcome,) = execute([Envelope(uuid7(), "things.add", {"price": "1.00"})]).outcomes
        assert isinstance(outcome, Receipt)
        return outcome

    assert add().succeeded
    with away(servers, database):
        pass
    assert add().succeeded


def test_a_changed_schema_does_not_fail_the_commands_that_run_on(database: Database) -> None:
    thing = str(uuid7())
    for payload in ({"thing_id": thing, "price": "1.00"},):
        execute([Envelope(uuid7(), "things.add", payload)])
    bump = {"thing_id": thing}
    for _ in range(3):
        execute([Envelope(uuid7(), "things.bump", bump)])
    with database.connect() as connection:
        connection.execute("ALTER TABLE command.things ALTER COLUMN n TYPE bigint")
    (outcome,) = execute([Envelope(uuid7(), "things.bump", bump)]).outcomes
    assert isinstance(outcome, Receipt)
    assert outcome.data == {"n": 4}
    assert db.dbname(database.url) == database.name

"""Two servers in one URL: the primary is killed, its standby promoted, and nothing is lost.

Both are real, out of the wheel's own programs, replicating synchronously.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis as redis_py
from psycopg import errors as pg

from tests.conftest import test_settings
from tests.support import shop
from tests.support.cluster import Cluster, folder
from tests.support.workers import until
from worker import event_log
from worker.base import db, migrate
from worker.base.db_errors import is_away
from worker.base.errors import ServerUnavailable
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.embedded import Servers, client_programs
from worker.ops import servers as ops_servers
from worker.testing.servers import in_use
from worker.testing.system import System

COMMANDS = 120
PATIENCE = 60.0


@dataclass
class Pair:
    """A primary and its synchronous standby."""

    primary: Cluster
    standby: Cluster

    def url(self, form: str) -> str:
        """Both in one URL, the standby first: whoever takes the first that answers takes it."""
        first, second = self.standby.port, self.primary.port
        return {
            "libpq": f"postgresql://postgres@127.0.0.1:{first},127.0.0.1:{second}/postgres",
            "libpq, which is wanted": f"postgresql://postgres@127.0.0.1:{first},127.0.0.1:{second}"
            "/postgres?target_session_attrs=read-write",
            "SQLAlchemy": "postgresql+psycopg://postgres@/postgres"
            f"?host=127.0.0.1:{first}&host=127.0.0.1:{second}",
        }[form]

    def fail_over(self) -> None:
        """The primary is gone, and the standby takes its place."""
        self.primary.kill()
        self.standby.promote()
        with psycopg.connect(self.standby.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def pair() -> Iterator[Pair]:
    programs = client_programs()
    assert programs is not None
    with folder() as made:
        one, two = Cluster(programs, made / "one"), Cluster(programs, made / "two")
        one.make()
        try:
            one.start()
            two.copy_of(one)
            two.start()
            with psycopg.connect(one.url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("SELECT pg_reload_conf()")
                synced = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
                until(lambda: connection.execute(synced).fetchall() == [(1,)], PATIENCE)
            yield Pair(one, two)
        finally:
            one.kill()
            two.kill()


@pytest.mark.parametrize("form", ["libpq", "libpq, which is wanted", "SQLAlchemy"])
def test_a_failover_loses_nothing_that_was_acknowledged(
    pair: Pair, servers: Servers, redis: redis_py.Redis, tmp_path: Path, form: str
) -> None:
    with in_use(test_settings(servers, pair.url(form), tmp_path)):
        migrate.upgrade()
        customer, product = shop.customer(), shop.product(100_000)
        orders = [
            Envelope(uuid7(), "orders.create_order", shop.order(customer, product))
            for _ in range(COMMANDS)
        ]
        receipts = []
        for number, order in enumerate(orders):
            if number == COMMANDS // 2:
                pair.fail_over()
            receipts.append(_until_done(order))
        assert all(receipt.succeeded for receipt in receipts)
        System("postgres", pair.standby.url).catch_up()

    with psycopg.connect(pair.standby.url) as connection:
        for table in ("cqrs.receipts WHERE name = 'orders.create_order'", "query.order_summaries"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (
                COMMANDS,
            )


def _until_done(envelope: Envelope) -> Receipt:
    """As a worker does: put off while the server is away, and tried again under the same id."""
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            (outcome,) = execute([envelope]).outcomes
            if isinstance(outcome, Receipt):
                return outcome
            error: BaseException = outcome
        except (psycopg.Error, ServerUnavailable) as raised:
            error = raised
        away = isinstance(error, ServerUnavailable) or (
            isinstance(error, psycopg.Error) and is_away(error)
        )
        if not away and not isinstance(error.__cause__, psycopg.Error | ServerUnavailable):
            raise error
        assert time.monotonic() < limit, error
        time.sleep(0.1)  # the back-off of a worker


def test_a_standby_gives_no_horizon_and_the_status_asks_the_primary(
    pair: Pair, servers: Servers, redis: redis_py.Redis, tmp_path: Path
) -> None:
    with in_use(test_settings(servers, pair.url("libpq"), tmp_path)):
        migrate.upgrade()
        with db.writer() as connection:
            assert event_log.horizon(connection) == 0
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        assert ops_servers.servers()[0].problem is None
        with psycopg.connect(pair.standby.url, autocommit=True) as standby:
            with pytest.raises(pg.ObjectNotInPrerequisiteState, match="known on the primary only"):
                event_log.horizon(standby)
            with pytest.raises(pg.ReadOnlySqlTransaction):
                event_log.append(standby, [event_log.NewEvent("s", "t", {})])

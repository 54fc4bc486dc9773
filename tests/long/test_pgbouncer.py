"""PgBouncer between us and PostgreSQL, a real one: what works, and what is refused by name.

How it is had: see tests/support/pgbouncer.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import errors as pg

from tests.conftest import Database
from tests.support.pgbouncer import pooler, program
from tests.support.things.commands import add_thing
from tests.support.things.history import Things
from tests.support.things.queries import uncached_thing
from tests.support.workers import Workers
from worker import rebuild, refresh
from worker.base import db, settings
from worker.base.errors import ServerUnavailable
from worker.embedded import Servers
from worker.testing.system import System

pytestmark = pytest.mark.skipif(
    program() is None, reason="no PgBouncer: neither on PATH nor by `apt-get download pgbouncer`"
)


@contextmanager
def behind(servers: Servers, database: Database, **ini: str) -> Iterator[str]:
    """The whole engine, its children too, behind a pooler with these settings."""
    with pooler(servers.database_url, **ini) as url:
        before = settings.get_settings()
        ours = f"{url}{database.name}"
        with settings.using(before.model_copy(update={"database_url": ours})):
            db.close()
            try:
                yield ours
            finally:
                db.close()


@pytest.mark.parametrize(
    "ini", [{}, {"ignore_startup_parameters": "options"}], ids=["as it comes", "options ignored"]
)
def test_in_session_mode_all_of_it_works_and_every_guard_is_there(
    servers: Servers, things: Things, redis: Any, ini: dict[str, str]
) -> None:
    with behind(servers, things, pool_mode="session", **ini) as url:
        system = System(things.name, url)
        assert system.run(add_thing, price=Decimal("1.00")).succeeded
        system.catch_up()
        things.add(7)
        system.catch_up()
        rebuild.rebuild("things.list")
        assert uncached_thing.ask(name="7").data is not None
        refresh.refresh_all()

        with db.commands() as connection:
            assert _asked(connection, "SELECT current_user") == "cqrs_writer"
            assert _asked(connection, "SHOW statement_timeout") == "1min"
            assert _asked(connection, "SHOW lock_timeout") == "10s"
        with db.reader() as connection:
            assert _asked(connection, "SELECT current_user") == "cqrs_reader"
            with pytest.raises(pg.ReadOnlySqlTransaction):
                connection.execute("CREATE TABLE query.t ()")


def test_in_session_mode_workers_run_commands(servers: Servers, things: Things, redis: Any) -> None:
    with behind(servers, things, pool_mode="session"):
        workers = Workers(settings.get_settings())
        try:
            workers.start(["commands"], concurrency=2)
            handles = [add_thing.delay(price=Decimal("1.00")) for _ in range(50)]
            assert all(handle.receipt(30).succeeded for handle in handles)
        finally:
            workers.stop()


@pytest.mark.parametrize("use", ["commands", "writer", "sender", "reader", "owner"])
@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("size", ["1", "20"])
def test_a_pooler_that_changes_sessions_is_refused_by_name(
    servers: Servers, database: Database, use: str, mode: str, size: str
) -> None:
    borrow: Callable[[], Any] = getattr(db, use)
    with (
        behind(servers, database, pool_mode=mode, default_pool_size=size),
        pytest.raises(ServerUnavailable, match="pool_mode = session") as refused,
        borrow(),
    ):
        raise AssertionError("a connection was given")
    assert refused.value.what == "cannot be worked with through this pooler"


@pytest.mark.parametrize("round_robin", ["0", "1"])
def test_it_is_found_out_while_others_use_the_pool_as_well(
    servers: Servers, database: Database, round_robin: str
) -> None:
    stop = threading.Event()
    ini = {"pool_mode": "transaction", "server_round_robin": round_robin}

    def busy(url: str) -> None:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            while not stop.is_set():
                connection.execute("SELECT pg_sleep(random() * 0.002)")

    with behind(servers, database, **ini) as url:
        others = [threading.Thread(target=busy, args=[url]) for _ in range(6)]
        for other in others:
            other.start()
        try:
            for _ in range(30):
                with pytest.raises(ServerUnavailable, match="pool_mode"), db.writer():
                    raise AssertionError("a connection was given")
        finally:
            stop.set()
            for other in others:
                other.join()


@pytest.mark.settings(connect_timeout=1)
def test_a_pool_that_has_nothing_free_says_what_to_raise(
    servers: Servers, database: Database
) -> None:
    with (
        behind(servers, database, pool_mode="session", default_pool_size="1"),
        pytest.raises(ServerUnavailable, match="default_pool_size") as refused,
        db.writer(),
    ):
        raise AssertionError("a connection was given")
    assert refused.value.what == "has no session for us"


def _asked(connection: psycopg.Connection[Any], question: str) -> Any:
    return connection.execute(question.encode()).fetchall()[0][0]

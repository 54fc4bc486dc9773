"""Servers that go away for a while: late is fine, lost is not."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py
from celery import states
from kombu import Producer, Queue

from tests.conftest import Database
from tests.support.things.commands import add_thing
from tests.support.things.history import Things
from tests.support.things.queries import thing, uncached_thing
from tests.support.workers import Workers, slowness, until
from worker import CommandResult, ReceiptTimeout, ServerUnavailable, get_settings
from worker.base import db, settings
from worker.base.app import app
from worker.base.celery_internals import result_backend
from worker.base.intake.channel import BrokerConnection
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, Status, uuid7
from worker.embedded import Servers, valkey
from worker.embedded.folders import Folders
from worker.embedded.watchdog import watching
from worker.queries import consistency

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


class OwnRedis:
    """Broker and result store of a test's own, to be ended and to hang."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.pid, self.port, _ = valkey.start(folders, durable=True)
        self.url = f"redis://127.0.0.1:{self.port}/"

    def stop(self) -> None:
        """End it; nothing listens at its address."""
        valkey.stop(self.folders)

    def start(self) -> None:
        """Start it again, where it was: it keeps its port."""
        self.pid, port, _ = valkey.start(self.folders, durable=True)
        assert port == self.port

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and answers nobody."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@pytest.fixture
def own_redis(things: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    """A Redis of this test's own, named by the settings; the pools of before are forgotten."""
    with tempfile.TemporaryDirectory(prefix="cqrs-away-") as home, watching(Path(home)):
        folders = Folders.make(Path(home))
        own = OwnRedis(folders)
        addresses = {"broker_url": own.url + "0", "result_url": own.url + "1"}
        monkeypatch.setattr(settings, "_current", settings.changed(get_settings(), **addresses))
        app.forget_connections()
        backend = result_backend(app, own.url + "1")
        monkeypatch.setattr(app, "_backend_cache", backend)
        try:
            yield own
        finally:
            app.forget_connections()
            valkey.stop(folders)
            Folders.remove(Path(home))


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes that ends with ServerUnavailable."""
    began = time.monotonic()
    with pytest.raises(ServerUnavailable):
        call()
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.settings(connect_timeout=2)
@pytest.mark.parametrize("used", [False, True], ids=["at first", "after others"])
def test_a_command_that_cannot_be_sent_says_which_server_is_away(
    own_redis: OwnRedis, used: bool
) -> None:
    if used:
        add_thing.delay(price=Decimal("1.00"))
    with own_redis.hanging():
        assert seconds(lambda: add_thing.delay(price=Decimal("1.00"))) < 2 * slowness()
        assert seconds(lambda: add_thing.delay_many([{"price": "1.00"}])) < 2 * slowness()
    own_redis.stop()
    assert seconds(lambda: add_thing.delay(price=Decimal("1.00"))) < 1 * slowness()
    with pytest.raises(ServerUnavailable, match=f"broker is not reachable at {own_redis.url}0"):
        add_thing.delay(price=Decimal("1.00"))
    own_redis.start()
    add_thing.delay(price=Decimal("1.00"))


@pytest.mark.slow
@pytest.mark.settings(connect_timeout=2)
def test_a_receipt_comes_from_the_database_while_redis_is_away(own_redis: OwnRedis) -> None:
    handle = add_thing.delay(price=Decimal("1.00"))
    other = add_thing.delay(price=Decimal("1.00"))
    own_redis.stop()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(handle.receipt, 20)
        execute([Envelope(handle.command_id, "things.add", {"price": "1.00"})])
        assert waiting.result().succeeded
    assert time.monotonic() - began < 3 * slowness()
    with pytest.raises(ReceiptTimeout):
        other.receipt(0.1)
    with pytest.raises(ServerUnavailable, match="the result store is not reachable"):
        handle.get(timeout=0.7)


@pytest.mark.slow
def test_a_wait_for_a_result_outlasts_a_restart_of_redis(own_redis: OwnRedis) -> None:
    handle = add_thing.delay(price=Decimal("1.00"))
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(handle.get, 30)
        until(lambda: handle.backend.result_consumer.subscribed_to, 10, "nobody listens")
        own_redis.stop()
        own_redis.start()
        receipt = Receipt(handle.command_id, handle.name, Status.SUCCEEDED)
        handle.backend.store_result(handle.id, receipt.to_json(), states.SUCCESS)
        assert waiting.result()["status"] == "succeeded"


def settled_one() -> CommandResult:
    """The handle of a command that has its receipt, in the database alone."""
    (outcome,) = execute([Envelope(uuid7(), "things.add", {"price": "1.00"})]).outcomes
    assert isinstance(outcome, Receipt)
    return add_thing.AsyncResult(str(outcome.command_id))


def fill_the_pools() -> None:
    """Have several connections of each pool open and idle."""
    with ExitStack() as held:
        for borrow in (db.writer, db.reader, db.owner) * 4:
            held.enter_context(borrow()).execute("SELECT 1")


def test_connections_that_were_cut_are_replaced_for_whoever_reads(
    servers: Servers, database: Database, things: Things
) -> None:
    handle = settled_one()
    fill_the_pools()
    with away(servers, database):
        pass
    for _ in range(5):
        assert handle.stored_receipt() == handle.receipt(0.1)
        thing.ask(name="pen", after=0)
        consistency.last_position()


@pytest.mark.parametrize("borrow", [db.writer, db.commands, db.reader, db.owner, db.sender])
def test_nobody_is_given_a_connection_that_the_server_has_ended(
    database: Database, borrow: Callable[[], AbstractContextManager[db.Connection]]
) -> None:
    """Whatever it is for: who writes cannot simply do it again."""
    with borrow() as first, borrow() as second:
        first.execute("SELECT 1")
        second.execute("SELECT 1")
    with database.connect() as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert len(ended) >= 2
    for _ in range(3):
        with borrow() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.settings(connect_timeout=2)
def test_a_wait_goes_on_while_the_database_is_away_and_says_so_at_its_end(
    servers: Servers, database: Database, things: Things, redis: redis_py.Redis
) -> None:
    handle, unknown = settled_one(), add_thing.AsyncResult(str(uuid7()))
    things.move("pen", "ada")
    last = consistency.last_position()
    fill_the_pools()
    with ThreadPoolExecutor(2) as threads, away(servers, database):
        for call in (
            handle.stored_receipt,
            lambda: uncached_thing.ask(name="pen"),
            lambda: unknown.receipt(0.7),
        ):
            assert seconds(call) < 2 * slowness()
        waiting = threads.submit(handle.receipt, 30)
    assert waiting.result() == handle.stored_receipt()
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(partial(uncached_thing.ask, name="pen", after=last, timeout=30))
        until(lambda: redis.keys("cqrs:wake:cqrs.project*"), 10, "nobody waits")
        with away(servers, database):
            assert not asking.done()
        things.project()
        assert (asking.result().as_of or 0) >= last


def test_a_channel_whose_connection_is_closed_before_it_ends_nobody(own_redis: OwnRedis) -> None:
    # So it is in a worker whose broker goes away at the wrong moment: kombu raised AttributeError
    # where Celery's consumer closes the connection once more, and the worker ended.
    connection: Any = BrokerConnection(own_redis.url + "0")  # type: ignore[no-untyped-call]
    channel = connection.default_channel
    queue = Queue("closed-first", channel=channel)
    queue.declare()
    Producer(channel).publish({"n": 1}, routing_key="closed-first")
    assert channel.basic_get("closed-first") is not None
    own_redis.stop()

    connection.transport.client = None  # as its end leaves it
    channel.close()

    assert channel.closed

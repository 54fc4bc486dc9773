"""Callers that are coroutines: enqueue, send, wait and ask, while the event loop goes on."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
import pytest
import redis as redis_py
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.things.queries import thing
from tests.support.waiting import wait_for_waiting
from tests.support.workers import ROOT, Workers, environment, slowness, until
from tests.test_enqueue import nobody_looks, waiting, woken
from worker.base import awaiting
from worker.base.actor import acting_as
from worker.base.app import app
from worker.base.settings import get_settings
from worker.base.urls import sqlalchemy_url
from worker.cache.entries import Snapshot
from worker.commands import receipt_watcher
from worker.commands import receipts as receipts_table
from worker.commands.after_commit import publish_results
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandIdReused, InvalidCommand, NoTransaction, ReceiptTimeout
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, Status, uuid7
from worker.event_log.sources import Sources
from worker.queries import consistency
from worker.queries.errors import InvalidQuery, ReadModelBehind
from worker.schema import tasks as schema_tasks

T = TypeVar("T")
ONE = Decimal("1.00")
BEAT = 0.005
LONGEST_STANDSTILL = 0.25
"""Seconds; a blocked loop stands still for as long as the server does: seconds, in these tests."""

pytestmark = pytest.mark.usefixtures("things", "redis")


@asynccontextmanager
async def async_engine(**options: Any) -> AsyncIterator[AsyncEngine]:
    """An application's engine, on psycopg in its asynchronous form."""
    engine = create_async_engine(sqlalchemy_url(get_settings().servers.database), **options)
    try:
        yield engine
    finally:
        await engine.dispose()


async def is_woken() -> None:
    """Wait until the workers are woken, once; the loop goes on."""
    await asyncio.to_thread(until, woken, 10, "nobody was woken")
    await asyncio.to_thread(until, nobody_looks, 10)
    assert woken() == ["cqrs.drain"]


class Heart:
    """Beats while its block lasts; `longest` is the longest that the loop stood still."""

    def __init__(self) -> None:
        self.beats, self.longest = 0, 0.0

    async def __aenter__(self) -> Heart:
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _beat(self) -> None:
        clock = asyncio.get_running_loop().time
        last = clock()
        while True:
            await asyncio.sleep(BEAT)
            now = clock()
            self.beats, self.longest, last = self.beats + 1, max(self.longest, now - last), now


async def beside_a_heart(waits: Awaitable[T]) -> T:
    """What is awaited, while a heart beats that must not stand still."""
    async with Heart() as heart:
        value = await waits
    assert heart.beats >= 1
    assert heart.longest < LONGEST_STANDSTILL * slowness()
    return value


# ---------------------------------------------------------------------------- enqueue
def test_an_asynchronous_session_enqueues_in_its_own_transaction(database: Database) -> None:
    async def enqueue() -> None:
        async with async_engine() as engine, AsyncSession(engine) as session:
            await add_thing.aenqueue(session, price=ONE)
            await session.rollback()
            assert woken() == []
            handle = await add_thing.aenqueue(session, price=Decimal("2.00"), key="k")
            await session.run_sync(lambda s: add_thing.enqueue(s, price=Decimal("3.00")))
            assert isinstance(handle, CommandResult)
            assert woken() == []
            await session.commit()
            await is_woken()

    asyncio.run(enqueue())
    assert [payload["price"] for _, payload in waiting(database)] == ["2.00", "3.00"]


def test_an_asynchronous_connection_enqueues_in_its_own_transaction(database: Database) -> None:
    async def enqueue() -> None:
        async with async_engine() as engine, engine.connect() as connection:
            await add_thing.aenqueue(connection, price=ONE)
            await connection.rollback()
            await asyncio.to_thread(until, nobody_looks, 10)
            await asyncio.to_thread(forget_the_wake_up)
            await add_thing.aenqueue_many(connection, [{"price": "2.00"}, {"price": "3.00"}])
            await connection.run_sync(by_a_plain_function)
            await connection.commit()
            await is_woken()

    def by_a_plain_function(connection: sa.Connection) -> None:
        add_thing.enqueue(connection, price=Decimal("4.00"))

    asyncio.run(enqueue())
    assert [payload["price"] for _, payload in waiting(database)] == ["2.00", "3.00", "4.00"]


@pytest.mark.parametrize("pipelined", [False, True], ids=["", "in a pipeline"])
def test_psycopgs_asynchronous_connection_enqueues_in_its_own_transaction(
    database: Database, pipelined: bool
) -> None:
    async def enqueue() -> None:
        async with await psycopg.AsyncConnection.connect(database.url) as connection:
            await add_thing.aenqueue(connection, price=ONE)
            await connection.rollback()
            await asyncio.to_thread(until, nobody_looks, 10)
            await asyncio.to_thread(forget_the_wake_up)
            if pipelined:
                async with connection.pipeline(), connection.transaction():
                    await add_thing.aenqueue(connection, price=Decimal("2.00"))
            else:
                await add_thing.aenqueue(connection, price=Decimal("2.00"))
            await connection.commit()
            await is_woken()

    asyncio.run(enqueue())
    assert [payload["price"] for _, payload in waiting(database)] == ["2.00"]


def forget_the_wake_up() -> None:
    """Begin again, as if nobody had been woken yet. (A rollback ends a transaction too.)"""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        broker.flushall()


def test_the_end_of_an_asynchronous_savepoint_is_no_commit(database: Database) -> None:
    async def enqueue() -> None:
        async with async_engine() as engine, AsyncSession(engine) as session:
            async with session.begin_nested():
                await add_thing.aenqueue(session, price=ONE)
            assert woken() == []
            await session.commit()
            await is_woken()

    asyncio.run(enqueue())
    assert len(waiting(database)) == 1


def test_what_cannot_be_enqueued_says_so_to_coroutines_too(database: Database) -> None:
    id_ = uuid7()

    async def enqueue() -> None:
        async with async_engine(isolation_level="AUTOCOMMIT") as engine, engine.connect() as auto:
            with pytest.raises(NoTransaction, match="without isolation_level='AUTOCOMMIT'"):
                await add_thing.aenqueue(auto, price=ONE)
        async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as raw:
            with pytest.raises(NoTransaction, match=r"connection\.transaction"):
                await add_thing.aenqueue(raw, price=ONE)
            async with raw.transaction():
                await add_thing.aenqueue(raw, price=ONE, command_id=id_)
                with pytest.raises(CommandIdReused):
                    await add_thing.aenqueue(raw, price=Decimal("2.00"), command_id=id_)
            with pytest.raises(InvalidCommand, match="price"):
                await add_thing.aenqueue(raw, price=Decimal("-1"))
        with pytest.raises(TypeError, match=r"aenqueue takes .* asynchronous"):
            await add_thing.aenqueue(database, price=ONE)  # type: ignore[call-overload]
        with pytest.raises(InvalidCommand, match=r"send it with .delay\(\)"):
            await schema_tasks.execute_changeset.aenqueue(raw)

    asyncio.run(enqueue())
    assert len(waiting(database)) == 1


# ---------------------------------------------------------------------------- send and wait
@pytest.mark.slow
def test_a_coroutine_sends_waits_and_asks(workers: Workers, things: Things) -> None:
    workers.start()

    async def use() -> tuple[Receipt, list[Receipt], Any]:
        with acting_as("user:1"):
            handle = await add_thing.adelay(price=ONE)
        receipt = await handle.areceipt(30)
        bump = await bump_thing.adelay(thing_id=receipt.data["thing_id"])
        many = await add_thing.adelay_many([{"price": "1.00"}, {"price": "2.00"}])
        receipts = await asyncio.gather(*(one.areceipt(30) for one in (bump, *many)))
        return receipt, receipts, await thing.aask(name="nobody", after=receipts[-1])

    receipt, receipts, answer = asyncio.run(beside_a_heart(use()))
    assert (receipt.actor, receipt.status) == ("user:1", Status.SUCCEEDED)
    assert [one.status for one in receipts] == [Status.SUCCEEDED] * 3
    assert answer.data is None
    assert answer.as_of >= receipts[-1].position


def test_a_thousand_coroutines_wait_with_few_threads_and_connections(database: Database) -> None:
    """Half of them hear of their receipts by the result backend, half find them in PostgreSQL."""
    commands = [Envelope(uuid7(), add_thing.name, {"price": "1.00"}) for _ in range(1_000)]
    heard, found = commands[:500], commands[500:]

    async def wait() -> list[Receipt]:
        waits = [handle(one).areceipt(60) for one in commands]
        tasks = [asyncio.create_task(one) for one in waits]
        await asyncio.to_thread(until, lambda: len(receipt_watcher.watcher) == 1_000, 30)
        most.append(await asyncio.to_thread(census, database))
        outcomes = await asyncio.to_thread(lambda: execute(heard).outcomes)
        ids = [one.id for one in heard]
        await asyncio.to_thread(publish_results, list(zip(ids, outcomes, strict=True)))
        await asyncio.to_thread(execute, found)
        most.append(await asyncio.to_thread(census, database))
        return await asyncio.gather(*tasks)

    most: list[tuple[int, int]] = []
    before = threading.active_count()
    receipts = asyncio.run(beside_a_heart(wait()))

    assert [one.command_id for one in receipts] == [one.id for one in commands]
    assert all(one.succeeded for one in receipts)
    connections, threads = map(max, zip(*most, strict=True))
    assert connections <= awaiting.THREADS + 4
    # Ours, the watcher, and those in which this test itself waits.
    assert threads - before <= awaiting.THREADS + 1 + 4
    nothing_is_left()


def handle(command: Envelope) -> CommandResult:
    """The handle of a command, as from its id alone."""
    return add_thing.AsyncResult(str(command.id))


def census(database: Database) -> tuple[int, int]:
    """How many connections this process has to its database, and how many threads."""
    with database.connect() as connection:
        sql = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'cqrs %'"
        )
        ((count,),) = connection.execute(sql).fetchall()
    return count, threading.active_count()


def nothing_is_left() -> None:
    """Wait until nobody waits: no future, no subscription, no thread that listens."""
    assert len(receipt_watcher.watcher) == 0
    with redis_py.Redis.from_url(get_settings().servers.result) as results:
        until(lambda: set(results.pubsub_channels()) <= _before, 10, "a subscription is left")
    until(lambda: not watchers(), 10, "the watcher goes on")
    backend = app.backend
    assert _pending(backend) <= _pending_before


def watchers() -> list[threading.Thread]:
    """The threads that listen for receipts."""
    return [one for one in threading.enumerate() if one.name == "cqrs-receipts"]


def test_waits_that_are_given_up_leave_nothing(database: Database) -> None:
    async def give_up() -> None:
        commands = [handle(Envelope(uuid7(), add_thing.name, {})) for _ in range(50)]
        tasks = [asyncio.create_task(one.areceipt(60)) for one in commands]
        tasks.append(asyncio.create_task(commands[0].areceipt(60)))  # two who wait for one
        await asyncio.to_thread(until, lambda: len(receipt_watcher.watcher) == 50, 10)
        for task in tasks[:-1]:
            task.cancel()
        await asyncio.gather(*tasks[:-1], return_exceptions=True)
        assert all(task.cancelled() for task in tasks[:-1])
        assert len(receipt_watcher.watcher) == 1
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(tasks[-1], 0.05)
        at_once = asyncio.create_task(commands[1].areceipt(60))
        await asyncio.sleep(0)
        at_once.cancel()  # before a thread has begun to watch
        with pytest.raises(asyncio.CancelledError):
            await at_once
        with pytest.raises(ReceiptTimeout):
            await commands[2].areceipt(0.05)

    asyncio.run(beside_a_heart(give_up()))
    nothing_is_left()


def test_a_result_that_was_lost_is_found_while_somebody_waits(database: Database) -> None:
    command = Envelope(uuid7(), add_thing.name, {"price": "1.00"})

    async def wait() -> Receipt:
        task = asyncio.create_task(handle(command).areceipt(None))
        await asyncio.to_thread(until, lambda: len(receipt_watcher.watcher) == 1, 10)
        await asyncio.to_thread(execute, [command])  # and nothing is published
        return await asyncio.wait_for(task, 20)

    assert asyncio.run(wait()).command_id == command.id
    nothing_is_left()


def test_a_wait_that_was_given_up_before_it_began_is_none(database: Database) -> None:
    watcher, future = receipt_watcher.ReceiptWatcher(), Future[Receipt]()
    watcher.forget("nobody", future)
    watcher.watch(str(uuid7()), future)
    assert len(watcher) == 0
    nothing_is_left()


def test_threads_and_coroutines_wait_for_one_watcher(database: Database) -> None:
    command = Envelope(uuid7(), add_thing.name, {"price": "1.00"})

    async def wait() -> Receipt:
        task = asyncio.create_task(handle(command).areceipt(30))
        await asyncio.to_thread(until, lambda: len(receipt_watcher.watcher) == 1, 10)
        return await task

    with ThreadPoolExecutor(5) as pool:
        coroutine = pool.submit(lambda: asyncio.run(wait()))
        plain = [pool.submit(handle(command).receipt, 30) for _ in range(4)]
        until(lambda: waiters() == 5, 10)
        assert len(watchers()) == 1
        execute([command])
        receipts = [one.result(30) for one in (coroutine, *plain)]
    assert {one.command_id for one in receipts} == {command.id}
    nothing_is_left()


def test_an_id_that_is_none_harms_nobody_else(database: Database) -> None:
    """Once it ended the thread that looks for everybody."""
    command = Envelope(uuid7(), add_thing.name, {"price": "1.00"})
    with pytest.raises(ValueError, match=r"is a UUID \(id 'order-17'\)"):
        add_thing.AsyncResult("order-17").receipt(1)
    with pytest.raises(ValueError, match="order-17"):
        asyncio.run(add_thing.AsyncResult("order-17").areceipt(1))
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(handle(command).receipt, 60)
        until(lambda: waiters() == 1, 10)
        execute([command])  # and nothing is published: it is looked for
        assert waits.result(10).succeeded
    nothing_is_left()


def test_whatever_goes_wrong_once_the_watcher_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Envelope(uuid7(), add_thing.name, {"price": "1.00"})
    find, failed = receipts_table.find, threading.Event()

    def fails_once(connection: Any, ids: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("out of memory, say")
        return find(connection, ids)

    monkeypatch.setattr(receipts_table, "find", fails_once)
    execute([command])
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(handle(command).receipt, 60).result(10).succeeded
    assert failed.is_set()
    nothing_is_left()


def test_a_watcher_whose_thread_did_not_start_starts_one_for_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Envelope(uuid7(), add_thing.name, {"price": "1.00"})
    watcher = receipt_watcher.ReceiptWatcher()
    monkeypatch.setattr(receipt_watcher, "watcher", watcher)

    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading, "Thread", NoThread)
        with pytest.raises(RuntimeError, match="new thread"):
            handle(command).receipt(1)
    assert len(watcher) == 0
    execute([command])
    assert handle(command).receipt(10).succeeded
    nothing_is_left()


def test_threads_that_need_the_first_backend_at_once_have_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waited on one of several heard of nothing, and its subscription was never ended."""
    monkeypatch.setattr(app, "_backend_cache", None)
    together = threading.Barrier(8)

    def first() -> int:
        together.wait(10)
        return id(app.backend)

    with ThreadPoolExecutor(8) as pool:
        assert len({one.result(10) for one in [pool.submit(first) for _ in range(8)]}) == 1


def test_many_threads_and_loops_that_give_up_and_wait_again_leave_nothing(
    database: Database,
) -> None:
    """Results come while their waits begin, end, are cancelled and begun anew, on several loops."""
    commands = [Envelope(uuid7(), add_thing.name, {"price": "1.00"}) for _ in range(240)]
    begun: queue.SimpleQueue[Envelope | None] = queue.SimpleQueue()

    async def wait(command: Envelope, patience: float) -> Receipt:
        begun.put(command)
        with suppress(asyncio.TimeoutError):
            return await asyncio.wait_for(handle(command).areceipt(60), patience)
        return await handle(command).areceipt(60)

    async def wait_for_all(part: list[Envelope]) -> list[Receipt]:
        waits = (wait(one, place % 6 * 0.004) for place, one in enumerate(part))
        return await asyncio.gather(*waits)

    def get(part: list[Envelope]) -> list[Receipt]:
        for one in part:
            begun.put(one)
        return [Receipt.from_json(handle(one).get(timeout=60)) for one in part]

    def publish() -> None:
        while command := begun.get():
            publish_results([(command.id, execute([command]).outcomes[0])])

    with ThreadPoolExecutor(8) as pool:
        publisher = pool.submit(publish)
        loops = [pool.submit(asyncio.run, wait_for_all(commands[n:200:4])) for n in range(4)]
        plain = [pool.submit(get, commands[200 + n :: 2]) for n in range(2)]
        receipts = [receipt for one in (*loops, *plain) for receipt in one.result(120)]
        begun.put(None)
        publisher.result(10)
    assert {one.command_id for one in receipts} == {one.id for one in commands}
    nothing_is_left()


def test_the_interpreter_ends_while_somebody_waits(database: Database) -> None:
    """A daemon thread waits for ever, a coroutine was given up: nothing holds it up."""
    program = (
        "import asyncio, threading\n"
        "from tests.support.things.commands import add_thing\n"
        "from worker import uuid7\n"
        "from worker.commands.receipt_watcher import watcher\n"
        "from worker.testing import until\n"
        "handle = add_thing.AsyncResult(str(uuid7()))\n"
        "threading.Thread(target=handle.receipt, args=(None,), daemon=True).start()\n"
        "until(lambda: len(watcher) == 1, 10)\n"
        "async def give_up():\n"
        "    waits = asyncio.create_task(add_thing.AsyncResult(str(uuid7())).areceipt(None))\n"
        "    await asyncio.to_thread(until, lambda: len(watcher) == 2, 10)\n"
        "    waits.cancel()\n"
        "asyncio.run(give_up())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(get_settings()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def waiters() -> int:
    """How many wait for receipts now."""
    return sum(len(one.futures) for one in receipt_watcher.watcher._awaited.values())


def test_an_id_of_another_payload_is_told_to_coroutines_too(database: Database) -> None:
    id_ = uuid7()
    execute([Envelope(id_, add_thing.name, {"price": "1.00"})])

    async def wait() -> None:
        with pytest.raises(CommandIdReused):
            await handle(Envelope(id_, add_thing.name, {})).areceipt(10)

    publish_results([(id_, CommandIdReused(id_, add_thing.name))])
    asyncio.run(wait())
    nothing_is_left()


# ---------------------------------------------------------------------------- ask
def test_a_coroutine_that_waits_for_a_read_model_blocks_nobody(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = things.move("pen", "ada")[0]
    looks = counted_looks(monkeypatch)

    async def ask() -> Any:
        asked = [asyncio.create_task(thing.aask(name="pen", after=position)) for _ in range(20)]
        await asyncio.to_thread(until, lambda: len(looks) > 60, 30)  # they wait: nobody projects
        assert not any(one.done() for one in asked)
        await asyncio.to_thread(things.project)
        return await asyncio.gather(*asked)

    answers = asyncio.run(beside_a_heart(ask()))
    assert {answer.data.moves for answer in answers} == {1}
    assert len(set(looks)) <= awaiting.THREADS


def counted_looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The looks of those who wait for a read model, by the name of the thread."""
    looks: list[str] = []
    positions = consistency.positions

    def counted(sources: Sources) -> Snapshot:
        looks.append(threading.current_thread().name)
        return positions(sources)

    monkeypatch.setattr(consistency, "positions", counted)
    return looks


def test_a_question_that_is_given_up_or_comes_too_late(things: Things) -> None:
    position = things.move("pen", "ada")[0]

    async def ask() -> None:
        with pytest.raises(ReadModelBehind):
            await thing.aask(name="pen", after=position, timeout=0.05)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(thing.aask(name="pen", after=position, timeout=60), 0.05)
        with pytest.raises(InvalidQuery, match="nam"):
            await thing.aask(nam="pen")  # type: ignore[call-overload]

    asyncio.run(beside_a_heart(ask()))
    things.project()
    assert thing.ask(name="pen", after=position).data is not None


def test_a_slow_database_does_not_stop_the_loop(database: Database, things: Things) -> None:
    things.move("pen", "ada")
    things.project()
    with psycopg.connect(database.url) as holder:
        holder.execute("LOCK TABLE query.things_v1 IN ACCESS EXCLUSIVE MODE")

        async def ask() -> None:
            asked = asyncio.create_task(thing.aask(name="pen"))
            await asyncio.to_thread(wait_for_waiting, database)
            assert not asked.done()
            holder.rollback()
            assert (await asked).data is not None

        asyncio.run(beside_a_heart(ask()))


def _pending(backend: Any) -> set[str]:
    """Tasks that somebody waits for."""
    return {task_id for waiting in backend._pending_results for task_id in waiting}


_pending_before: set[str] = set()
_before: set[bytes] = set()
"""What handles of other tests still listen to."""


@pytest.fixture(autouse=True)
def _nobody_listens_any_more(things: object, redis: object) -> Iterator[None]:
    """The watcher's thread of one test does not look into the database of the next."""
    with redis_py.Redis.from_url(get_settings().servers.result) as results:
        _pending_before.clear()
        _pending_before.update(_pending(app.backend))
        _before.clear()
        _before.update(results.pubsub_channels())
    yield
    until(lambda: not watchers(), 10)

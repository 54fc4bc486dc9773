"""No message is done before its command has a receipt: through real workers and servers that are
away, full, or take no writes for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis as redis_py
from celery import chain, chord

from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.waiting import held, wait_for_waiting
from tests.support.workers import Workers, until
from worker.base.app import app
from worker.base.errors import ServerUnavailable
from worker.commands import dead_commands
from worker.commands.command_result import CommandResult
from worker.contracts import Receipt, Status, uuid7
from worker.embedded import Servers
from worker.ops import status
from worker.ops.troubles import Kind, troubles

pytestmark = [pytest.mark.usefixtures("things"), pytest.mark.slow]
DISK_FULL = """
    CREATE FUNCTION cqrs.no_space() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON cqrs.receipts
        FOR EACH ROW EXECUTE FUNCTION cqrs.no_space();"""
"""As full as a test can make it: no receipt can be written."""
LONG_ENOUGH = pytest.mark.settings(
    task_soft_time_limit=30, task_time_limit=40, visibility_timeout=50
)


def settled(handles: list[CommandResult], seconds: float = 30) -> list[Receipt]:
    """The receipts in PostgreSQL of all of them."""

    def all_there() -> list[Receipt] | None:
        found = [handle.stored_receipt() for handle in handles]
        return None if None in found else [one for one in found if one is not None]

    receipts: list[Receipt] = until(all_there, seconds)
    return receipts


@contextmanager
def full(servers: Servers) -> Iterator[None]:
    """Valkey takes nothing more: as broker, as result backend and as cache."""
    with redis_py.Redis.from_url(servers.broker_url) as client:
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(redis_py.exceptions.OutOfMemoryError):
                client.set("one more", 1)
            yield
        finally:
            client.config_set("maxmemory", before)


@contextmanager
def read_only(servers: Servers, database: Any) -> Iterator[None]:
    """The server takes no writes, as after a failover to a standby."""
    setting = "ALTER SYSTEM SET default_transaction_read_only ="
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"{setting} on".encode())
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(cut, [database.name])
        try:
            yield
        finally:
            connection.execute(f"{setting} off".encode())
            connection.execute("SELECT pg_reload_conf()")


def _put_off(least: int) -> status.Status | None:
    seen = status.gather()
    return seen if sum(one.count for one in seen.put_off) >= least else None


def counted(things: Things) -> list[int]:
    """Every thing's number."""
    with things.connect() as connection:
        return [n for (n,) in connection.execute("SELECT n FROM command.things ORDER BY 1")]


@pytest.mark.parametrize("many", [63, 120])
def test_one_bad_command_of_a_message_costs_the_others_nothing(
    many: int, things: Things, workers: Workers
) -> None:
    """It folds nothing, it reads nothing: its payload breaks what it `needs`."""
    workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    lines = [{"thing_id": thing, "by": 1, "mishap": ""} for _ in range(many)]
    lines[many // 2]["mishap"] = "needs raises"
    lines[7]["mishap"] = "returns a long integer"

    handles = bump_thing.delay_many(lines)
    receipts = [handle.receipt(20) for handle in handles]

    dead = [place for place, one in enumerate(receipts) if one.status is Status.DEAD]
    assert dead == [7, many // 2]
    assert "`needs` raised KeyError" in (receipts[many // 2].error or "")
    assert "data.n is an integer of more than 64 bits" in (receipts[7].error or "")
    done = [one.status for one in receipts if one.status is not Status.DEAD]
    expected = min(many - 2, 100)
    assert done.count(Status.SUCCEEDED) == expected
    assert counted(things) == [expected]


def test_a_malformed_line_of_a_message_is_a_dead_letter_beside_the_others(
    things: Things, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=1)
    good = [str(uuid7()) for _ in range(4)]
    named = str(uuid7())
    wire = {"price": "1.00"}
    lines: list[Any] = [
        [good[0], "things.add", {**wire, "thing_id": str(uuid7())}],
        ["no id", "things.add", wire],
        [good[1], "things.add", {**wire, "thing_id": str(uuid7())}],
        [named, "things.add"],
        None,
        [good[2], 7, wire],
        [good[3], "things.add", "no object"],
    ]
    app.send_task("cqrs.run_batch", kwargs={"commands": lines}, ignore_result=True)

    receipts = settled([CommandResult(one) for one in [*good, named]])

    assert [one.status for one in receipts] == [
        Status.SUCCEEDED, Status.SUCCEEDED, Status.DEAD, Status.REJECTED, Status.DEAD,
    ]  # fmt: skip
    letters = until(lambda: len(found := dead_commands.commands()) == 4 and found)
    assert all("a line of a batch is [id, name, payload]" in one.error for one in letters)
    assert {"line": ["no id", "things.add", wire]} in [one.payload for one in letters]


@LONG_ENOUGH
def test_a_full_valkey_loses_nothing_of_a_message_that_runs(
    things: Things, workers: Workers, servers: Servers
) -> None:
    workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    blocked = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    lines = [{"thing_id": thing if n != 60 else blocked} for n in range(99)]
    with ExitStack() as until_settled:
        with held(things, "SELECT FROM command.things WHERE thing_id = %s FOR UPDATE", blocked):
            handles = bump_thing.delay_many(lines)
            wait_for_waiting(things)
            until_settled.enter_context(full(servers))
        receipts = settled(handles)
        with pytest.raises(ServerUnavailable, match=r"the broker is full at redis\S+: .*maxmemory"):
            add_thing.delay(price=Decimal("1.00"))
    assert {one.status for one in receipts} == {Status.SUCCEEDED}
    assert counted(things) == [1, 98]


@LONG_ENOUGH
def test_a_command_that_puts_itself_off_survives_a_full_valkey(
    things: Things, workers: Workers, servers: Servers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    thing, nobody = uuid7(), uuid4()
    add_thing.delay(thing_id=thing, price=Decimal("1.00")).receipt(20)
    waits = bump_thing.apply_async(kwargs={"thing_id": thing}, after=[nobody])
    until(lambda: waits.state == "RETRY")
    with full(servers):
        until(lambda: "given back" in worker.log.read_text(), 20)
    bump_thing.apply_async(kwargs={"thing_id": thing}, task_id=nobody)

    assert waits.receipt(20).data == {"n": 2}
    assert [one.receipt(20).data["n"] for one in (bump_thing.delay(thing_id=thing),)] == [3]


@LONG_ENOUGH
def test_messages_that_come_while_valkey_is_full_are_not_lost(
    things: Things, workers: Workers, servers: Servers
) -> None:
    """Taken off the queue, a message has to be noted as taken: there is no room for it."""
    worker = workers.start(["commands"], concurrency=1)
    thing = uuid7()
    add_thing.delay(thing_id=thing, price=Decimal("1.00")).receipt(20)
    with ExitStack() as until_settled:
        with held(things, "SELECT FROM command.things FOR UPDATE"):
            handles = [bump_thing.delay(thing_id=thing) for _ in range(8)]
            wait_for_waiting(things)
            until_settled.enter_context(full(servers))
        settled(handles)
    assert counted(things) == [8]
    assert not worker.ended()


@LONG_ENOUGH
def test_what_is_sent_while_the_database_is_read_only_runs_when_it_is_not(
    things: Things, workers: Workers, servers: Servers, redis: redis_py.Redis
) -> None:
    workers.start(["commands"], concurrency=2)
    assert add_thing.delay(price=Decimal("1.00")).receipt(20).succeeded
    with things.transaction() as connection:
        enqueued = add_thing.enqueue(connection, price=Decimal("7.00"))
    enqueued.receipt(20)
    with read_only(servers, things):
        single = [add_thing.delay(price=Decimal("2.00")) for _ in range(8)]
        many = add_thing.delay_many([{"price": "3.00"}, {"price": "4.00"}])
        until(lambda: all(one.state == "RETRY" for one in single))
        seen = until(lambda: _put_off(10))
        assert {one.kind for one in troubles(seen)} == {Kind.DATABASE, Kind.PUT_OFF, Kind.WORKERS}
        assert "takes no writes" in seen.problem
        assert {one.name for one in seen.put_off} == {"things.add"}
        assert "read-only transaction" in seen.put_off[0].reason
        assert not [one for one in (*single, *many) if one.stored_receipt()]

    assert {one.status for one in settled([*single, *many])} == {Status.SUCCEEDED}
    assert len(counted(things)) == 12


@LONG_ENOUGH
@pytest.mark.settings(command_attempts=1)
def test_who_cannot_bury_a_command_puts_it_off(things: Things, workers: Workers) -> None:
    workers.start(["commands"], concurrency=2)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    things.connection.execute(DISK_FULL)
    handles = [bump_thing.delay(thing_id=thing) for _ in range(20)]
    killers = [bump_thing.delay(thing_id=thing, mishap="bug")]
    many = bump_thing.delay_many([{"thing_id": thing}] * 20)
    until(lambda: all(one.state == "RETRY" for one in (*handles, *killers)))
    assert not [one for one in (*handles, *many, *killers) if one.stored_receipt()]

    things.connection.execute("DROP TRIGGER no_space ON cqrs.receipts")

    receipts = settled([*handles, *many])
    assert {one.status for one in receipts} == {Status.SUCCEEDED}
    assert settled(killers)[0].status is Status.DEAD
    assert counted(things) == [40]


@LONG_ENOUGH
def test_a_command_that_kills_its_process_while_nothing_can_be_written_is_dead_in_the_end(
    things: Things, workers: Workers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    killer = bump_thing.delay(thing_id=thing, mishap="kill")
    things.connection.execute(DISK_FULL)
    until(lambda: "its burial is put off" in worker.log.read_text(), 30)
    assert killer.stored_receipt() is None
    things.connection.execute("DROP TRIGGER no_space ON cqrs.receipts")
    (receipt,) = settled([killer])
    assert receipt.status is Status.DEAD
    assert "its worker process ended every time" in (receipt.error or "")


@LONG_ENOUGH
def test_one_of_many_that_kills_its_process_is_found_and_the_others_are_done(
    things: Things, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=2)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    lines = [{"thing_id": thing, "mishap": "kill" if n == 3 else ""} for n in range(8)]

    receipts = settled(bump_thing.delay_many(lines), 60)

    assert [one.status is Status.DEAD for one in receipts] == [n == 3 for n in range(8)]
    assert counted(things) == [7]


@LONG_ENOUGH
def test_a_message_that_comes_before_its_migration_waits_for_it(
    things: Things, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=1)
    assert add_thing.delay(price=Decimal("1.00")).receipt(20).succeeded
    things.connection.execute("ALTER TABLE command.things RENAME TO not_yet")
    handle = add_thing.delay(price=Decimal("2.00"))
    (seen,) = until(lambda: status.gather().put_off)
    assert (seen.name, seen.reason) == ("things.add", 'relation "command.things" does not exist')
    assert handle.stored_receipt() is None

    things.connection.execute("ALTER TABLE command.not_yet RENAME TO things")

    assert handle.receipt(30).succeeded


def test_enqueued_behind_nobody_and_sent_as_a_message_too(
    things: Things, workers: Workers, redis: redis_py.Redis
) -> None:
    """The row went, however it got its receipt: it made the workers spin."""
    workers.start(["commands"], concurrency=2)
    thing = uuid7()
    wire = {"thing_id": str(thing), "price": "1.00", "note": ""}
    with things.transaction() as connection:
        waits = add_thing.enqueue(
            connection, thing_id=thing, price=Decimal("1.00"), after=[uuid7()]
        )
    sent = add_thing.apply_async(kwargs=wire, task_id=waits.command_id)
    assert sent.receipt(20).succeeded

    def waiting() -> int:
        return len(things.connection.execute("SELECT FROM cqrs.enqueued_commands").fetchall())

    until(lambda: waiting() == 0)
    with things.transaction() as connection:
        last = add_thing.enqueue(connection, price=Decimal("1.00"))
    assert last.receipt(20).succeeded


def test_the_rest_of_a_chain_survives_a_full_valkey(
    things: Things, workers: Workers, servers: Servers
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    with ExitStack() as until_given_back:
        with held(things, "SELECT FROM command.things FOR UPDATE"):
            last = chain(*(bump_thing.s(thing_id=thing) for _ in range(3))).apply_async()
            wait_for_waiting(things)
            until_given_back.enter_context(full(servers))
        until(lambda: "given back" in worker.log.read_text(), 20)
    settled([last, last.parent, last.parent.parent], 40)
    assert counted(things) == [3]


def test_a_chord_survives_a_full_valkey(things: Things, workers: Workers, servers: Servers) -> None:
    """A member that could not be counted was done with, and the body waited for ever."""
    worker = workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    with ExitStack() as until_seen:
        with held(things, "SELECT FROM command.things FOR UPDATE"):
            members = [bump_thing.s(thing_id=thing) for _ in range(2)]
            body = chord(members, bump_thing.s(thing_id=thing)).apply_async()
            wait_for_waiting(things)
            until_seen.enter_context(full(servers))
        until(lambda: "given back" in worker.log.read_text(), 20)
    settled([body], 40)
    assert counted(things) == [3]

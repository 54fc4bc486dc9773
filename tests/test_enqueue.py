"""Commands written in the caller's own transaction: who is woken, what is refused, what is kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import redis as redis_py
import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing
from tests.support.workers import until
from worker.base.settings import get_settings, using
from worker.base.urls import sqlalchemy_url
from worker.commands import after_commit
from worker.commands.errors import CommandIdReused, InvalidCommand, NoTransaction
from worker.commands.executor import execute
from worker.commands.queue_consumer import claim, drain
from worker.contracts import Envelope, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")


def woken() -> list[str]:
    """The tasks that wait in the workers' queue, in order."""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        messages = broker.lrange("commands", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in reversed(messages)]


def put_off() -> bool:
    """Whether a message was sent that a worker is to keep for a while."""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        messages = broker.lrange("commands", 0, -1)
    return any(json.loads(message)["headers"]["eta"] for message in messages)


def waiting(database: Database) -> list[Any]:
    """Names and payloads of the commands that wait."""
    with database.connect() as connection:
        sql = "SELECT name, payload FROM cqrs.enqueued_commands ORDER BY seq"
        return connection.execute(sql).fetchall()


def test_without_a_transaction_nothing_is_enqueued(database: Database) -> None:
    engine = sa.create_engine(sqlalchemy_url(database.url), isolation_level="AUTOCOMMIT")
    with database.connect() as on_psycopg, engine.connect() as on_sqlalchemy:
        with pytest.raises(NoTransaction, match=r"use `with connection.transaction\(\):`"):
            add_thing.enqueue(on_psycopg, price=Decimal("1.00"))
        with on_psycopg.pipeline(), pytest.raises(NoTransaction):
            add_thing.enqueue(on_psycopg, price=Decimal("1.00"))
        with pytest.raises(NoTransaction, match="without isolation_level='AUTOCOMMIT'"):
            add_thing.enqueue(on_sqlalchemy, price=Decimal("1.00"))
        with on_sqlalchemy.begin(), pytest.raises(NoTransaction):
            add_thing.enqueue(on_sqlalchemy, price=Decimal("1.00"))
        with Session(on_sqlalchemy) as session, pytest.raises(NoTransaction):
            add_thing.enqueue(session, price=Decimal("1.00"))
    engine.dispose()

    assert waiting(database) == []
    assert woken() == []


@pytest.mark.parametrize("kind", [psycopg.RawCursor, psycopg.ClientCursor])
def test_the_cursors_of_the_callers_connection_are_the_callers(
    database: Database, kind: type[psycopg.Cursor]
) -> None:
    """Raw ones read other placeholders than ours."""
    with psycopg.connect(database.url, cursor_factory=kind) as connection:
        add_thing.enqueue(connection, price=Decimal("1.00"))
    assert len(waiting(database)) == 1


def test_the_cursors_of_an_asynchronous_connection_are_the_callers(database: Database) -> None:
    async def enqueue() -> None:
        raw = psycopg.AsyncRawCursor
        async with await psycopg.AsyncConnection.connect(
            database.url, cursor_factory=raw
        ) as opened:
            await add_thing.aenqueue(opened, price=Decimal("1.00"))

    asyncio.run(enqueue())
    assert len(waiting(database)) == 1


def test_a_transaction_that_begins_in_a_pipeline_is_one(database: Database) -> None:
    with database.connect() as connection, connection.pipeline(), connection.transaction():
        add_thing.enqueue(connection, price=Decimal("1.00"))

    until(woken, 10, "nobody was woken")
    assert len(waiting(database)) == 1


def test_what_is_enqueued_alone_on_an_sqlalchemy_connection_is_committed_with_it(
    database: Database,
) -> None:
    engine = sa.create_engine(sqlalchemy_url(database.url))
    with engine.connect() as connection:
        add_thing.enqueue(connection, price=Decimal("1.00"))
        connection.rollback()
        add_thing.enqueue(connection, price=Decimal("2.00"))
        connection.commit()
    engine.dispose()

    assert [payload["price"] for _, payload in waiting(database)] == ["2.00"]


@pytest.mark.parametrize("changed", [False, True], ids=["same settings", "other settings"])
def test_a_transaction_that_ends_under_other_settings_wakes_nobody(
    database: Database, changed: bool
) -> None:
    """A test has ended meanwhile: the broker that is named now is not the one that was meant."""
    other = get_settings().model_copy() if changed else get_settings()
    with psycopg.connect(database.url) as connection:
        add_thing.enqueue(connection, price=Decimal("1.00"))
        with using(other):
            connection.commit()
            until(nobody_looks, 10, "the thread looks on")

    assert woken() == ([] if changed else ["cqrs.drain"])


def nobody_looks() -> bool:
    """Whether no thread of ours waits for a transaction to end."""
    return all(thread.name != "cqrs-enqueue" for thread in threading.enumerate())


def test_inside_a_transaction_nobody_is_woken_until_it_ends(database: Database) -> None:
    with database.connect() as connection:
        with connection.transaction():
            add_thing.enqueue(connection, price=Decimal("1.00"))
            add_thing.enqueue(connection, price=Decimal("1.00"))
            assert woken() == []
        until(woken, 10, "nobody was woken")
    assert woken() == ["cqrs.drain"]  # once, however many were enqueued


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of an application of its own."""
    engine = sa.create_engine(sqlalchemy_url(get_settings().servers.database))
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_a_session_tells_when_it_has_committed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.commands.waking._watcher", None)  # nobody has to look
    add_thing.enqueue(session, price=Decimal("1.00"))
    session.rollback()
    session.commit()
    add_thing.enqueue(session, price=Decimal("1.00"))
    add_thing.enqueue(session, price=Decimal("1.00"))
    assert woken() == []
    session.commit()
    until(woken, 10, "nobody was woken")
    assert woken() == ["cqrs.drain"]


def test_a_scoped_session_is_the_session_of_its_thread(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Flask-SQLAlchemy has as `db.session`."""
    monkeypatch.setattr("worker.commands.waking._watcher", None)  # nobody has to look
    scoped = scoped_session(sessionmaker(session.get_bind()))
    add_thing.enqueue(scoped, price=Decimal("1.00"))
    assert woken() == []
    scoped.commit()
    until(woken, 10, "nobody was woken")
    scoped.remove()


def test_the_end_of_a_savepoint_is_no_commit(session: Session) -> None:
    with session.begin_nested():
        add_thing.enqueue(session, price=Decimal("1.00"))
    assert woken() == []
    session.commit()
    until(woken, 10, "nobody was woken")
    assert woken() == ["cqrs.drain"]


def test_an_id_is_not_enqueued_for_another_payload(database: Database) -> None:
    id_ = uuid7()
    thing: Any = {"thing_id": str(uuid7()), "note": ""}
    with database.transaction() as connection:
        add_thing.enqueue(connection, command_id=id_, price=Decimal("1.00"), **thing)
        # The same: no harm.
        add_thing.enqueue(connection, command_id=id_, price=Decimal("1.00"), **thing)
        with pytest.raises(CommandIdReused):
            add_thing.enqueue(connection, command_id=id_, price=Decimal("2.00"), **thing)
        with pytest.raises(CommandIdReused):
            bump_thing.enqueue(connection, command_id=id_, thing_id=uuid7())

    assert waiting(database) == [(add_thing.name, {"price": "1.00", **thing})]


def test_bad_input_is_not_enqueued(database: Database) -> None:
    with database.connect() as connection:
        with pytest.raises(InvalidCommand) as wrong:
            add_thing.enqueue(connection, price=Decimal("1.005"), colour="red")  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="enqueue takes"):
            add_thing.enqueue("a connection", price=Decimal("1.00"))  # type: ignore[call-overload]

    assert wrong.value.errors.keys() == {"price", "colour"}
    assert waiting(database) == []


def test_many_are_enqueued_in_their_order_by_one_statement(database: Database) -> None:
    with database.transaction() as connection:
        handles = add_thing.enqueue_many(connection, [{"price": f"{n}.00"} for n in range(20)])

    assert [row[1]["price"] for row in waiting(database)] == [f"{n}.00" for n in range(20)]
    assert [one.id for one in claim(50).run] == [handle.command_id for handle in handles]


def test_a_drain_hears_of_what_comes_while_it_looks(database: Database) -> None:
    """It lowers the signal before it looks: what commits after that sends the next message."""
    for told in (1, 2):
        with database.transaction() as connection:
            add_thing.enqueue(connection, price=Decimal("1.00"))
        until(nobody_looks, 10, "the thread looks on")
        assert woken() == ["cqrs.drain"] * told
        drain()


def test_a_command_that_has_to_wait_is_looked_at_again_shortly(database: Database) -> None:
    with database.transaction() as connection:
        blocker = bump_thing.enqueue(connection, thing_id=uuid7())
    claim(1)  # another worker has it
    with database.transaction() as connection:
        bump_thing.enqueue(connection, thing_id=uuid7(), after=[blocker])

    drain()

    assert put_off()


def test_one_that_has_waited_for_long_is_looked_at_when_it_is_due(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at more and more seldom; whoever put it off says when to come by."""
    woken: list[float] = []
    monkeypatch.setattr(after_commit, "wake_later", lambda _task, seconds: woken.append(seconds))
    with database.transaction() as connection:
        blocker = bump_thing.enqueue(connection, thing_id=uuid7())
    claim(1)  # another worker has it
    with database.transaction() as connection:
        for _ in range(3):
            bump_thing.enqueue(connection, thing_id=uuid7(), after=[blocker])
        connection.execute(
            "UPDATE cqrs.enqueued_commands SET enqueued_at = now() - (seq % 2) * interval '20 s'"
            " WHERE after <> '{}'"
        )
    drain()
    with database.connect() as connection:
        due = "SELECT extract(epoch FROM due_at - now())::float FROM cqrs.enqueued_commands"
        left = [seconds for (seconds,) in connection.execute(due + " WHERE after <> '{}'")]
    assert woken == [0.25, 2.25]
    assert all(any(seconds <= wake < seconds + 1 for wake in woken) for seconds in left)
    woken.clear()
    drain()
    assert woken == [], "what is not due has somebody who comes by"


def test_a_full_batch_calls_others_to_help(database: Database) -> None:
    with database.connect() as connection, connection.transaction():
        add_thing.enqueue_many(connection, [{"price": "1.00"}] * 60)  # more than one batch
        held = woken()
    until(woken, 10, "nobody was woken")
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        broker.delete("commands")

    drain()

    assert held == []
    assert "cqrs.drain" in woken()
    assert waiting(database) == []


def test_an_id_that_has_its_receipt_is_not_enqueued_again(database: Database) -> None:
    id_ = uuid7()
    payload: dict[str, Any] = {"thing_id": str(uuid7()), "by": 1, "mishap": ""}
    execute([Envelope(id_, bump_thing.name, payload)])

    with database.transaction() as connection:
        handle = bump_thing.enqueue(connection, command_id=id_, **payload)

    assert waiting(database) == []
    assert handle.receipt(5).command_id == id_

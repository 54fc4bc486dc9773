"""Commands written in the caller's own transaction: who is woken, what is refused, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import redis as redis_py
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing
from tests.support.workers import until
from worker.base.settings import get_settings
from worker.base.urls import sqlalchemy_url
from worker.commands.errors import CommandIdReused, InvalidCommand
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


def test_outside_a_transaction_a_command_is_there_at_once(database: Database) -> None:
    with database.connect() as connection:
        add_thing.enqueue(connection, price=Decimal("1.00"))

    assert woken() == ["cqrs.drain"]
    drain()
    assert waiting(database) == []


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
    monkeypatch.setattr("worker.commands.enqueue._watcher", None)  # nobody has to look
    add_thing.enqueue(session, price=Decimal("1.00"))
    session.rollback()
    session.commit()
    add_thing.enqueue(session, price=Decimal("1.00"))
    add_thing.enqueue(session, price=Decimal("1.00"))
    assert woken() == []
    session.commit()
    until(woken, 10, "nobody was woken")
    assert woken() == ["cqrs.drain"]


def test_the_end_of_a_savepoint_is_no_commit(session: Session) -> None:
    with session.begin_nested():
        add_thing.enqueue(session, price=Decimal("1.00"))
    assert woken() == []
    session.commit()
    until(woken, 10, "nobody was woken")
    assert woken() == ["cqrs.drain"]


def test_an_id_is_not_enqueued_for_another_payload(database: Database) -> None:
    id_ = uuid7()
    thing = {"thing_id": str(uuid7()), "note": ""}
    with database.connect() as connection:
        add_thing.enqueue(connection, command_id=id_, price="1.00", **thing)
        add_thing.enqueue(connection, command_id=id_, price="1.00", **thing)  # the same: no harm
        with pytest.raises(CommandIdReused):
            add_thing.enqueue(connection, command_id=id_, price="2.00", **thing)
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
    with database.connect() as connection:
        handles = add_thing.enqueue_many(connection, [{"price": f"{n}.00"} for n in range(20)])

    assert [row[1]["price"] for row in waiting(database)] == [f"{n}.00" for n in range(20)]
    assert [one.id for one in claim(50).run] == [handle.command_id for handle in handles]


def test_a_drain_hears_of_what_comes_while_it_looks(database: Database) -> None:
    """It lowers the signal before it looks: what commits after that sends the next message."""
    with database.connect() as connection:
        add_thing.enqueue(connection, price=Decimal("1.00"))
        assert woken() == ["cqrs.drain"]
        drain()
        add_thing.enqueue(connection, price=Decimal("1.00"))

    assert woken() == ["cqrs.drain"] * 2


def test_a_command_that_has_to_wait_is_looked_at_again_shortly(database: Database) -> None:
    with database.connect() as connection:
        blocker = bump_thing.enqueue(connection, thing_id=uuid7())
        claim(1)  # another worker has it
        bump_thing.enqueue(connection, thing_id=uuid7(), after=[blocker])

    drain()

    assert put_off()


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

    with database.connect() as connection:
        handle = bump_thing.enqueue(connection, command_id=id_, **payload)

    assert waiting(database) == []
    assert handle.receipt(5).command_id == id_

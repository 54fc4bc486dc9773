"""Commands through a real broker, real prefork workers and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from celery import chain
from sqlalchemy.orm import Session

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing, drop_thing
from tests.support.things.models import AddThing
from tests.support.workers import Workers, until
from worker.base import db
from worker.base.actor import acting_as
from worker.commands.errors import CommandDead, CommandIdReused, InvalidCommand
from worker.contracts import Status, uuid7

ONE = Decimal("1.00")
pytestmark = pytest.mark.usefixtures("things")


def count(database: Database, sql: str, *parameters: object) -> int:
    """The number that a query gives."""
    with database.connect() as connection:
        row = connection.execute(sql, parameters).fetchone()
    assert row is not None
    return int(row[0])


def whoever_was_woken_has_looked() -> None:
    """Let the workers run a command: what was in their queue before it has been run too."""
    for _ in range(3):
        assert add_thing.delay(price=Decimal("9.00")).receipt(20).succeeded


def test_a_command_gives_a_receipt_and_its_event_reaches_the_read_model(
    database: Database, workers: Workers
) -> None:
    workers.start()
    handle = add_thing.delay(AddThing(price=Decimal("12.50")))
    receipt = handle.receipt(timeout=20)
    assert receipt.status is Status.SUCCEEDED
    assert receipt.data["price"] == "12.50"
    assert receipt.position == 1
    assert handle.get(timeout=5) == receipt.to_json()
    until(lambda: count(database, "SELECT count(*) FROM query.things"), 10)


def test_model_and_fields_are_the_same_call_and_a_repeated_id_changes_nothing(
    database: Database, workers: Workers
) -> None:
    workers.start(concurrency=1)
    thing = uuid7()
    command_id = uuid7()
    payload = {"thing_id": str(thing), "price": "1.00", "note": ""}
    model = AddThing(thing_id=thing, price=Decimal("1.00"))
    first = add_thing.apply_async(kwargs=payload, task_id=command_id).receipt(20)
    again = add_thing.apply_async((model,), task_id=command_id)
    assert again.receipt(20).position == first.position
    bump = bump_thing.delay(thing_id=thing).receipt(20)
    other = add_thing.apply_async(kwargs={"price": "2.00"}, task_id=bump.command_id)
    with pytest.raises(CommandIdReused, match="another payload"):
        other.receipt(20)
    with pytest.raises(CommandIdReused, match="another payload"):
        other.get(timeout=20)
    assert count(database, "SELECT count(*) FROM cqrs.events") == 2


def test_a_refusal_is_a_receipt_and_stops_its_chain(database: Database, workers: Workers) -> None:
    workers.start()
    thing = uuid7()
    links = chain(
        add_thing.s(thing_id=thing, price=Decimal("1.00")),
        bump_thing.s(thing_id=thing, by=60),
        bump_thing.s(thing_id=thing, by=60),
        bump_thing.s(thing_id=thing, by=1),
    )
    last = links.apply_async()
    final = last.receipt(20)
    refused = last.parent.receipt(20)
    assert refused.status is Status.REJECTED
    assert refused.error == "a thing holds no more (n 60, by 60)"
    assert refused.data == {"n": 60, "by": 60}
    assert final.status is Status.REJECTED
    assert "an earlier command of its chain was refused" in (final.error or "")
    assert count(database, "SELECT n FROM command.things") == 60


def test_a_bug_makes_a_dead_letter_that_tells_nothing_internal(workers: Workers) -> None:
    workers.start(concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    handle = bump_thing.delay(thing_id=thing, mishap="bug")
    receipt = handle.receipt(20)
    assert receipt.status is Status.DEAD
    assert receipt.error == "internal error, see the worker's log (KeyError)"
    with pytest.raises(CommandDead):
        handle.get(timeout=5)


def test_a_command_that_kills_its_process_every_time_is_dead_in_the_end(
    workers: Workers,
) -> None:
    workers.start(concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    receipt = bump_thing.delay(thing_id=thing, mishap="kill").receipt(40)
    assert receipt.status is Status.DEAD
    assert bump_thing.delay(thing_id=thing).receipt(20).succeeded


def test_delay_many_is_one_message_with_a_receipt_for_each(
    database: Database, workers: Workers
) -> None:
    workers.start()
    handles = add_thing.delay_many([{"price": f"{n}.00"} for n in range(1, 121)])
    receipts = [handle.receipt(20) for handle in handles]
    assert [r.data["price"] for r in receipts] == [f"{n}.00" for n in range(1, 121)]
    assert handles[7].get(timeout=5) == receipts[7].to_json()
    until(lambda: count(database, "SELECT count(*) FROM query.things") == 120, 10)


def test_who_may_send_travels_with_the_message(workers: Workers) -> None:
    workers.start(concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    with acting_as("user:7", roles=["clerk"]):
        refused = drop_thing.delay(thing_id=thing).receipt(20)
    assert refused.status is Status.REJECTED
    assert refused.error == "user:7 may not send things.drop (roles clerk)"
    with acting_as("user:8", roles=["admin"]):
        dropped = drop_thing.delay(thing_id=thing).receipt(20)
    assert dropped.succeeded
    assert dropped.actor == "user:8"


def test_a_command_waits_for_those_named_in_after(workers: Workers) -> None:
    workers.start()
    thing = uuid7()
    bump_id = uuid7()
    later = bump_thing.apply_async(kwargs={"thing_id": thing, "by": 2}, after=[bump_id])
    first = add_thing.delay(thing_id=thing, price=Decimal("1.00"))
    bump_thing.apply_async(kwargs={"thing_id": thing}, task_id=bump_id, after=[first])
    assert later.receipt(20).data == {"n": 3}


@pytest.mark.settings(after_timeout=0.5)
def test_a_command_that_waits_in_vain_is_refused_by_name(workers: Workers) -> None:
    workers.start()
    nobody = uuid4()
    late = bump_thing.apply_async(kwargs={"thing_id": uuid7()}, after=[nobody])
    receipt = late.receipt(20)
    assert receipt.status is Status.REJECTED
    assert str(nobody) in (receipt.error or "")


def test_enqueued_commands_run_when_the_transaction_commits(
    database: Database, workers: Workers
) -> None:
    workers.start()
    thing = uuid7()
    with database.connect() as connection:
        with connection.transaction():
            first = add_thing.enqueue(connection, thing_id=thing, price=ONE, key=str(thing))
            rest = [
                bump_thing.enqueue(connection, thing_id=thing, key=str(thing)) for _ in range(30)
            ]
            whoever_was_woken_has_looked()
        assert first.receipt(20).succeeded
        assert [handle.receipt(20).data["n"] for handle in rest] == list(range(1, 31))
    assert count(database, "SELECT count(*) FROM cqrs.enqueued_commands") == 0


def test_a_rolled_back_enqueue_never_was(database: Database, workers: Workers) -> None:
    workers.start(concurrency=1)
    with database.connect() as connection:
        with connection.transaction(force_rollback=True):
            handle = add_thing.enqueue(connection, price=Decimal("1.00"))
        assert handle.stored_receipt() is None
        assert add_thing.delay(price=Decimal("2.00")).receipt(20).succeeded
        assert count(database, "SELECT count(*) FROM command.things") == 1
        assert count(database, "SELECT count(*) FROM cqrs.receipts") == 1


def test_bad_input_is_named_before_anything_is_published(database: Database) -> None:
    with pytest.raises(InvalidCommand) as caught:
        add_thing.delay(price=Decimal("1.005"), thing_id="x", color="red")  # type: ignore[call-overload]
    assert set(caught.value.errors) == {"price", "thing_id", "color"}
    with pytest.raises(InvalidCommand, match="NUL"):
        add_thing.delay(price=Decimal("1.00"), note="a\0b")
    with pytest.raises(InvalidCommand, match="bytes"):
        add_thing.delay(price=Decimal("1.00"), note="x" * 10_000_000)
    for price in ("NaN", "Infinity", "1e30", "-1"):
        with pytest.raises(InvalidCommand, match="price"):
            add_thing.delay(price=price)  # type: ignore[call-overload]
    with pytest.raises(InvalidCommand, match="UUID"):
        add_thing.apply_async(kwargs={"price": "1.00"}, task_id="not-an-id")
    assert count(database, "SELECT count(*) FROM cqrs.receipts") == 0


@contextmanager
def on_psycopg(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A transaction on a connection that has no hook for a commit."""
    with database.connect() as connection, connection.transaction():
        yield connection


@contextmanager
def on_sqlalchemy(database: Database) -> Iterator[sa.Connection]:
    """A transaction on an SQLAlchemy connection."""
    engine = sa.create_engine(db.sqlalchemy_url(database.url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@contextmanager
def on_session(database: Database) -> Iterator[Session]:
    """A transaction of an SQLAlchemy session."""
    engine = sa.create_engine(db.sqlalchemy_url(database.url))
    with Session(engine) as session, session.begin():
        yield session
    engine.dispose()


@pytest.mark.parametrize("transaction", [on_psycopg, on_sqlalchemy, on_session])
def test_committed_work_is_sent_when_it_is_committed_whatever_the_connection(
    database: Database, workers: Workers, transaction: Any
) -> None:
    workers.start(concurrency=1)
    with transaction(database) as connection:
        handle = add_thing.enqueue(connection, price=Decimal("3.00"))
        whoever_was_woken_has_looked()
    assert handle.receipt(20).succeeded

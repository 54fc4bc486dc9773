"""Commands that are revoked, expire or are terminated: a receipt says so, to all who wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from celery import chain, chord, states
from celery.exceptions import TaskRevokedError
from psycopg.errors import InsufficientPrivilege

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing
from tests.support.waiting import waiting
from tests.support.workers import Workers, until
from worker.base.actor import acting_as
from worker.base.app import app
from worker.commands import command_result, revoking
from worker.commands.command_result import CommandResult
from worker.commands.enqueue import write_commands
from worker.commands.errors import CommandIdReused
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, Status, uuid7
from worker.schema.tasks import execute_changeset

pytestmark = pytest.mark.usefixtures("things", "redis")


def number(things: Database, sql: str, *parameters: object) -> int:
    """The number that a query gives."""
    with things.connect() as connection:
        row = connection.execute(sql, parameters).fetchone()
    assert row is not None
    return int(row[0])


def a_thing() -> UUID:
    return UUID(add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"])


def rejected(handle: Any, why: str) -> Receipt:
    receipt: Receipt = handle.receipt(20)
    assert receipt.status is Status.REJECTED
    assert why in (receipt.error or "")
    return receipt


def running(worker: Any, handle: CommandResult) -> None:
    """Wait until a worker's child has taken a command."""
    inspect = app.control.inspect(destination=[worker.name], timeout=1)
    until(
        lambda: any(
            one["id"] == handle.id and one["time_start"]
            for one in (inspect.active() or {}).get(worker.name, ())
        ),
        20,
    )


def test_a_revoked_command_has_a_receipt_at_once_and_never_runs(
    things: Database, workers: Workers
) -> None:
    """Its state was REVOKED, it had no receipt, and who waited for that waited in vain."""
    handle = add_thing.delay(price=Decimal("1.00"))
    handle.revoke()  # no worker is there to hear it
    receipt = rejected(handle, "it was revoked")

    workers.start(["commands"], concurrency=1)
    a_thing()  # the queue before it has been seen to
    assert handle.receipt(20) == receipt
    assert number(things, "SELECT count(*) FROM command.things") == 1


def test_what_follows_a_revoked_command_is_told(things: Database, workers: Workers) -> None:
    thing = uuid7()
    last = chain(
        add_thing.s(thing_id=thing, price=Decimal("1.00")),
        bump_thing.s(thing_id=thing),
        bump_thing.s(thing_id=thing),
    ).apply_async()
    last.parent.parent.revoke()

    workers.start(["commands"], concurrency=1)

    for handle in (last, last.parent):
        rejected(handle, "not run: an earlier command of its chain was refused")


@pytest.mark.parametrize("by", ["id", "handle"])
def test_a_revoked_member_stops_its_chord(things: Database, workers: Workers, by: str) -> None:
    workers.start(["commands"], concurrency=1)
    thing = a_thing()
    late = bump_thing.s(thing_id=thing, by=1).set(countdown=1, task_id=str(uuid7()))
    member = bump_thing.AsyncResult(late.id)

    body = chord([late, bump_thing.s(thing_id=thing, by=2)], bump_thing.s(thing_id=thing))()
    if by == "id":
        app.control.revoke(late.id)
    else:
        member.revoke()

    rejected(member, "it was revoked")
    rejected(body, "not run: a member of its chord did not succeed")


def test_a_command_revoked_by_its_id_alone_has_a_receipt_too(workers: Workers) -> None:
    """As Flower does it, and `celery control revoke`."""
    worker = workers.start(["commands"], concurrency=1)
    thing = a_thing()
    with acting_as("user:7", roles=["clerk"]):
        handle = bump_thing.apply_async(kwargs={"thing_id": thing}, countdown=1)
    app.control.revoke(handle.id, destination=[worker.name], reply=True, timeout=10)

    receipt = rejected(CommandResult(handle.id), "it was revoked")
    assert receipt.name == "things.bump"
    with pytest.raises(TaskRevokedError):
        handle.get(timeout=5)
    assert handle.state == states.REVOKED


def test_a_command_that_has_expired_is_told_so(things: Database, workers: Workers) -> None:
    past = datetime.now(UTC) - timedelta(seconds=5)
    with acting_as("user:7", roles=["clerk"]):
        last = chain(
            add_thing.s(price=Decimal("1.00")).set(expires=past), add_thing.s(price=Decimal("2.00"))
        ).apply_async()

    workers.start(["commands"], concurrency=1)

    receipt = rejected(last.parent, "it expired before it was run")
    assert receipt.actor == "user:7"
    assert rejected(last, "not run: an earlier command of its chain").actor == "user:7"
    assert number(things, "SELECT count(*) FROM command.things") == 0


@pytest.mark.parametrize("by", ["id", "handle"])
def test_a_command_that_is_terminated_is_told_so(
    things: Database, workers: Workers, by: str
) -> None:
    worker = workers.start(["commands"], concurrency=1)
    thing = a_thing()
    last = chain(
        bump_thing.s(thing_id=thing, mishap="stands still"), bump_thing.s(thing_id=thing)
    ).apply_async()
    handle = last.parent
    running(worker, handle)

    if by == "id":
        app.control.terminate(handle.id, signal="SIGKILL")
    else:
        handle.revoke(terminate=True, signal="SIGKILL")

    rejected(handle, "it was terminated")
    rejected(last, "not run: an earlier command of its chain")
    assert bump_thing.delay(thing_id=thing).receipt(20).data == {"n": 1}


@pytest.mark.parametrize("by", ["id", "handle"])
def test_an_enqueued_command_that_is_revoked_does_not_run(
    things: Database, workers: Workers, by: str
) -> None:
    """It ran although it was revoked: what waits in PostgreSQL was never looked at."""
    worker = workers.start(["maintenance"])  # it drains nothing
    with things.transaction() as connection:
        first = add_thing.enqueue(connection, price=Decimal("1.00"))
        second = add_thing.enqueue(connection, price=Decimal("2.00"))

    if by == "id":
        app.control.revoke(first.id, destination=[worker.name], reply=True, timeout=10)
    else:
        first.revoke()

    assert until(first.stored_receipt, 10), "nobody has asked for it yet"
    rejected(first, "it was revoked")
    workers.start(["commands"], concurrency=1)
    assert second.receipt(20).succeeded
    assert number(things, "SELECT count(*) FROM command.things") == 1
    assert number(things, "SELECT count(*) FROM cqrs.enqueued_commands") == 0


@pytest.mark.parametrize("payload", ['{"f": 1e400}', "[1, 2]"])
def test_an_enqueued_command_that_cannot_be_read_can_be_revoked(
    things: Database, payload: str
) -> None:
    """Reading it raised, so that it could not be taken off, nor any other revoked with it."""
    first = uuid7()
    with things.transaction() as connection:
        add_thing.enqueue(connection, price=Decimal("1.00"), command_id=first)
        connection.execute(
            "UPDATE cqrs.enqueued_commands SET payload = %s WHERE command_id = %s", (payload, first)
        )
        second = add_thing.enqueue(connection, price=Decimal("1.00"))

    ended = revoking.end_enqueued([first, second.command_id])

    assert {one: receipt.status for one, receipt in ended.items()} == {
        first: Status.REJECTED,
        second.command_id: Status.REJECTED,
    }
    rejected(CommandResult(str(first)), "it was revoked")
    assert number(things, "SELECT count(*) FROM cqrs.enqueued_commands") == 0


@pytest.mark.timeout(60)
def test_who_waits_by_get_is_told_though_no_worker_is_there(things: Database) -> None:
    with things.transaction() as connection:
        handle = add_thing.enqueue(connection, price=Decimal("1.00"))

    handle.revoke()

    with pytest.raises(TaskRevokedError):
        handle.get(timeout=30)


def test_it_is_left_to_the_workers_by_who_may_not_write_receipts(
    things: Database, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Receipt:
        raise InsufficientPrivilege("permission denied for table receipts")

    monkeypatch.setattr(revoking, "refuse", refuse)
    worker = workers.start(["commands"], concurrency=1)
    handle = add_thing.apply_async(kwargs={"price": "1.00"}, countdown=1)
    inspect = app.control.inspect(destination=[worker.name], timeout=1)
    until(lambda: (inspect.scheduled() or {}).get(worker.name), 20)

    handle.revoke()

    rejected(handle, "it was revoked")


def test_a_saga_hears_that_its_command_was_revoked(things: Database) -> None:
    """It would wait for ever."""
    saga, id_ = uuid7(), uuid7()
    command = Envelope(id_, "things.add", {"price": "1.00"}, causation_id=f"saga:{saga}")
    with things.connect() as connection:
        write_commands(connection, [command])

    add_thing.AsyncResult(str(id_)).revoke()

    said = "SELECT count(*) FROM cqrs.events WHERE stream LIKE '%%' || %s"
    assert number(things, said, str(saga)) == 1


def test_a_change_that_is_not_undone_is_not_settled_by_who_revokes_it(things: Database) -> None:
    """Its receipt said that it was revoked, and its columns were there."""
    handle = execute_changeset.AsyncResult(str(uuid7()))

    handle.revoke()

    assert handle.stored_receipt() is None


def test_who_has_its_receipt_keeps_it(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    handle = add_thing.delay(price=Decimal("1.00"))
    receipt = handle.receipt(20)

    handle.revoke()

    assert CommandResult(handle.id).receipt(20) == receipt


def test_a_command_that_runs_while_it_is_revoked_changes_nothing(things: Database) -> None:
    """Who settles first is right."""
    thing = {"thing_id": str(uuid7()), "price": "1.00"}
    execute([Envelope(uuid7(), "things.add", thing)])
    command = Envelope(uuid7(), "things.bump", {"thing_id": thing["thing_id"]})
    held = "SELECT FROM command.things WHERE thing_id = %s FOR UPDATE"

    with waiting(things, [lambda: execute([command])], held, thing["thing_id"]) as (run,):
        bump_thing.AsyncResult(str(command.id)).revoke()

    (outcome,) = run.result().outcomes
    assert isinstance(outcome, Receipt)
    assert outcome.error == "it was revoked"
    assert number(things, "SELECT n FROM command.things") == 0


def test_an_id_that_was_revoked_stands_for_its_command(things: Database) -> None:
    """Nobody knew its payload: it stands for any, but for no other command."""
    id_ = uuid7()
    bump_thing.AsyncResult(str(id_)).revoke()
    bump = Envelope(id_, "things.bump", {"thing_id": str(uuid7())})
    add = Envelope(id_, "things.add", {"price": "1.00"})

    assert execute([bump]).outcomes == [CommandResult(str(id_)).stored_receipt()]
    assert isinstance(execute([add]).outcomes[0], CommandIdReused)


@pytest.mark.timeout(30)
def test_whoever_waits_for_a_task_that_failed_without_a_receipt_is_told(
    things: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited out its time, or for ever."""
    monkeypatch.setattr(command_result, "PATIENCE", 0.1)
    id_ = str(uuid7())
    app.backend.store_result(id_, ValueError("lost"), states.FAILURE)

    with pytest.raises(ValueError, match="lost"):
        CommandResult(id_).receipt(None)

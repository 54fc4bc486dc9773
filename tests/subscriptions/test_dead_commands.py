"""Commands that failed for good: what is kept of them, and how they get another chance."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Database
from tests.support.things import commands as handlers
from tests.support.things.models import AddThing
from tests.support.workers import Workers, until
from worker.base.actor import acting_as
from worker.commands import dead_commands, queue_consumer
from worker.commands.command_result import CommandResult
from worker.commands.dead_commands import (
    DeadCommandIsClosed,
    SecretsNotKept,
    UnknownDeadCommand,
)
from worker.commands.errors import UnknownCommand
from worker.commands.executor import execute
from worker.contracts import Actor, Envelope, Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")
CLERK = Actor("user:42", frozenset({"clerk", "night"}))


def run(name: str, **payload: Any) -> Receipt:
    """Run one command in this process."""
    (outcome,) = execute([Envelope(uuid7(), name, payload, CLERK)]).outcomes
    assert isinstance(outcome, Receipt)
    return outcome


def a_thing() -> str:
    thing = str(uuid7())
    assert run("things.add", thing_id=thing, price="1.00").succeeded
    return thing


def a_dead_command() -> tuple[UUID, str]:
    """A bump that died of a bug of its handler, and the thing that it was for."""
    thing = a_thing()
    receipt = run("things.bump", thing_id=thing, by=2, mishap="bug")
    assert receipt.status is Status.DEAD
    return receipt.command_id, thing


def receipt_of(command_id: UUID) -> Receipt | None:
    return CommandResult(str(command_id)).stored_receipt()


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new release, without the bug."""
    monkeypatch.setattr(handlers, "_mishap", lambda kind: None)


def test_a_dead_command_is_kept_with_all_that_it_takes_to_run_it_again() -> None:
    command_id, thing = a_dead_command()
    (dead,) = dead_commands.commands()
    assert (dead.command_id, dead.name, dead.state) == (command_id, "things.bump", "open")
    assert dead.payload == {"thing_id": thing, "by": 2, "mishap": "bug"}
    assert (dead.actor, dead.roles, dead.attempts) == ("user:42", ("clerk", "night"), 1)
    assert "KeyError" in dead.error


def test_nothing_is_kept_of_commands_that_succeed_or_are_refused() -> None:
    thing = a_thing()
    assert run("things.bump", thing_id=thing, by=101).status is Status.REJECTED
    assert run("things.bump", thing_id=str(uuid7())).status is Status.REJECTED
    assert dead_commands.commands() == []


def test_a_retried_command_runs_with_its_own_id_as_the_one_who_sent_it(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    command_id, thing = a_dead_command()
    mend(monkeypatch)
    dead = dead_commands.retry(command_id, by="ada")
    assert (dead.state, dead.closed_by) == ("retried", "ada")
    assert receipt_of(command_id) is None  # open again
    queue_consumer.drain()
    receipt = receipt_of(command_id)
    assert receipt is not None
    assert (receipt.status, receipt.data, receipt.actor) == (Status.SUCCEEDED, {"n": 2}, "user:42")
    with database.connect() as connection:
        rows = connection.execute("SELECT thing_id::text, n FROM command.things").fetchall()
    assert rows == [(thing, 2)]


def test_a_retried_command_that_dies_again_is_open_again() -> None:
    command_id, _ = a_dead_command()
    dead_commands.retry(command_id, by="ada")
    queue_consumer.drain()
    (dead,) = dead_commands.commands()
    assert (dead.command_id, dead.attempts, dead.state) == (command_id, 2, "open")
    assert (dead.closed_at, dead.closed_by) == (None, None)
    assert dead.last_died_at > dead.first_died_at


def test_a_discarded_command_stays_dead() -> None:
    command_id, _ = a_dead_command()
    dead = dead_commands.discard(command_id, by="ada")
    assert (dead.state, dead.closed_by) == ("discarded", "ada")
    queue_consumer.drain()
    receipt = receipt_of(command_id)
    assert receipt is not None
    assert receipt.status is Status.DEAD
    assert dead_commands.commands() == []
    assert [one.command_id for one in dead_commands.commands(closed=True)] == [command_id]


def test_a_closed_command_is_neither_retried_nor_discarded_again() -> None:
    command_id, _ = a_dead_command()
    dead_commands.discard(command_id, by="ada")
    for again in (dead_commands.retry, dead_commands.discard):
        with pytest.raises(DeadCommandIsClosed, match="discarded by ada"):
            again(command_id, by="bob")


def test_a_command_that_is_not_dead_is_named() -> None:
    command_id = uuid7()
    for act in (dead_commands.retry, dead_commands.discard):
        with pytest.raises(UnknownDeadCommand, match=str(command_id)):
            act(command_id, by="ada")


def test_secret_fields_are_neither_shown_nor_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    thing = str(uuid7())

    def breaks(*_: Any) -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(handlers, "ThingAdded", breaks)
        receipt = run("things.add", thing_id=thing, price="1.00", note="psst")
    kept = dead_commands.show(receipt.command_id)
    assert "psst" not in repr(kept)
    with pytest.raises(SecretsNotKept, match="fields note"):
        dead_commands.retry(receipt.command_id, by="ada")
    assert receipt_of(receipt.command_id) == receipt


def test_a_command_sent_by_delay_is_retried_by_the_workers(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    with acting_as("user:42", roles=["clerk"]):
        thing = handlers.add_thing.delay(AddThing(price=Decimal(1))).receipt(20).data["thing_id"]
        handle = handlers.bump_thing.delay(thing_id=thing, mishap="bug")
    assert handle.receipt(20).status is Status.DEAD
    dead_commands.retry(handle.command_id, by="ada")

    def died_twice() -> bool:
        return dead_commands.show(handle.command_id).attempts == 2

    until(died_twice, 20)
    assert dead_commands.show(handle.command_id).actor == "user:42"


def test_all_dead_commands_of_one_name_are_retried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_commands, "PORTION", 2)
    things = [a_dead_command() for _ in range(5)]
    saga = f"saga:{uuid7()}"
    bump = Envelope(uuid7(), "things.bump", {"thing_id": things[0][1], "mishap": "bug"}, CLERK)
    execute([replace(bump, causation_id=saga)])
    mend(monkeypatch)

    done = dead_commands.retry_all("things.bump", by="ada")

    assert list(done.retried) == [command_id for command_id, _ in things]
    assert done.of_sagas == 1
    queue_consumer.drain()
    assert all(receipt_of(command_id).succeeded for command_id, _ in things)  # type: ignore[union-attr]
    assert dead_commands.retry_all("things.bump", by="ada").retried == ()


def test_a_name_that_nothing_has_is_no_good_news() -> None:
    with pytest.raises(UnknownCommand, match="did you mean"):
        dead_commands.retry_all("things.bumb", by="ada")
    assert dead_commands.retry_all("things.bump", by="ada").retried == ()

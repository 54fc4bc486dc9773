"""Commands that are run in this process: `.apply()` and `task_always_eager`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from celery import chain, chord, group

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing, drop_thing
from worker.base.actor import acting_as
from worker.base.app import app
from worker.commands.errors import CommandDead, InvalidCommand
from worker.contracts import Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")


@pytest.fixture(params=["apply", "always eager"])
def send(request: pytest.FixtureRequest) -> Iterator[Any]:
    """How a command is run here and now."""
    if request.param == "apply":
        yield lambda task, **fields: task.apply(kwargs=fields)
        return
    app.conf.task_always_eager = True
    try:
        yield lambda task, **fields: task.delay(**fields)
    finally:
        app.conf.task_always_eager = False


@pytest.fixture
def eager() -> Iterator[None]:
    """Celery's setting for tests of applications."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_a_command_run_here_gives_a_handle_with_its_receipt(things: Database, send: Any) -> None:
    """The handle had no `.receipt()`."""
    handle = send(add_thing, price="1.00")

    receipt = handle.receipt()
    assert receipt.succeeded
    assert handle.get() == receipt.to_json()
    assert handle.stored_receipt() == receipt
    assert handle.command_id == receipt.command_id
    assert handle.payload["thing_id"] == receipt.data["thing_id"]


def test_a_refusal_and_a_bug_are_receipts_here_too(things: Database, send: Any) -> None:
    assert send(bump_thing, thing_id=uuid7()).receipt().status is Status.REJECTED
    thing = send(add_thing, price="1.00").receipt().data["thing_id"]
    dead = send(bump_thing, thing_id=thing, mishap="bug")
    assert dead.receipt().status is Status.DEAD
    with pytest.raises(CommandDead):
        dead.get()
    with pytest.raises(InvalidCommand, match="price"):
        send(add_thing, price="-1")


def test_it_is_run_as_whoever_acts(things: Database, send: Any) -> None:
    with acting_as("user:7", roles=["clerk"]):
        refused = send(drop_thing, thing_id=uuid7()).receipt()
    assert refused.error == "user:7 may not send things.drop (roles clerk)"


def test_the_same_id_is_the_same_call_here_too(things: Database) -> None:
    id_ = uuid7()
    first, again = (add_thing.apply(kwargs={"price": "1.00"}, task_id=id_) for _ in range(2))
    assert first.receipt() == again.receipt()


@pytest.mark.settings(after_timeout=0.2)
def test_it_waits_for_those_named_in_after(things: Database) -> None:
    nobody = uuid7()
    handle = add_thing.apply(kwargs={"price": "1.00"}, after=[nobody])
    assert str(nobody) in (handle.receipt().error or "")


def test_canvas_runs_here_as_well(things: Database, eager: None) -> None:
    thing = uuid7()
    a, *rest = (
        add_thing.s(thing_id=thing, price=Decimal("1.00")),
        *(bump_thing.s(thing_id=thing, by=n) for n in (1, 2, 4)),
    )

    last: Any = chain(a, *rest).apply_async()
    members: Any = group(rest).apply_async()
    body: Any = chord(rest, bump_thing.s(thing_id=thing, by=8)).apply_async()

    assert last.receipt().data == {"n": 7}
    assert [one.receipt().data["n"] for one in members.results] == [8, 10, 14]
    assert body.receipt().data == {"n": 29}


def test_a_refusal_stops_a_chain_here_as_well(things: Database, eager: None) -> None:
    thing = uuid7()
    last: Any = chain(
        bump_thing.s(thing_id=thing), add_thing.s(thing_id=thing, price=Decimal("1.00"))
    ).apply_async()

    assert "not run" in (last.receipt().error or "")

"""A lease lives as long as the work: nobody runs a command twice at a time, and one whose process
died runs again soon. Through real worker processes, with leases of a second."""

from __future__ import annotations

import os
import signal
import time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.things.commands import BEGUN, MENDED, add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.things.models import BumpThing
from tests.support.workers import Workers, until
from worker.base.settings import get_settings
from worker.commands import after_commit, leases
from worker.commands.command_result import CommandResult, unsettled
from worker.commands.executor import execute
from worker.commands.queue_consumer import claim
from worker.contracts import Envelope, Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("redis")
LIMITS = {"task_soft_time_limit": 40, "task_time_limit": 50, "visibility_timeout": 60}
SHORT = pytest.mark.settings(lease=1.0, **LIMITS)


def a_thing() -> UUID:
    return UUID(add_thing.delay(price=Decimal(1)).receipt(20).data["thing_id"])


def bumped(things: Things, thing: UUID, mishap: str) -> CommandResult:
    """A bump that waits among the enqueued commands."""
    bump = BumpThing(thing_id=thing, mishap=mishap)
    with things.connect() as connection, connection.transaction():
        return bump_thing.enqueue(connection, bump)


def ask() -> bool:
    """Ask the workers to look for work, as the sweep does."""
    after_commit.wake("cqrs.drain", force=True)
    return True


def begun(home: Path) -> list[int]:
    """The processes in which a handler began, in order."""
    file = home / BEGUN
    return [int(pid) for pid in file.read_text().split()] if file.exists() else []


def row(things: Things, handle: CommandResult) -> tuple[int, float, float]:
    """An enqueued command's attempts, its age and what is left of its lease, in seconds."""
    with things.connect() as connection:
        found = connection.execute(
            "SELECT attempts, extract(epoch FROM clock_timestamp() - enqueued_at)::float,"
            "       extract(epoch FROM due_at - clock_timestamp())::float"
            "  FROM cqrs.enqueued_commands WHERE command_id = %s",
            [handle.command_id],
        ).fetchone()
    assert found is not None
    return found


@SHORT
def test_a_healthy_command_that_outlasts_many_leases_runs_once(
    things: Things, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=4)
    handle = bumped(things, a_thing(), "waits until mended")
    home = get_settings().home
    until(lambda: ask() and begun(home))

    until(lambda: ask() and row(things, handle)[1] > 8)

    attempts, _, left = row(things, handle)
    assert (attempts, len(begun(home))) == (1, 1)
    assert 0 < left <= 1
    (home / MENDED).touch()
    receipt = handle.receipt(20)
    assert receipt.status is Status.SUCCEEDED
    assert len(begun(home)) == 1


@SHORT
def test_a_command_whose_process_was_killed_runs_again_soon(
    things: Things, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=3)
    handle = bumped(things, a_thing(), "waits until mended")
    home = get_settings().home
    (first,) = until(lambda: ask() and begun(home))
    os.kill(first, signal.SIGKILL)
    died = time.monotonic()

    until(lambda: ask() and len(begun(home)) == 2, 10)

    assert time.monotonic() - died < 10
    assert row(things, handle)[0] == 2
    (home / MENDED).touch()
    assert handle.receipt(20).status is Status.SUCCEEDED


@pytest.mark.settings(lease=1.0, task_soft_time_limit=2, task_time_limit=20, visibility_timeout=30)
def test_an_enqueued_command_that_takes_too_long_is_dead_and_its_neighbours_are_not(
    things: Things, workers: Workers
) -> None:
    thing = a_thing_here()
    handles = [bumped(things, thing, mishap) for mishap in ("", "stands still", "")]
    workers.start(["commands"], concurrency=1)

    until(lambda: ask() and not unsettled(handles), 60)
    receipts = [one.receipt(5) for one in handles]

    succeeded, dead = Status.SUCCEEDED, Status.DEAD
    assert [one.status for one in receipts] == [succeeded, dead, succeeded]
    assert receipts[1].error == "it took longer than 2 s"


def a_thing_here() -> UUID:
    """A thing, added in this process."""
    thing = uuid7()
    added = Envelope(uuid7(), "things.add", {"thing_id": str(thing), "price": "1.00"})
    (receipt,) = execute([added]).outcomes
    assert isinstance(receipt, Receipt)
    return thing


def test_a_lease_that_somebody_else_has_now_is_not_renewed(things: Things) -> None:
    handle = bumped(things, a_thing_here(), "")
    ours = claim(10).leases
    set_due(things, handle.command_id)
    theirs = claim(10).leases
    assert (ours, theirs) == ({handle.command_id: 1}, {handle.command_id: 2})
    keeper = leases.LeaseKeeper()

    with keeper.holding(ours):
        assert keeper.renew() == 0
    with keeper.holding(theirs):
        assert keeper.renew() == 1
    assert keeper.renew() == 0


def test_a_renewal_waits_for_nobody_who_settles(things: Things) -> None:
    bumped(things, a_thing_here(), "")
    keeper = leases.LeaseKeeper()
    lock = "SELECT FROM cqrs.enqueued_commands FOR UPDATE"
    with keeper.holding(claim(10).leases):
        with things.connect() as connection, connection.transaction():
            connection.execute(lock)
            assert keeper.renew() == 0
        assert keeper.renew() == 1


def test_a_forked_child_holds_nothing_of_its_parent(things: Things) -> None:
    """What the parent runs is the parent's: a child that renewed it would outlive its death."""
    with leases.holding({UUID(int=1): 1}):
        child = os.fork()
        if child == 0:
            fresh = leases._keeper is None and not leases._starting
            os._exit(0 if fresh else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def set_due(things: Things, command_id: UUID) -> None:
    """Let a lease end."""
    with things.connect() as connection:
        connection.execute(
            "UPDATE cqrs.enqueued_commands SET due_at = now() WHERE command_id = %s", [command_id]
        )

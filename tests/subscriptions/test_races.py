"""Several runners at one subscription: none is taken for dead, none goes while there is work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.conftest import Database
from tests.subscriptions.test_deaths import die
from tests.support.things.history import LIST, Things
from tests.support.things.models import ThingMoved
from tests.support.things.projections import thing_list
from worker import event_log
from worker.base import db
from worker.base.db import Connection
from worker.subscriptions import checkpoints, dead_letters, runner
from worker.subscriptions.batch import PendingBatch, advance
from worker.subscriptions.checkpoints import Checkpoint

ROUNDS = 400


def at_once(*runs: Callable[[], object]) -> None:
    """Run functions side by side, begun at one moment."""
    gate = threading.Barrier(len(runs))

    def begin(run: Callable[[], object]) -> None:
        gate.wait()
        run()

    threads = [threading.Thread(target=begin, args=(run,)) for run in runs]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)


def checkpoint(connection: Connection) -> Checkpoint:
    (at,) = checkpoints.read(connection, [LIST])
    return at


def next_step(connection: Connection, at: Checkpoint) -> PendingBatch:
    """All that is to be read from a checkpoint on."""
    types = [ThingMoved.type]
    page = event_log.read(connection, after=at.position, upto=10**9, types=types, limit=100)
    return PendingBatch(thing_list, at, page[-1].position, page)


def move_on(connection: Connection, step: PendingBatch) -> None:
    """What another runner does, as short as can be: it moves the checkpoint."""
    where = {"name": step.at.name, "position": step.upto}
    connection.execute(checkpoints.SQL["move"], where)


def test_a_runner_that_comes_a_moment_too_late_is_not_taken_for_dead(things: Things) -> None:
    """The checkpoint moves between the snapshot of its `take` and its lock, now and then."""
    marks = []
    with db.writer() as one, db.writer() as other:
        for thing in range(ROUNDS):
            things.move(thing, "kiel")
            step = next_step(one, checkpoint(one))
            at_once(lambda: move_on(one, step), lambda: advance(other, step))  # noqa: B023
            marks.append(checkpoint(one).mark)
    assert marks == [None] * ROUNDS


@pytest.mark.settings(projection_batch_size=1)
def test_however_many_run_all_is_handled_once_and_nobody_is_said_to_have_died(
    things: Things,
) -> None:
    for thing in range(60):
        things.move(thing, "kiel", "ulm", "bonn")
    with capture_logs() as said:
        at_once(*[lambda: runner.catch_up([LIST])] * 8)
    assert things.tracked() == dict.fromkeys(range(60), "kiel ulm bonn")
    assert [line for line in said if "died" in line["event"]] == []


def test_a_batch_that_the_database_refuses_leaves_no_mark_for_others_to_find(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is rolled back, and its checkpoint taken again before anybody else can look."""
    seen: list[tuple[bool, str | None]] = []
    real = dead_letters.parked_streams

    def look(*args: Any) -> Any:
        with db.writer() as other:
            at = checkpoint(other)
            seen.append((at.held, at.mark))
        return real(*args)

    monkeypatch.setattr(dead_letters, "parked_streams", look)
    things.move(1, "kiel")
    things.move(2, "kiel", price="1000000.00")  # more than the column holds
    things.project(LIST)
    assert seen == [(True, None)]
    assert things.tracked() == {1: "kiel"}


def test_a_lock_that_was_committed_is_nobodys(things: Things, database: Database) -> None:
    with database.connect() as other, other.transaction():
        other.execute("SELECT FROM cqrs.subscriptions WHERE name = %s FOR UPDATE", [LIST])
        assert checkpoint(things.connection).held
    at = checkpoint(things.connection)
    assert (at.held, at.mark) == (False, None)


def test_a_mark_is_counted_once(things: Things, database: Database) -> None:
    """Two runners that see one death do not make two of it."""
    things.move(1, "kiel")
    die(database)
    with db.writer() as one, db.writer() as other:
        step = next_step(one, checkpoint(one))
        assert advance(one, step) is not None
        assert advance(other, step) is None
    assert things.checkpoint()["deaths"] == 1

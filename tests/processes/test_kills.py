"""Processes killed by SIGKILL at every point of a command and of a projection: once is once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support.crash_points import POINTS, fired, flag
from tests.support.things.commands import add_thing, bump_thing
from tests.support.workers import Workers, until
from worker.commands.command_result import CommandResult

pytestmark = [pytest.mark.usefixtures("things"), pytest.mark.timeout(180)]
CRASHING = "tests.support.crashing"
COMMANDS = ["commands"]
READERS = ["projections", "maintenance"]


def add(price: str = "1.00") -> UUID:
    """A new thing's id."""
    return UUID(add_thing.delay(price=Decimal(price)).receipt(30).data["thing_id"])


def gone(redis: redis_py.Redis, key: str) -> Callable[[], bool]:
    """Whether a key has been taken away."""
    return lambda: not redis.exists(key)


def assert_bumped_once(database: Database, handles: list[CommandResult]) -> None:
    """Every command has its receipt, and took effect exactly once, in both models and the log."""
    for handle in handles:
        assert handle.receipt(40).data == {"n": 1}
    with database.connect() as connection:
        rows = connection.execute("SELECT DISTINCT n FROM command.things").fetchall()
        assert rows == [(1,)]
        events = "SELECT count(*) FROM cqrs.events WHERE type = 'things.ThingBumped'"
        assert connection.execute(events).fetchone() == (len(handles),)
        audit = "SELECT count(*) FROM cqrs.audit_log WHERE operation = 'UPDATE'"
        assert connection.execute(audit).fetchone() == (len(handles),)
        read = "SELECT count(*) FILTER (WHERE n = 1 AND changes = 1) FROM query.things"
        until(lambda: connection.execute(read).fetchone() == (len(handles),), 20)


def test_a_process_killed_at_any_point_of_a_command(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    workers.start_beat()
    workers.start(READERS, concurrency=1)
    workers.start(COMMANDS, concurrency=1, app_module=CRASHING)
    handles = []
    for point in POINTS:
        thing = add()
        redis.set(flag("command", point), "child")
        handles.append(bump_thing.delay(thing_id=thing))
        until(gone(redis, flag("command", point)), 20, f"no crash {point}")
    assert_bumped_once(database, handles)
    assert fired(redis, "command") == set(POINTS)


def test_a_whole_worker_killed_at_any_point_of_a_command(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    workers.start_beat()
    workers.start(READERS, concurrency=1)
    doomed = workers.start(COMMANDS, concurrency=1, app_module=CRASHING)
    things = [add() for _ in POINTS]
    handles = []
    for thing, point in zip(things, POINTS, strict=True):
        redis.set(flag("command", point), "worker")
        handles.append(bump_thing.delay(thing_id=thing))
        until(doomed.ended, 20, f"no crash {point}")
        doomed = workers.start(COMMANDS, concurrency=1, app_module=CRASHING)
    assert_bumped_once(database, handles)
    assert fired(redis, "command") == set(POINTS)


@pytest.mark.parametrize("kill", ["child", "worker"])
def test_a_process_killed_at_any_point_of_a_projection(
    database: Database, workers: Workers, redis: redis_py.Redis, kill: str
) -> None:
    workers.start_beat()
    workers.start(COMMANDS, concurrency=1)
    doomed = workers.start(READERS, concurrency=1, app_module=CRASHING)
    handles = []
    for point in POINTS:
        thing = add()
        redis.set(flag("projection", point), kill)
        handles.append(bump_thing.delay(thing_id=thing))
        until(gone(redis, flag("projection", point)), 20, f"no crash {point}")
        if kill == "worker":
            until(doomed.ended, 20)
            doomed = workers.start(READERS, concurrency=1, app_module=CRASHING)
    assert_bumped_once(database, handles)
    assert fired(redis, "projection") == set(POINTS)

"""SIGKILL to a worker in the middle of a changeset: failed with a reason at once, and done once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Database
from tests.schema.waiting import until, until_row
from tests.support.domains import import_like_a_worker
from tests.support.workers import Worker, Workers
from worker.commands import dead_commands
from worker.contracts import Status
from worker.schema import history, load
from worker.schema.tasks import execute_changeset, track_change

Connection = psycopg.Connection[Any]
PAY = "UPDATE command.balance SET amount = amount - 10"
SLEEP = "SELECT pg_sleep(seconds) FROM command.pause"
SLEEPS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
CLAIMED = "SELECT executed_by FROM cqrs.changesets WHERE status = 'in_progress'"


@pytest.fixture
def database(own_database: Database) -> Database:
    """A database of this test's own, in use by the whole engine."""
    import_like_a_worker()
    return own_database


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    """Something of which it matters how often it is changed, and how long that takes."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE command.balance AS SELECT 100 AS amount")
        connection.execute("CREATE TABLE command.pause AS SELECT 30 AS seconds")
        yield connection


def balance(db: Connection) -> int:
    """How much is left."""
    return int(db.execute("SELECT amount FROM command.balance").fetchall()[0][0])


def kill_child(db: Connection) -> None:
    """SIGKILL to the process that executes a changeset, in its long operation."""
    until_row(db, SLEEPS)
    host_and_pid = until_row(db, CLAIMED)
    os.kill(int(host_and_pid.rsplit(":", 1)[1]), signal.SIGKILL)


def start(workers: Workers) -> Worker:
    """A worker with two processes."""
    return workers.start(["maintenance", "commands"], concurrency=2)


@pytest.mark.settings(visibility_timeout=60, task_time_limit=50, task_soft_time_limit=40)
def test_a_killed_child_costs_seconds_and_the_change_is_made_once_under_one_id(
    db: Connection, workers: Workers
) -> None:
    start(workers)
    handle = track_change.delay([PAY, SLEEP], [], "killed", "1.0.0")
    until_row(db, SLEEPS)
    db.execute("UPDATE command.pause SET seconds = 0")
    kill_child(db)
    receipt = handle.receipt(30)
    assert (receipt.status, receipt.data["status"]) == (Status.SUCCEEDED, "completed")
    assert [line.changeset_id for line in history(db)] == [UUID(handle.id)]
    assert balance(db) == 90


@pytest.mark.settings(visibility_timeout=60, task_time_limit=50, task_soft_time_limit=40)
def test_what_a_killed_worker_left_is_failed_as_soon_as_the_next_one_starts(
    db: Connection, workers: Workers
) -> None:
    worker = start(workers)
    handle = track_change.delay([PAY, SLEEP], [], "killed", "1.0.0")
    until_row(db, SLEEPS)
    worker.kill()
    assert load(db, handle.id).status == "in_progress"
    start(workers)
    until(lambda: load(db, handle.id).status == "failed", "it is settled")
    failed = load(db, handle.id)
    assert failed.error is not None
    assert "ended before it was done, in operation 2; nothing of it was kept" in failed.error
    assert balance(db) == 100
    db.execute("UPDATE command.pause SET seconds = 0")
    assert execute_changeset.delay(handle.id).receipt(30).data["status"] == "completed"
    assert balance(db) == 90


@pytest.mark.settings(visibility_timeout=60, task_time_limit=50, task_soft_time_limit=40)
def test_one_that_kills_its_process_too_often_is_a_dead_letter_and_can_be_run_again(
    db: Connection, workers: Workers
) -> None:
    start(workers)
    arguments: tuple[Any, ...] = ([PAY, SLEEP], [], "killed", "1.0.0")
    handle = track_change.apply_async(arguments, retries=3)  # as if it had been killed before
    kill_child(db)
    dead = handle.receipt(30)
    assert dead.status is Status.DEAD
    assert "its worker process ended every time" in (dead.error or "")
    assert balance(db) == 100
    db.execute("UPDATE command.pause SET seconds = 0")
    dead_commands.retry(handle.command_id, by="tester")
    until(lambda: load(db, handle.id).status == "completed", "it is run again")
    until(lambda: (found := handle.stored_receipt()) and found.succeeded, "it has its receipt")
    assert (balance(db), len(history(db))) == (90, 1)


@pytest.mark.settings(visibility_timeout=10, task_time_limit=9, task_soft_time_limit=8)
def test_a_worker_that_is_told_to_stop_says_in_which_operation_it_was(
    db: Connection, workers: Workers
) -> None:
    start(workers)
    arguments: tuple[Any, ...] = ([PAY, SLEEP], [], "slow", "1.0.0")
    handle = track_change.apply_async(arguments, soft_time_limit=2)
    assert handle.receipt(30).status is Status.DEAD
    failed = load(db, handle.id)
    assert failed.status == "failed"
    assert failed.error == "operation 2 was stopped by SoftTimeLimitExceeded"
    assert failed.failed_operation is not None
    assert failed.failed_operation.number == 2
    assert db.execute(SLEEPS).fetchone() is None  # the statement was stopped as well
    assert balance(db) == 100

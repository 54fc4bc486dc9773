"""SIGKILL in the middle of a changeset: it is failed, nothing was kept, it can run again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.schema.waiting import until, until_no_row, until_row
from worker.schema import (
    Context,
    Limits,
    Operation,
    execute_changeset,
    load,
    recover,
    rollback_changeset,
    track_change,
)
from worker.schema.errors import ChangesetBusy, VersionRefused
from worker.schema.history.journal import ChangesetJournal

Connection = psycopg.Connection[Any]

EXECUTE = """
import sys, psycopg
from tests.schema.registry import SmallReadSide
from worker.schema import Context, execute_changeset, rollback_changeset
url, verb, changeset = sys.argv[1:]
connect = lambda: psycopg.connect(url, autocommit=True)
{"execute": execute_changeset, "rollback": rollback_changeset}[verb](
    Context(connect, SmallReadSide(connect)), changeset)
"""


def killed(url: str, verb: str, changeset: object, db: Connection, ready: str) -> None:
    """Run it in a process of its own, and kill that as soon as `ready` has a row."""
    process = subprocess.Popen([sys.executable, "-c", EXECUTE, url, verb, str(changeset)])
    try:
        until_row(db, ready)
    finally:
        process.kill()
        assert process.wait(timeout=10) == -signal.SIGKILL


def recovered(context: Context) -> int:
    """What `recover` found, once the dead process's session has ended."""
    return int(until(lambda: recover(context), "the dead process's session ends"))


@pytest.fixture
def patient(context: Context) -> Context:
    """Waits for the server to notice the death."""
    return replace(context, limits=Limits(turn_timeout=20))


SLEEPS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"


def test_a_killed_changeset_is_failed_with_a_reason_and_the_database_unchanged(
    database: Any, patient: Context, db: Connection
) -> None:
    waiting = track_change(
        patient,
        ["CREATE TABLE command.orders (id int)", "SELECT pg_sleep(60)"],
        ["CREATE VIEW query.v AS SELECT 1"],
        "Killed",
        "1.0.0",
        atomic=False,
    )
    killed(database.url, "execute", waiting.id, db, SLEEPS)
    assert load(db, waiting.id).status == "in_progress"
    assert recovered(patient) == 1
    failed = load(db, waiting.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert "ended before it was done, in operation 2; nothing of it was kept" in failed.error
    assert failed.executed_by is not None
    assert failed.executed_by in failed.error
    assert db.execute("SELECT to_regclass('command.orders')").fetchone() == (None,)
    assert recover(patient) == 0


def test_a_killed_changeset_can_be_run_again(
    database: Any, patient: Context, db: Connection
) -> None:
    db.execute("CREATE TABLE public.pause AS SELECT 60 AS seconds")
    waiting = track_change(
        patient,
        ["CREATE TABLE command.orders (id int)", "SELECT pg_sleep(seconds) FROM public.pause"],
        [],
        "Killed",
        "1.0.0",
        atomic=False,
    )
    killed(database.url, "execute", waiting.id, db, SLEEPS)
    db.execute("UPDATE public.pause SET seconds = 0")
    until_no_row(db, SLEEPS)
    assert execute_changeset(patient, waiting.id).status == "completed"
    assert db.execute("SELECT to_regclass('command.orders') IS NOT NULL").fetchone() == (True,)


def test_the_next_changeset_settles_the_dead_one_by_itself(
    database: Any, patient: Context, db: Connection
) -> None:
    dead = track_change(patient, ["SELECT pg_sleep(60)"], [], "Dead", "1.0.0", atomic=False)
    killed(database.url, "execute", dead.id, db, SLEEPS)
    done = track_change(patient, ["CREATE TABLE command.t (id int)"], [], "Next", "1.1.0")
    assert done.status == "completed"
    assert load(db, dead.id).status == "failed"


def test_a_changeset_that_is_being_executed_is_not_taken_for_dead(
    database: Any, patient: Context, db: Connection
) -> None:
    waiting = track_change(patient, ["SELECT pg_sleep(60)"], [], "Alive", "1.0.0", atomic=False)
    process = subprocess.Popen(
        [sys.executable, "-c", EXECUTE, database.url, "execute", str(waiting.id)]
    )
    try:
        until_row(db, SLEEPS)
        assert recover(patient) == 0
        assert load(db, waiting.id).status == "in_progress"
    finally:
        process.kill()
        process.wait(timeout=10)


def test_a_rollback_that_is_killed_leaves_the_changeset_as_it_stood(
    database: Any, patient: Context, db: Connection
) -> None:
    done = track_change(
        patient,
        [
            Operation("CREATE TABLE command.orders (id int)", "SELECT pg_sleep(60)"),
            Operation("CREATE TABLE command.lines (id int)", "DROP TABLE command.lines"),
        ],
        [],
        "Stays",
        "1.0.0",
    )
    killed(database.url, "rollback", done.id, db, SLEEPS)
    dead = load(db, done.id)
    assert (dead.status, dead.undoing) == ("in_progress", True)
    with pytest.raises(VersionRefused, match=r"does not follow 1\.0\.0"):
        track_change(patient, ["CREATE TABLE command.next (id int)"], [], "Next", "1.0.0")
    assert recovered(patient) == 1
    stands = load(db, done.id)
    assert (stands.status, stands.undoing) == ("completed", False)
    assert stands.error is not None
    assert "rolled it back (" in stands.error
    assert "ended before it was done, in the undo of operation 1" in stands.error
    assert db.execute("SELECT to_regclass('command.lines') IS NOT NULL").fetchone() == (True,)


BUILDING = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('command.orders_id')"
SESSION = (
    "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND state = 'active'"
)


def kill_while_an_index_is_built(
    database: Any, context: Context, db: Connection, connect: Callable[[], Connection], *, end: bool
) -> UUID:
    """A transaction older than the build holds it up. `end`: until the build's session has ended;
    else the server goes on building, for nobody."""
    db.execute("CREATE TABLE command.orders AS SELECT n AS id FROM generate_series(1, 1000) AS n")
    operation = "CREATE INDEX CONCURRENTLY orders_id ON command.orders (id)"
    waiting = track_change(context, [operation], [], "Index", "1.0.0", atomic=False)
    with connect() as old, old.transaction():
        old.execute("INSERT INTO command.orders VALUES (0)")
        killed(database.url, "execute", waiting.id, db, BUILDING)
        if end:
            until_no_row(db, SESSION)
    return waiting.id


def test_an_index_whose_build_died_with_its_process_is_cleaned_away(
    database: Any, patient: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    changeset = kill_while_an_index_is_built(database, patient, db, connect, end=True)
    assert db.execute(f"{BUILDING} AND NOT indisvalid".encode()).fetchone() == (1,)
    recovered(patient)
    assert load(db, changeset).status == "failed"
    assert db.execute(BUILDING.encode()).fetchone() is None
    assert execute_changeset(patient, changeset).status == "completed"
    assert db.execute(f"{BUILDING} AND indisvalid".encode()).fetchone() == (1,)


def test_an_index_that_the_server_finishes_for_a_dead_process_is_never_half_there(
    database: Any, patient: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    changeset = kill_while_an_index_is_built(database, patient, db, connect, end=False)
    recovered(patient)
    valid = db.execute(f"{BUILDING} AND indisvalid".encode()).fetchone() is not None
    assert load(db, changeset).status == ("completed" if valid else "failed")
    assert valid or db.execute(BUILDING.encode()).fetchone() is None


def test_a_rollback_killed_while_it_builds_an_index_is_settled_and_can_be_repeated(
    database: Any, patient: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    db.execute("CREATE TABLE command.orders (id int)")
    db.execute("CREATE INDEX orders_id ON command.orders (id)")
    build = "CREATE INDEX CONCURRENTLY orders_id ON command.orders (id)"
    drop = Operation("DROP INDEX CONCURRENTLY command.orders_id", build)
    done = track_change(patient, [drop], [], "Drop", "1.0.0")
    with connect() as old, old.transaction():
        old.execute("INSERT INTO command.orders VALUES (0)")
        killed(database.url, "rollback", done.id, db, BUILDING)
        until_no_row(db, SESSION)
    assert db.execute(f"{BUILDING} AND NOT indisvalid".encode()).fetchone() == (1,)
    recovered(patient)
    assert load(db, done.id).status == "completed"
    assert db.execute(BUILDING.encode()).fetchone() is None
    assert rollback_changeset(patient, done.id).status == "rolled_back"
    assert db.execute(f"{BUILDING} AND indisvalid".encode()).fetchone() == (1,)


def test_an_index_that_was_there_before_is_not_taken_for_what_a_dead_step_made(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE TABLE command.orders (id int)")
    db.execute("CREATE INDEX orders_id ON command.orders (id) WHERE id > 5")
    build = "CREATE INDEX CONCURRENTLY orders_id ON command.orders (id)"
    dead = track_change(context, [build], [], "Index", "1.0.0", atomic=False)
    # It was claimed, and its process died before the step began.
    assert ChangesetJournal(db).claim(dead.id, "elsewhere:1")
    assert recover(context) == 1
    assert load(db, dead.id).status == "failed"
    assert db.execute(f"{BUILDING} AND indisvalid".encode()).fetchone() == (1,)


def test_nobody_waits_for_a_clean_up_that_has_to_wait(
    database: Any, context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    changeset = kill_while_an_index_is_built(database, context, db, connect, end=True)
    with connect() as old, old.transaction():
        old.execute("INSERT INTO command.orders VALUES (0)")
        start = time.monotonic()
        assert recover(context) == 0
        assert time.monotonic() - start < context.limits.lock_timeout + 1
        assert load(db, changeset).status == "in_progress"
        with pytest.raises(ChangesetBusy, match="an interrupted changeset must be cleaned up"):
            track_change(context, ["CREATE TABLE command.t (id int)"], [], "Next", "1.1.0")
    assert recover(context) == 1
    assert load(db, changeset).status == "failed"

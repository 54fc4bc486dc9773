"""Sessions and changeset locks lost in the middle: the history says so, and nothing was kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.schema.waiting import until, until_row
from worker.schema import (
    Context,
    Operation,
    execute_changeset,
    history,
    load,
    recover,
    rollback_changeset,
    track_change,
)
from worker.schema.errors import ChangeFailed

Connection = psycopg.Connection[Any]
SLEEPS = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
OPERATIONS = [
    "CREATE TABLE command.before (id int)",
    "SELECT pg_sleep(0.7)",
    "CREATE TABLE command.after (id int)",
]
OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid NOT IN (%s, pg_backend_pid())"""
WORK = "SELECT pg_terminate_backend(%s)"
ALL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND %s IS NOT NULL"""


@pytest.mark.parametrize("sessions", [OTHERS, WORK, ALL], ids=["journal", "work", "both"])
def test_whichever_session_ends_the_changeset_is_failed_at_once_with_the_reason(
    context: Context, db: Connection, sessions: str
) -> None:
    failures: list[ChangeFailed] = []

    def change() -> None:
        with pytest.raises(ChangeFailed) as failure:
            track_change(context, OPERATIONS, [], "Loses", "1.0.0")
        failures.append(failure.value)

    thread = threading.Thread(target=change)
    thread.start()
    db.execute(sessions.encode(), [until_row(db, SLEEPS)])
    thread.join(timeout=20)
    (line,) = history(db)
    assert line.status == "failed"
    assert line.error is not None
    assert re.search("terminating connection|the connection is closed", line.error)
    assert line.failed_operation in (2, 3)
    assert failures[0].changeset_id == line.changeset_id
    assert db.execute("SELECT to_regclass('command.before')").fetchone() == (None,)
    assert execute_changeset(context, line.changeset_id).status == "completed"


def releases_the_changeset_lock(db: Connection) -> None:
    """A function that nobody can see into before it runs."""
    db.execute(
        "CREATE FUNCTION public.harmless() RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN EXECUTE 'SELECT pg_advisory_unlock_' || 'all()'; END $$"
    )


def test_an_operation_that_releases_the_changeset_lock_undoes_the_changeset(
    context: Context, db: Connection
) -> None:
    releases_the_changeset_lock(db)
    operations = ["SELECT public.harmless()", "CREATE TABLE command.after (id int)"]
    with pytest.raises(ChangeFailed, match="released the advisory lock"):
        track_change(context, operations, [], "Sly", "1.0.0")
    (line,) = history(db)
    assert line.status == "failed"
    assert db.execute("SELECT to_regclass('command.after')").fetchone() == (None,)


def test_one_that_was_taken_for_dead_is_not_completed_afterwards(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    releases_the_changeset_lock(db)
    operations = ["SELECT public.harmless()", *OPERATIONS]
    waiting = track_change(context, operations, [], "Sly", "1.0.0", atomic=False)
    failures: list[str] = []

    def execute() -> None:
        with pytest.raises(ChangeFailed) as failure:
            execute_changeset(context, waiting.id)
        failures.append(failure.value.reason)

    thread = threading.Thread(target=execute)
    thread.start()
    until_row(db, SLEEPS)
    assert until(lambda: recover(context), "taken for dead") == 1
    thread.join(timeout=20)
    assert "released the advisory lock" in failures[0]
    assert load(db, waiting.id).status == "failed"
    assert db.execute("SELECT to_regclass('command.after')").fetchone() == (None,)


def test_a_rollback_that_releases_the_changeset_lock_leaves_the_changeset_completed(
    context: Context, db: Connection
) -> None:
    releases_the_changeset_lock(db)
    undo = Operation("CREATE TABLE command.t (id int)", "SELECT public.harmless()")
    done = track_change(context, [undo], [], "Sly", "1.0.0")
    with pytest.raises(ChangeFailed, match="rollback: an operation released the advisory lock"):
        rollback_changeset(context, done.id)
    stands = load(db, done.id)
    assert (stands.status, stands.undoing) == ("completed", False)

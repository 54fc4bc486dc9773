"""What cannot run in a transaction is a step of its own: finished or cleaned up, never half."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from tests.schema.waiting import until_row
from worker.schema import (
    Changeset,
    Context,
    Limits,
    Operation,
    dispatch_follow_ups,
    load,
    recover,
    rollback_changeset,
    track_change,
)
from worker.schema.errors import ChangeFailed, InvalidChange
from worker.schema.execute.step_recovery import settle_step
from worker.schema.plan.operations import effects_of_text

Connection = psycopg.Connection[Any]
BUILD = "CREATE UNIQUE INDEX CONCURRENTLY orders_id ON command.orders (id)"


@pytest.fixture(autouse=True)
def orders(db: Connection) -> None:
    """A table with a duplicate, over which no unique index can be built."""
    db.execute(
        "CREATE TABLE command.orders (id int, at int); INSERT INTO command.orders VALUES (1), (1)"
    )


def indexes(db: Connection) -> dict[str, bool]:
    """Indexes in the command schema, and whether they are valid."""
    rows = db.execute(
        "SELECT c.relname, x.indisvalid FROM pg_index AS x JOIN pg_class AS c"
        " ON c.oid = x.indexrelid WHERE c.relnamespace = 'command'::regnamespace"
    )
    return dict(rows.fetchall())


def test_a_step_is_planned_recorded_and_completed(context: Context, db: Connection) -> None:
    db.execute("DELETE FROM command.orders")
    done = track_change(context, [BUILD], [], "Index", "1.0.0")
    assert (done.status, done.operations[0].kind) == ("completed", "CREATE INDEX CONCURRENTLY")
    assert done.operations[0].success is True
    assert indexes(db) == {"orders_id": True}


def test_an_invalid_index_that_a_failed_build_left_is_dropped(
    context: Context, db: Connection
) -> None:
    with pytest.raises(ChangeFailed, match="could not create unique index"):
        track_change(context, [BUILD], [], "Index", "1.0.0")
    assert indexes(db) == {}


def test_a_step_that_waits_for_a_lock_too_long_is_cleaned_up_and_tried_again(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    done: list[Changeset] = []
    build = BUILD.replace("UNIQUE", "")
    thread = threading.Thread(
        target=lambda: done.append(track_change(context, [build], [], "Index", "1.0.0"))
    )
    with connect() as other, other.transaction():
        other.execute("INSERT INTO command.orders VALUES (2)")
        thread.start()
        until_row(db, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DROP INDEX CONCURRENTLY%'")
        assert indexes(db) == {"orders_id": False}
    thread.join(timeout=20)
    assert (done[0].status, done[0].attempts) == ("completed", 2)
    assert indexes(db) == {"orders_id": True}


def test_an_index_of_that_name_that_is_there_already_is_left_alone(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE INDEX orders_id ON command.orders (at)")
    with pytest.raises(ChangeFailed, match=r"there is an index command\.orders_id already"):
        track_change(context, [BUILD.replace("UNIQUE", "")], [], "Index", "1.0.0")
    assert indexes(db) == {"orders_id": True}


def test_a_step_is_rolled_back_by_a_step(context: Context, db: Connection) -> None:
    db.execute("DELETE FROM command.orders")
    build = Operation(BUILD, "DROP INDEX CONCURRENTLY command.orders_id")
    done = track_change(context, [build], [], "Index", "1.0.0")
    assert rollback_changeset(context, done.id).status == "rolled_back"
    assert indexes(db) == {}


def test_an_unnamed_index_cannot_be_built_concurrently(context: Context) -> None:
    with pytest.raises(InvalidChange, match="name the index"):
        track_change(
            context, ["CREATE INDEX CONCURRENTLY ON command.orders (at)"], [], "I", "1.0.0"
        )


@pytest.mark.parametrize(
    "step",
    [
        "VACUUM command.orders",
        "REINDEX TABLE CONCURRENTLY command.orders",
        "VACUUM (ANALYZE) command.orders",
    ],
)
def test_other_steps_run_outside_a_transaction_too(context: Context, step: str) -> None:
    assert track_change(context, [step], [], "Tidy", "1.0.0").status == "completed"


@pytest.mark.parametrize(
    "step",
    [
        BUILD,
        "VACUUM command.orders",
        "DROP INDEX CONCURRENTLY command.orders_id",
        "REINDEX INDEX CONCURRENTLY command.orders_id",
        "ALTER TABLE command.parts DETACH PARTITION command.part CONCURRENTLY",
    ],
)
def test_a_step_beside_other_operations_is_refused_and_offered_a_changeset_of_its_own(
    context: Context, step: str
) -> None:
    with pytest.raises(InvalidChange, match="Put it into a changeset of its own") as refusal:
        track_change(context, ["CREATE TABLE command.new (id int)", step], [], "Both", "1.0.0")
    (problem,) = refusal.value.problems
    assert problem.operation == 2


def test_a_drop_that_stopped_half_way_is_finished(db: Connection) -> None:
    db.execute("CREATE INDEX orders_at ON command.orders (at)")
    drop = effects_of_text("DROP INDEX CONCURRENTLY command.orders_at")
    assert settle_step(db, drop) is False  # it had not begun: the index stays
    assert indexes(db) == {"orders_at": True}
    db.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'command.orders_at'::regclass"
    )
    assert settle_step(db, drop) is True
    assert indexes(db) == {}


def test_copies_that_a_reindex_left_are_dropped(db: Connection) -> None:
    db.execute(
        "CREATE INDEX orders_at ON command.orders (at);"
        "CREATE INDEX orders_at_ccnew ON command.orders (at)"
    )
    db.execute(
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'command.orders_at_ccnew'::regclass"
    )
    for text in ("TABLE CONCURRENTLY command.orders", "INDEX CONCURRENTLY command.orders_at"):
        assert settle_step(db, effects_of_text(f"REINDEX {text}")) is False
    assert indexes(db) == {"orders_at": True}


def test_a_partition_that_is_half_detached_is_finished(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    """The second half of DETACH waits for older transactions: it outlives the lock timeout."""
    db.execute(
        """CREATE TABLE command.parts (id int NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE command.part PARTITION OF command.parts FOR VALUES FROM (0) TO (10)"""
    )
    detach = "ALTER TABLE command.parts DETACH PARTITION command.part CONCURRENTLY"
    hasty = replace(context, limits=Limits(lock_timeout=0.1, statement_timeout=0.3))
    with connect() as old, old.transaction():
        old.execute("SELECT count(*) FROM command.parts")
        with pytest.raises(ChangeFailed, match="left half done for now"):
            track_change(hasty, [detach], [], "Detach", "1.0.0")
        pending = db.execute("SELECT inhdetachpending FROM pg_inherits").fetchall()
        assert pending == [(True,)]
        row = db.execute("SELECT id, status FROM cqrs.changesets").fetchone()
        assert row is not None
        assert row[1] == "in_progress"
    assert recover(context) == 1
    assert db.execute("SELECT count(*) FROM pg_inherits").fetchone() == (0,)
    assert load(db, row[0]).status == "completed"


def test_an_invalid_index_that_a_build_left_behind_makes_room_for_the_next(
    context: Context, db: Connection
) -> None:
    db.execute("CREATE INDEX orders_id ON command.orders (at)")
    db.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'command.orders_id'::regclass"
    )
    done = track_change(context, [BUILD.replace("UNIQUE", "")], [], "Index", "1.0.0")
    assert done.status == "completed"
    row = db.execute("SELECT pg_get_indexdef('command.orders_id'::regclass)").fetchone()
    assert row is not None
    assert row[0].endswith("(id)")


def test_an_index_that_somebody_builds_is_left_alone(
    context: Context, db: Connection, connect: Callable[[], Connection]
) -> None:
    build = BUILD.replace("UNIQUE", "")

    def build_it() -> None:
        with connect() as somebody:
            somebody.execute(build.encode())

    thread = threading.Thread(target=build_it)
    with connect() as old, old.transaction():
        old.execute("INSERT INTO command.orders VALUES (2)")
        thread.start()
        until_row(db, "SELECT 1 FROM pg_stat_progress_create_index WHERE index_relid <> 0")
        with pytest.raises(ChangeFailed, match=r"process \d+ is building an index"):
            track_change(context, [build], [], "Index", "1.0.0")
    thread.join(timeout=20)
    assert indexes(db) == {"orders_id": True}


def test_the_read_side_owes_what_it_owes_although_the_step_was_finished_by_others(
    context: Context, db: Connection, connect: Callable[[], Connection], read_side: SmallReadSide
) -> None:
    db.execute(
        """CREATE TABLE command.parts (id int NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE command.part PARTITION OF command.parts FOR VALUES FROM (0) TO (10);
        CREATE MATERIALIZED VIEW query.counted AS SELECT count(*) FROM command.parts"""
    )
    detach = "ALTER TABLE command.parts DETACH PARTITION command.part CONCURRENTLY"
    hasty = replace(context, limits=Limits(lock_timeout=0.1, statement_timeout=0.3))
    with connect() as old, old.transaction():
        old.execute("SELECT count(*) FROM command.parts")
        with pytest.raises(ChangeFailed, match="left half done for now"):
            track_change(hasty, [detach], [], "Detach", "1.0.0")
        assert (dispatch_follow_ups(context), read_side.refreshed) == (0, [])
    assert recover(context) == 1
    assert (dispatch_follow_ups(context), read_side.refreshed) == (1, ["query.counted"])

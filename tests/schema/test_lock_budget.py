"""One try waits for locks no longer than the setting, all its waits together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from tests.schema.waiting import until_row
from worker.schema import Context, Limits, history, load, track_change
from worker.schema.errors import ChangeFailed

Connection = psycopg.Connection[Any]
Connect = Callable[[], Connection]
LIMIT = 0.5
"""Seconds that a try may wait."""
SLACK = 0.3
"""Seconds more until a busy machine has observable."""
VIEWS = [f"query.v{number}" for number in range(1, 6)]


@pytest.fixture
def context(context: Context) -> Context:
    limits = Limits(lock_timeout=LIMIT, lock_attempts=1)
    return replace(context, limits=limits)


@pytest.fixture(autouse=True)
def tables(db: Connection) -> None:
    """A table that the application writes, and five views over another one."""
    db.execute("CREATE TABLE command.a (i int); CREATE TABLE command.o (i int)")
    db.execute("INSERT INTO command.o SELECT generate_series(1, 5)")
    for view in VIEWS:
        db.execute(f"CREATE VIEW {view} AS SELECT i FROM command.o".encode())


@contextmanager
def let_go_one_after_the_other(connect: Connect, locks: Sequence[str]) -> Iterator[None]:
    """Transactions that hold one lock each; each ends 0.45 s after the one before it, or all when
    nobody waits any more."""
    held, over = threading.Barrier(len(locks) + 1), threading.Event()

    def hold(lock: str, seconds: float) -> None:
        with connect() as connection, connection.transaction():
            connection.execute(lock.encode())
            held.wait(timeout=10)
            over.wait(seconds)

    threads = [
        threading.Thread(target=hold, args=(lock, 0.45 * number))
        for number, lock in enumerate(locks, start=1)
    ]
    for thread in threads:
        thread.start()
    held.wait(timeout=10)
    yield
    over.set()
    for thread in threads:
        thread.join(timeout=10)


@contextmanager
def writing(connect: Connect, waits: list[float]) -> Iterator[None]:
    """The application, and how long each of its inserts took."""
    over = threading.Event()

    def write() -> None:
        with connect() as connection:
            while not over.is_set():
                start = time.perf_counter()
                connection.execute("INSERT INTO command.a VALUES (1)")
                waits.append(time.perf_counter() - start)

    thread = threading.Thread(target=write)
    thread.start()
    yield
    over.set()
    thread.join(timeout=10)


@pytest.mark.parametrize(
    ("locks", "command", "query"),
    [
        pytest.param(
            [f"SELECT * FROM {view}" for view in VIEWS],
            [],
            [f"DROP VIEW {view}" for view in VIEWS],
            id="a wait in each statement",
        ),
        pytest.param(
            [f"SELECT * FROM {view}" for view in VIEWS],
            [],
            [f"DROP VIEW {', '.join(VIEWS)}"],
            id="several waits in one statement",
        ),
        pytest.param(
            [f"UPDATE command.o SET i = i WHERE i = {number}" for number in range(1, 6)],
            [f"UPDATE command.o SET i = i WHERE i = {number}" for number in range(1, 6)],
            [],
            id="rows",
        ),
    ],
)
def test_many_short_waits_are_one_long_one(
    context: Context,
    db: Connection,
    connect: Connect,
    locks: list[str],
    command: list[str],
    query: list[str],
) -> None:
    """The table is altered first, and locked until the last of the waits is over."""
    alter = "ALTER TABLE command.a ADD COLUMN j int"
    waits: list[float] = []
    with (
        writing(connect, waits),
        let_go_one_after_the_other(connect, locks),
        pytest.raises(ChangeFailed, match=r"no lock within 0\.5 s, 1 times over"),
    ):
        track_change(context, [alter, *command], query, "Waits", "1.0.0")
    assert 0.3 < max(waits) < LIMIT + SLACK
    (line,) = history(db)
    failed = load(db, line.changeset_id).failed_operation
    assert failed is not None
    assert failed.sqlstate == "55P03"
    assert failed.number > 1


def test_time_that_is_spent_working_leaves_the_lock_budget_as_it_was(
    context: Context, db: Connection, connect: Connect
) -> None:
    work = "SELECT pg_sleep(0.8)"
    done: list[str] = []

    def change() -> None:
        drops = [f"DROP VIEW {VIEWS[0]}"]
        done.append(track_change(context, [work], drops, "Works", "1.0.0").status)

    thread = threading.Thread(target=change)
    with connect() as reader, reader.transaction():
        reader.execute(f"SELECT * FROM {VIEWS[0]}".encode())
        thread.start()
        until_row(db, "SELECT 1 FROM pg_locks WHERE NOT granted AND waitstart IS NOT NULL")
    thread.join(timeout=10)
    assert done == ["completed"]

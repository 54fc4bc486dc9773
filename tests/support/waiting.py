"""Sessions that are made to wait for one another, so that a race is run in one way only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from tests.conftest import Database
from tests.support.workers import until

T = TypeVar("T")


def wait_for_waiting(database: Database, sessions: int = 1) -> None:
    """Wait until this many sessions of this database wait for somebody's lock."""
    with database.connect() as connection:

        def waiting() -> bool:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            return row == (sessions,)

        until(waiting, 10, f"no {sessions} sessions wait for a lock")


@contextmanager
def held(database: Database, sql: str, *parameters: object) -> Iterator[psycopg.Connection[Any]]:
    """Hold what this statement locks until the block ends."""
    with database.connect() as connection, connection.transaction():
        connection.execute(sql, parameters)
        yield connection


@contextmanager
def waiting(
    database: Database, calls: Sequence[Callable[[], T]], sql: str, *parameters: object
) -> Iterator[list[Future[T]]]:
    """Make calls, each in a thread of its own, that have to wait for what this statement locks.

    In the block all of them wait; after it all of them have ended.
    """
    with ThreadPoolExecutor(len(calls)) as pool, held(database, sql, *parameters):
        futures = [pool.submit(call) for call in calls]
        wait_for_waiting(database, len(calls))
        yield futures

"""What the tests of schema changes share: a context over a fresh database, and short limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from worker.schema.context import Context, Limits

Connection = psycopg.Connection[Any]


@pytest.fixture
def connect(database: Any) -> Callable[[], Connection]:
    """Opens connections to the test's database, in autocommit."""
    return lambda: psycopg.connect(database.url, autocommit=True)


@pytest.fixture
def read_side(connect: Callable[[], Connection]) -> SmallReadSide:
    """Nothing hangs on anything, until a test says so."""
    return SmallReadSide(connect)


@pytest.fixture
def context(connect: Callable[[], Connection], read_side: SmallReadSide) -> Context:
    """Limits short enough to be reached in a test."""
    limits = Limits(
        lock_timeout=0.2, statement_timeout=20, lock_attempts=2, lock_pause=0.01, turn_timeout=0.5
    )
    return Context(connect, read_side, limits, actor="tester")


@pytest.fixture
def db(connect: Callable[[], Connection]) -> Iterator[Connection]:
    """A connection to look at what happened."""
    with connect() as connection:
        yield connection

"""Waiting on a condition in the database, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

DEADLINE = 20.0
"""Seconds."""


def until(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` gives once it is truthy. Fails after the deadline."""
    end = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {DEADLINE:g} s: {what}"
        time.sleep(0.005)
    return found


def until_row(db: psycopg.Connection[Any], query: str) -> Any:
    """The first value of a query, once it has a row."""
    return until(lambda: db.execute(query.encode()).fetchone(), query)[0]


def until_no_row(db: psycopg.Connection[Any], query: str) -> None:
    """Return when a query has no row any more."""
    until(lambda: db.execute(query.encode()).fetchone() is None, f"no row of: {query}")

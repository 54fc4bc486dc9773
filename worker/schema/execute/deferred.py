"""Deferred constraints: checked as the last thing before COMMIT, and the guilty operation found.

A constraint that is DEFERRABLE INITIALLY DEFERRED may be broken between two operations: that is
what it is for. So it is checked only once, at the end. When it is broken then, the transaction goes
back, operation by operation, to where it was not: the one after that is to blame.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from worker.base.db import Connection
from worker.schema.statements.effects import Effects

_CHECK = b"SET CONSTRAINTS ALL IMMEDIATE"


def may_break(effects: Effects) -> bool:
    """Whether a statement may write rows, and so leave a deferred constraint to be checked."""
    return bool(effects.writes or effects.opaque) or effects.statement.startswith("SELECT")


def mark(work: Connection, number: int) -> None:
    """After an operation that may break one: a place to go back to."""
    work.execute(f"SAVEPOINT cqrs_{number}".encode())


def check(work: Connection) -> None:
    """Check all now. Raises psycopg.Error, as COMMIT would."""
    work.execute(_CHECK)


def guilty(work: Connection, marks: Sequence[int]) -> int | None:
    """After a check that failed: the operation that broke what is broken; None if none may have."""
    found = marks[-1] if marks else None
    for number in reversed(marks[:-1]):
        work.execute(f"ROLLBACK TO SAVEPOINT cqrs_{number}".encode())
        try:
            check(work)
        except psycopg.Error:
            found = number
        else:
            break
    return found

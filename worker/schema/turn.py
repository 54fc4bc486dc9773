"""One changeset at a time, and what became of the one whose process died.

    pending --claim--> in_progress --COMMIT--> completed --rollback--> rolled_back
                         |     ^
                  error, |     | execute again
                  kill   v     |
                         failed

Whoever executes holds an advisory lock in the *session that does the work*. PostgreSQL gives it up
when that session ends, after its transaction has ended; so a changeset that is `in_progress` while
nobody holds the lock is one whose process died, and whose transaction is gone. `completed` is
written by the work's own transaction: no crash can part the two. The next one to take its turn
marks the dead one `failed`. Nothing has to notice the death itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from worker.schema.context import Context
from worker.schema.dependencies import Connection
from worker.schema.errors import ChangesetBusy
from worker.schema.journal import Journal, Running, message_of
from worker.schema.statements.effects import Effects
from worker.schema.steps import settle_step
from worker.sql import statement

_KILLED = "the process that executed it ({}) ended before it was done{}; nothing of it was kept"


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to execute: `work` runs the operations, `journal` tells what happens to them."""

    work: Connection
    journal: Journal


@contextmanager
def turn(context: Context) -> Iterator[Turn]:
    """Wait for the turn, settle what a dead process left, and hold the turn for a while.

    Raises ChangesetBusy when another changeset does not end in time.
    """
    with context.connection() as journaling, context.connection() as work:
        journal = Journal(journaling)
        _take(work, journal, context.limits.turn_timeout)
        _watch_the_client(work)
        _settle_the_dead(work, journal)
        yield Turn(work, journal)


def recover(context: Context) -> int:
    """Settle changesets whose process died, if nothing is being executed; how many there were.

    Cheap when there are none: for the worker's start, for `cqrs status` and for beat.
    """
    with context.connection() as journaling:
        journal = Journal(journaling)
        if not journal.in_progress():
            return 0
        with context.connection() as work:
            row = work.execute(statement(__package__ or "", "try_turn")).fetchone()
            return _settle_the_dead(work, journal) if row and row[0] else 0


def _take(work: Connection, journal: Journal, seconds: float) -> None:
    work.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])
    try:
        work.execute(statement(__package__ or "", "take_turn"))
    except psycopg.errors.LockNotAvailable:
        running = ", ".join(
            f"{each.id}, {each.description!r}, by {each.executed_by}"
            for each in journal.in_progress()
        )
        reason = running or "its name is not known yet"
        raise ChangesetBusy(f"{reason}, and did not end within {seconds:g} s") from None


def _watch_the_client(work: Connection) -> None:
    """Have PostgreSQL end a long statement whose client was killed, instead of running it out."""
    # Where the server's system cannot tell, the turn lasts until the statement ends.
    with suppress(psycopg.errors.InvalidParameterValue):
        work.execute("SET client_connection_check_interval = '1s'")


def _settle_the_dead(work: Connection, journal: Journal) -> int:
    dead = journal.in_progress()
    for each in dead:
        if each.step is not None and _settle(work, each, each.step):
            journal.finish_step(each.id)
        else:
            at = f", in operation {each.operation}" if each.operation else ""
            journal.fail(each.id, _KILLED.format(each.executed_by, at))
    return len(dead)


def _settle(work: Connection, running: Running, step: Effects) -> bool:
    try:
        return settle_step(work, step)
    except psycopg.Error as error:
        raise ChangesetBusy(
            f"{running.id} cannot be cleaned up yet: {message_of(error)}"
        ) from error

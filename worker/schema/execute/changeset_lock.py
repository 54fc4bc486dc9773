"""One changeset at a time, and what became of the one whose process died.

    pending --claim--> in_progress --COMMIT--> completed --claim--> in_progress, undoing
                         |     ^                   ^                   |       |
                  error, |     | execute again     +--- error, kill ---+       | COMMIT
                  kill   v     |                                               v
                         failed                                           rolled_back

Whoever executes holds an advisory lock in the *session that does the work*. PostgreSQL gives it up
when that session ends, after its transaction has ended; so a changeset that is `in_progress` while
nobody holds the lock is one whose process died, and whose transaction is gone. `completed` and
`rolled_back` are written by the work's own transaction, and only if that session holds the lock
still: no crash can part the two. Nothing has to notice the death itself: the next one to take its
turn, a worker that starts, beat every minute, `cqrs changeset list` and `show` all settle the dead.

A step outside a transaction is finished or cleaned up then (`steps`), if it had begun. That may
wait for old transactions, though no longer than it is given; what cannot be settled yet stays
`in_progress`, and nothing else is executed until it is settled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
import structlog

from worker.base.db_errors import message_of
from worker.base.sql import statement
from worker.schema.errors import ChangesetBusy
from worker.schema.execute.steps import settle_step
from worker.schema.history.journal import Journal, Running
from worker.schema.plan.context import Context
from worker.schema.plan.dependencies import Connection

log = structlog.get_logger(__name__)

_TO_CLEAN_UP = "what a dead process left must be cleaned up first, and waits for others to end"
_KILLED = "the process that {} ({}) ended before it was done{}; nothing of it was kept"


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
        _settle_the_dead(work, journal, context, context.limits.turn_timeout)
        yield Turn(work, journal)


def recover(context: Context, *, patience: float | None = None) -> int:
    """Settle changesets whose process died, if nothing is being executed; how many there were.

    A clean-up that would have to wait for longer than `patience` (seconds; default: one
    `lock_timeout`) is left to the next one who tries. Cheap when there is nothing to settle.
    """
    with context.connection() as journaling:
        journal = Journal(journaling)
        if not journal.in_progress():
            return 0
        with context.connection() as work:
            row = work.execute(statement("worker.schema", "try_turn")).fetchone()
            return _recovered(work, journal, context, patience) if row and row[0] else 0


def _recovered(work: Connection, journal: Journal, context: Context, patience: float | None) -> int:
    try:
        limit = context.limits.lock_timeout if patience is None else patience
        return _settle_the_dead(work, journal, context, limit)
    except ChangesetBusy as busy:
        log.warning("changeset_not_settled", reason=str(busy))
        return 0


def _take(work: Connection, journal: Journal, seconds: float) -> None:
    _limit(work, seconds, None)
    try:
        work.execute(statement("worker.schema", "take_turn"))
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


def _limit(work: Connection, lock_timeout: float, statement_timeout: float | None) -> None:
    """Both time limits of the session, seconds."""
    lock = f"{max(1, round(lock_timeout * 1000))}ms"
    whole = f"{round((statement_timeout or 0) * 1000)}ms"
    work.execute(
        statement("worker.schema", "limit"), {"lock": lock, "statement": whole, "local": False}
    )


def _settle_the_dead(work: Connection, journal: Journal, context: Context, patience: float) -> int:
    dead = journal.in_progress()
    for each in dead:
        _limit(work, patience, context.limits.statement_timeout)
        stands, epitaph = _stands(work, each), _epitaph(each)
        if stands:
            journal.settled(each.id)
        else:
            journal.fail(each.id, epitaph)
        why = "it was done before its process ended" if stands else epitaph
        log.warning("changeset_settled", changeset=str(each.id), reason=why)
    return len(dead)


def _stands(work: Connection, dead: Running) -> bool:
    """Whether the effect of a step is there; what is half there is finished or cleaned up.

    A step that had not begun left nothing: what bears its name is somebody else's.
    """
    if dead.step is None or dead.operation is None:
        return False
    try:
        return settle_step(work, dead.step)
    except psycopg.Error as error:
        raise ChangesetBusy(f"{dead.id}, {message_of(error)}", _TO_CLEAN_UP) from error


def _epitaph(dead: Running) -> str:
    did = "rolled it back" if dead.undoing else "executed it"
    where = "the undo of operation" if dead.undoing else "operation"
    at = f", in {where} {dead.operation}" if dead.operation else ""
    return _KILLED.format(did, dead.executed_by, at)

"""The changeset lock: one changeset at a time, and recovery of one whose process died.

    pending --claim--> in_progress --COMMIT--> completed --claim--> in_progress, undoing
                         |     ^                   ^                   |       |
                  error, |     | execute again     +--- error, kill ---+       | COMMIT
                  kill   v     |                                               v
                         failed                                           rolled_back

The lock is an advisory lock in the *session that does the work*. PostgreSQL releases it when that
session ends, after its transaction has ended; so a changeset that is `in_progress` while nobody
holds the lock was interrupted: its process died, and its transaction was rolled back. `completed`
and `rolled_back` are written by the work's own transaction, and only if that session holds the lock
still: no crash can part the two. Nothing has to notice the crash itself: the next one to take the
lock, a worker that starts, beat every minute, `cqrs changeset list` and `show` all recover
interrupted changesets.

A non-transactional step is finished or cleaned up then (`step_recovery`), if it had begun. That may
wait for old transactions, though no longer than it is given; what cannot be recovered yet stays
`in_progress`, and nothing else is executed until it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.base.logs import get_logger
from worker.schema.catalogue.context import Context
from worker.schema.errors import ChangesetBusy
from worker.schema.execute import SQL
from worker.schema.execute.step_recovery import settle_step
from worker.schema.history.journal import ChangesetInProgress, ChangesetJournal

log = get_logger(__name__)

_TO_CLEAN_UP = "an interrupted changeset must be cleaned up first, which waits for others to end"
_KILLED = "the process that {} ({}) ended before it was done{}; nothing of it was kept"


@dataclass(frozen=True, slots=True)
class ChangesetLock:
    """Held while a changeset executes: `work` is the session that holds it and runs the operations,
    `journal` records what happens to them over a session of its own."""

    work: Connection
    journal: ChangesetJournal


@contextmanager
def changeset_lock(context: Context) -> Iterator[ChangesetLock]:
    """Wait for the lock, recover an interrupted changeset, and hold the lock for the block.

    Raises ChangesetBusy when another changeset does not end in time.
    """
    with context.connection() as journaling, context.connection() as work:
        journal = ChangesetJournal(journaling)
        _acquire(work, journal, context.limits.turn_timeout)
        _watch_the_client(work)
        _recover_interrupted(work, journal, context, context.limits.turn_timeout)
        yield ChangesetLock(work, journal)


def recover(context: Context, *, wait: float | None = None) -> int:
    """Recover interrupted changesets, if nothing is being executed; how many there were.

    A clean-up that would have to wait for longer than `wait` (seconds; default: one
    `lock_timeout`) is left to the next one who tries. Cheap when there is nothing to recover.
    """
    with context.connection() as journaling:
        journal = ChangesetJournal(journaling)
        if not journal.in_progress():
            return 0
        with context.connection() as work:
            row = work.execute(SQL["try_changeset_lock"]).fetchone()
            return _recovered(work, journal, context, wait) if row and row[0] else 0


def _recovered(
    work: Connection, journal: ChangesetJournal, context: Context, wait: float | None
) -> int:
    try:
        limit = context.limits.lock_timeout if wait is None else wait
        return _recover_interrupted(work, journal, context, limit)
    except ChangesetBusy as busy:
        log.warning("changeset_not_settled", reason=str(busy))
        return 0


def _acquire(work: Connection, journal: ChangesetJournal, seconds: float) -> None:
    _limit(work, seconds, None)
    try:
        work.execute(SQL["take_changeset_lock"])
    except psycopg.errors.LockNotAvailable:
        running = ", ".join(
            f"{changeset.id}, {changeset.description!r}, by {changeset.executed_by}"
            for changeset in journal.in_progress()
        )
        reason = running or "its name is not known yet"
        raise ChangesetBusy(f"{reason}, and did not end within {seconds:g} s") from None


def _watch_the_client(work: Connection) -> None:
    """Have PostgreSQL end a long statement whose client was killed, instead of running it out."""
    # Where the server's system cannot tell, the lock is held until the statement ends.
    with suppress(psycopg.errors.InvalidParameterValue):
        work.execute("SET client_connection_check_interval = '1s'")


def _limit(work: Connection, lock_timeout: float, statement_timeout: float | None) -> None:
    """Both time limits of the session, seconds."""
    lock = f"{max(1, round(lock_timeout * 1000))}ms"
    whole = f"{round((statement_timeout or 0) * 1000)}ms"
    work.execute(SQL["limit"], {"lock": lock, "statement": whole, "local": False})


def _recover_interrupted(
    work: Connection, journal: ChangesetJournal, context: Context, wait: float
) -> int:
    interrupted = journal.in_progress()
    for changeset in interrupted:
        _limit(work, wait, context.limits.statement_timeout)
        done, reason = _is_done(work, changeset), _reason(changeset)
        if done:
            journal.mark_recovered(changeset.id)
        else:
            journal.fail(changeset.id, reason)
        why = "it was done before its process ended" if done else reason
        log.warning("changeset_settled", changeset=str(changeset.id), reason=why)
    return len(interrupted)


def _is_done(work: Connection, interrupted: ChangesetInProgress) -> bool:
    """Whether the step took effect; what it left half done is finished or cleaned up.

    A step that had not begun left nothing: what has its name is somebody else's.
    """
    if interrupted.step is None or interrupted.operation is None:
        return False
    try:
        return settle_step(work, interrupted.step)
    except psycopg.Error as error:
        raise ChangesetBusy(f"{interrupted.id}, {message_of(error)}", _TO_CLEAN_UP) from error


def _reason(interrupted: ChangesetInProgress) -> str:
    did = "rolled it back" if interrupted.undoing else "executed it"
    where = "the undo of operation" if interrupted.undoing else "operation"
    at = f", in {where} {interrupted.operation}" if interrupted.operation else ""
    return _KILLED.format(did, interrupted.executed_by, at)

"""A run and its outcome: whatever stops it is written down, over a fresh session if need be."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg

from worker.base.db_errors import message_of
from worker.schema.catalogue.context import Context
from worker.schema.errors import ChangeFailed, SchemaError
from worker.schema.execute.changeset_lock import ChangesetLock
from worker.schema.execute.changeset_run import ChangesetRun, OperationFailed
from worker.schema.execute.non_transactional import StepUnsettled, as_a_step
from worker.schema.execute.transaction import in_a_transaction
from worker.schema.history.journal import ChangesetJournal, Failure
from worker.schema.history.records import load

_UNSETTLED = (
    "left half done for now; the next changeset, a worker that starts, or `schema.settle` on beat"
    " finishes it or cleans it up: "
)


def carry_out(
    context: Context,
    lock: ChangesetLock,
    changeset_id: UUID,
    plan: Callable[[], ChangesetRun],
    *,
    undoing: bool = False,
) -> None:
    """Plan and run what was claimed, to execute it or to roll it back.

    Raises ChangeFailed, and then the history says why; or what stopped it from outside, a Ctrl-C or
    a time limit, and then the history says that.
    """
    run: ChangesetRun | None = None
    try:
        run = plan()
        (in_a_transaction if run.plan.step is None else as_a_step)(run)
    except OperationFailed as failed:
        reason, failure = _worded(str(failed), undoing), None if undoing else failed.failure
        _tell(context, lock, changeset_id, reason, failure)
        raise ChangeFailed(changeset_id, reason, failed.failure.sqlstate) from failed.error
    except StepUnsettled as unsettled:
        reason = _worded(f"{_UNSETTLED}{unsettled}", undoing)
        raise ChangeFailed(changeset_id, reason) from unsettled
    except BaseException as error:
        _stopped(context, lock, changeset_id, error, run.running if run else None, undoing)


def _worded(reason: str, undoing: bool) -> str:
    """A reason that does not leave it open which way it went."""
    if not undoing:
        return reason
    return f"{'undo of ' if reason.startswith('operation ') else 'rollback: '}{reason}"


def _stopped(
    context: Context,
    lock: ChangesetLock,
    changeset_id: UUID,
    error: BaseException,
    number: int | None,
    undoing: bool,
) -> None:
    """Write down what stopped it, and in which operation.

    A commit whose answer was lost may have got through; the history's row knows.
    """
    reason = _worded(_why(error, number), undoing)
    failure = Failure(number, reason, None, ()) if number and not undoing else None
    told = _tell(context, lock, changeset_id, reason, failure)
    if not isinstance(error, SchemaError | psycopg.Error):
        raise error
    if told or not _got_through(context, changeset_id, undoing):
        raise ChangeFailed(changeset_id, reason) from error


def _why(error: BaseException, number: int | None) -> str:
    if isinstance(error, SchemaError):
        return str(error)
    name, message = type(error).__name__, message_of(error)
    reason = name if message in (name, f"{name}()") else f"{name}: {message}"
    if isinstance(error, psycopg.OperationalError):
        reason = f"the end of a database session ({message})"
    return f"{f'operation {number} was ' if number else ''}stopped by {reason}"


def _tell(
    context: Context, lock: ChangesetLock, changeset_id: UUID, reason: str, failure: Failure | None
) -> bool:
    """Write it into the history; whether it was still to be written.

    The journal's own session may be what was lost: then over another one.
    """
    try:
        return lock.journal.fail(changeset_id, reason, failure)
    except psycopg.Error:
        try:
            with context.connection() as fresh:
                return ChangesetJournal(fresh).fail(changeset_id, reason, failure)
        except psycopg.Error as error:
            untold = f"{reason}; the history does not have it yet, for {message_of(error)}"
            raise ChangeFailed(changeset_id, untold) from error


def _got_through(context: Context, changeset_id: UUID, undoing: bool) -> bool:
    with context.connection() as fresh:
        found = load(fresh, changeset_id).status
    return found == ("rolled_back" if undoing else "completed")

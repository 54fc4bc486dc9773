"""A run and its outcome: whatever stops it is recorded, over a fresh session if need be."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg

from worker.base.db_errors import message_of
from worker.schema.catalogue.context import Context
from worker.schema.errors import ChangeFailed, SchemaError
from worker.schema.execute.changeset_lock import ChangesetLock
from worker.schema.execute.changeset_run import ChangesetRun, OperationFailed
from worker.schema.execute.non_transactional import StepUnsettled, outside_a_transaction
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
        (in_a_transaction if run.plan.step is None else outside_a_transaction)(run)
    except OperationFailed as failed:
        reason, failure = _with_direction(str(failed), undoing), None if undoing else failed.failure
        _record_failure(context, lock, changeset_id, reason, failure)
        raise ChangeFailed(changeset_id, reason, failed.failure.sqlstate) from failed.error
    except StepUnsettled as unsettled:
        reason = _with_direction(f"{_UNSETTLED}{unsettled}", undoing)
        raise ChangeFailed(changeset_id, reason) from unsettled
    except BaseException as error:
        _stopped(context, lock, changeset_id, error, run.running if run else None, undoing)


def _with_direction(reason: str, undoing: bool) -> str:
    """A reason that says whether it was executing or rolling back."""
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
    """Record what stopped it, and in which operation.

    A COMMIT whose answer was lost may have happened: the changeset's row says whether.
    """
    reason = _with_direction(_why(error, number), undoing)
    failure = Failure(number, reason, None, ()) if number and not undoing else None
    recorded = _record_failure(context, lock, changeset_id, reason, failure)
    if not isinstance(error, SchemaError | psycopg.Error):
        raise error
    if recorded or not _is_committed(context, changeset_id, undoing):
        raise ChangeFailed(changeset_id, reason) from error


def _why(error: BaseException, number: int | None) -> str:
    if isinstance(error, SchemaError):
        return str(error)
    name, message = type(error).__name__, message_of(error)
    reason = name if message in (name, f"{name}()") else f"{name}: {message}"
    if isinstance(error, psycopg.OperationalError):
        reason = f"the end of a database session ({message})"
    return f"{f'operation {number} was ' if number else ''}stopped by {reason}"


def _record_failure(
    context: Context, lock: ChangesetLock, changeset_id: UUID, reason: str, failure: Failure | None
) -> bool:
    """Record it in the history; whether it was still to be recorded.

    The journal's own session may be what was lost: then over another one.
    """
    try:
        return lock.journal.fail(changeset_id, reason, failure)
    except psycopg.Error:
        try:
            with context.connection() as fresh:
                return ChangesetJournal(fresh).fail(changeset_id, reason, failure)
        except psycopg.Error as error:
            unrecorded = f"{reason}; the history does not have it yet, for {message_of(error)}"
            raise ChangeFailed(changeset_id, unrecorded) from error


def _is_committed(context: Context, changeset_id: UUID, undoing: bool) -> bool:
    with context.connection() as fresh:
        status = load(fresh, changeset_id).status
    return status == ("rolled_back" if undoing else "completed")

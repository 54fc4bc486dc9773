"""Track a change, execute it, take it back: the package's main verbs.

    track_change        record -> (atomic) execute
    execute_changeset   turn -> plan again -> one transaction, or one step -> follow up
    rollback_changeset  turn -> plan the undos -> one transaction -> follow up

What happens on each failure:

- An operation fails, or a time limit is passed: the transaction is rolled back, the changeset is
  `failed`, the operation carries the error and its SQLSTATE.
- The process is killed: see `turn`. The database is as it was; the changeset can be executed again.
- The connection is lost at COMMIT: whether it got through is asked of the row that COMMIT writes.
- A follow-up cannot be handed over: it stays owed, is logged, and `hand_over` repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg

from worker.schema import planning
from worker.schema.change import Change, Operation
from worker.schema.context import Context, this_process
from worker.schema.errors import (
    ChangeFailed,
    SchemaError,
    VersionRefused,
    WrongStatus,
)
from worker.schema.handover import hand_over_one
from worker.schema.journal import Journal, complete, message_of
from worker.schema.plan import Plan
from worker.schema.records import Changeset, load
from worker.schema.succession import newest_completed
from worker.schema.transaction import Numbered, OperationFailed, Run, StepUnsettled
from worker.schema.turn import Turn, recover, turn

_ADVICE = {
    "completed": "it has been executed already",
    "rolled_back": "it was rolled back: track it again, under a version of its own",
    "in_progress": "it is being executed",
}


def track_change(
    context: Context,
    command_operations: Sequence[str | Operation],
    query_operations: Sequence[str | Operation],
    description: str,
    version: str,
    *,
    atomic: bool = True,
    force: bool = False,
) -> Changeset:
    """Record a change, then (unless `atomic` is false) execute it in one transaction.

    Raises InvalidChange and VersionRefused before anything is recorded; ChangeFailed when an
    operation fails: then the history has it, and the database is as it was. `force` overrules the
    rules for versions.
    """
    return track(
        context,
        Change.of(command_operations, query_operations, description, version),
        atomic=atomic,
        force=force,
    )


def track(
    context: Context, change: Change, *, atomic: bool = True, force: bool = False
) -> Changeset:
    """`track_change`, for a change that has been read from a file."""
    with context.connection() as connection:
        plan = planning.plan(connection, change, context.read_side, context.schemas)
        if not force:
            _check_version(connection, plan)
        changeset_id = Journal(connection).record(change, plan.operations, context.actor, force)
        if not atomic:
            return load(connection, changeset_id)
    return execute_changeset(context, changeset_id)


def plan_change(context: Context, change: Change) -> Plan:
    """What a change would do; nothing is recorded, nothing done. Raises InvalidChange."""
    with context.connection() as connection:
        return planning.plan(connection, change, context.read_side, context.schemas)


def execute_changeset(context: Context, changeset_id: UUID | str) -> Changeset:
    """Execute a pending changeset, or a failed one once more.

    Raises UnknownChangeset, WrongStatus, ChangesetBusy; ChangeFailed when it fails.
    """
    _check_executable(_standing(context, changeset_id))
    with turn(context) as own:
        changeset = load(own.journal.connection, changeset_id)
        if not own.journal.claim(changeset.id, this_process()):
            _check_executable(load(own.journal.connection, changeset_id))
        try:
            _execute(context, own, changeset)
        except OperationFailed as failed:
            _fail(own.journal, changeset.id, failed)
        except StepUnsettled as unsettled:
            raise ChangeFailed(changeset.id, f"left half done for now: {unsettled}") from unsettled
        except BaseException as error:
            _stop(own.journal, changeset.id, error)
    return hand_over_one(context, changeset.id)


def _standing(context: Context, changeset_id: UUID | str) -> Changeset:
    """The changeset; one whose process died is settled first."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.status == "in_progress" and recover(context):
            changeset = load(connection, changeset_id)
    return changeset


def _execute(context: Context, own: Turn, changeset: Changeset) -> None:
    """Plan once more, now that nobody else changes the schema, and run what was planned."""
    plan = planning.plan(own.work, changeset.change, context.read_side, context.schemas)
    if not changeset.forced:
        _check_version(own.work, plan)
    statements = [Numbered(each.number, each.operation.sql) for each in plan.operations]
    run = Run(own, changeset.id, plan, statements, context.limits)
    if plan.step is not None:
        run.as_a_step(lambda timings: complete(own.work, changeset.id, timings, plan.follow_up))
    else:
        run.in_a_transaction(
            lambda timings: complete(own.work, changeset.id, timings, plan.follow_up)
        )


def _check_executable(changeset: Changeset) -> None:
    if changeset.status not in ("pending", "failed"):
        raise WrongStatus(changeset.id, changeset.status, _ADVICE[changeset.status])
    if changeset.kind != "change":
        raise WrongStatus(changeset.id, changeset.status, "it is a refresh: refresh the view again")


def _check_version(connection: psycopg.Connection[object], plan: Plan) -> None:
    if plan.version_problem is not None:
        newest = newest_completed(connection)
        raise VersionRefused(str(plan.version), str(newest), plan.version_problem)


def _fail(journal: Journal, changeset_id: UUID, failed: OperationFailed) -> None:
    """Write down which operation failed and why, and tell the caller."""
    if journal.fail(changeset_id, str(failed), failed.failure):
        raise ChangeFailed(changeset_id, str(failed), failed.failure.sqlstate) from failed.error


def _stop(journal: Journal, changeset_id: UUID, error: BaseException) -> None:
    """Write down what stopped it before or between its operations, down to a Ctrl-C.

    A commit whose answer was lost may have got through; the history's row knows.
    """
    reason = (
        str(error)
        if isinstance(error, SchemaError)
        else (f"stopped by {type(error).__name__}: {message_of(error)}")
    )
    if journal.fail(changeset_id, reason):
        if isinstance(error, SchemaError | psycopg.Error):
            raise ChangeFailed(changeset_id, reason) from error
        raise error
    if not isinstance(error, psycopg.Error):
        raise error

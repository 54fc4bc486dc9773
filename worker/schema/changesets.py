"""Track a change, execute it, take it back: the package's main verbs.

    track_change        record -> (atomic) execute
    execute_changeset   turn -> plan again -> one transaction, or one step -> follow up
    rollback_changeset  turn -> plan the undos -> one transaction -> follow up

What happens on each failure:

- An operation fails, or a time limit is passed: the transaction is rolled back, the changeset is
  `failed`, the operation carries the error and its SQLSTATE (see `execution`).
- The process is killed: see `turn`. The database is as it was; the changeset can be executed again.
- The connection is lost at COMMIT: whether it got through is asked of the row that COMMIT writes.
- A follow-up cannot be handed over: it stays owed, is logged, and `hand_over` repeats it.

A command (a Celery task, see `command`) gives its id along: what it tracks is recorded under that
id, and what it executes or rolls back bears it. So a command that is delivered again finds what it
did, and goes on from there instead of doing it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg

from worker.commands.errors import CommandIdReused
from worker.schema.change.change import Change, Given
from worker.schema.errors import UnknownChangeset, VersionRefused, WrongStatus
from worker.schema.execute.changeset_lock import Turn, recover, turn
from worker.schema.execute.execution import carry_out
from worker.schema.execute.follow_up_dispatch import hand_over_one
from worker.schema.execute.running import Numbered, Run
from worker.schema.history.journal import Journal, complete
from worker.schema.history.records import Changeset, load
from worker.schema.plan import planning
from worker.schema.plan.context import Context, this_process
from worker.schema.plan.plan import Plan
from worker.schema.plan.version_order import newest_completed

_ADVICE = {
    "completed": "it has been executed already",
    "rolled_back": "it was rolled back: track it again, under a version of its own",
    "in_progress": "it is being executed",
}


def track_change(
    context: Context,
    command_operations: Sequence[Given],
    query_operations: Sequence[Given],
    description: str,
    version: str,
    *,
    atomic: bool = True,
    force: bool = False,
    command_id: UUID | None = None,
) -> Changeset:
    """Record a change, then (unless `atomic` is false) execute it in one transaction.

    Raises InvalidChange and VersionRefused before anything is recorded; ChangeFailed when an
    operation fails: then the history has it, and the database is as it was. `force` overrules the
    rules for versions. `command_id`: of the command that this is done for, if it is.
    """
    return track(
        context,
        Change.of(command_operations, query_operations, description, version),
        atomic=atomic,
        force=force,
        command_id=command_id,
    )


def track(
    context: Context,
    change: Change,
    *,
    atomic: bool = True,
    force: bool = False,
    command_id: UUID | None = None,
) -> Changeset:
    """`track_change`, for a change that has been read from a file, or that came by a command."""
    tracked = _tracked_before(context, change, command_id) if command_id else None
    changeset = tracked or _record(context, change, force, command_id)
    if not atomic or changeset.status in ("completed", "rolled_back"):
        return changeset
    return execute_changeset(context, changeset.id, command_id=command_id)


def _tracked_before(context: Context, change: Change, command_id: UUID) -> Changeset | None:
    """What this command has recorded, when it was delivered before."""
    with context.connection() as connection:
        try:
            found = load(connection, command_id)
        except UnknownChangeset:
            return None
    if _texts(found.change) != _texts(change):
        raise CommandIdReused(command_id, "schema.track_change")
    return found


def _texts(change: Change) -> list[object]:
    """All that a change says, wherever it was written."""
    said = [(side, operation.sql, operation.undo) for side, operation in change]
    return [change.description, str(change.version), *said]


def _record(context: Context, change: Change, force: bool, command_id: UUID | None) -> Changeset:
    with context.connection() as connection:
        plan = planning.plan(connection, change, context.read_side, context.schemas)
        if not force:
            _check_version(connection, plan)
        journal = Journal(connection)
        new = journal.record(change, plan.operations, context.actor, force, command_id)
        return load(connection, new)


def plan_change(context: Context, change: Change) -> Plan:
    """What a change would do; nothing is recorded, nothing done. Raises InvalidChange."""
    with context.connection() as connection:
        return planning.plan(connection, change, context.read_side, context.schemas)


def execute_changeset(
    context: Context, changeset_id: UUID | str, *, command_id: UUID | None = None
) -> Changeset:
    """Execute a pending changeset, or a failed one once more.

    Raises UnknownChangeset, WrongStatus, ChangesetBusy; ChangeFailed when it fails. A command that
    has executed it already is given it as it is.
    """
    found = _standing(context, changeset_id)
    if found.is_done_by(command_id):
        return hand_over_one(context, found.id)
    if not found.is_under_way_by(command_id):
        _check_executable(found)
    with turn(context) as own:
        changeset = load(own.journal.connection, changeset_id)
        if own.journal.claim(changeset.id, this_process(), command_id):
            carry_out(context, own, changeset.id, lambda: _run(context, own, changeset))
        elif not changeset.is_done_by(command_id):
            _check_executable(changeset)
    return hand_over_one(context, found.id)


def _standing(context: Context, changeset_id: UUID | str) -> Changeset:
    """The changeset; one whose process died is settled first."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.status == "in_progress" and recover(context):
            changeset = load(connection, changeset_id)
    return changeset


def _run(context: Context, own: Turn, changeset: Changeset) -> Run:
    """Plan once more, now that nobody else changes the schema."""
    plan = planning.plan(own.work, changeset.change, context.read_side, context.schemas)
    if not changeset.forced:
        _check_version(own.work, plan)
    return Run(
        own,
        changeset.id,
        plan,
        [Numbered(each.number, each.operation.sql) for each in plan.operations],
        context.limits,
        finish=lambda timings: complete(own.work, changeset.id, timings, plan.follow_up),
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

"""Rolling back a completed changeset, by the undos that its operations carry."""

from __future__ import annotations

from uuid import UUID

from worker.schema.catalogue.context import Context, this_process
from worker.schema.change.change import Operation
from worker.schema.errors import MissingUndo, NewerChangesetCompleted, WrongStatus
from worker.schema.execute import SQL
from worker.schema.execute.changeset_lock import ChangesetLock, changeset_lock, recover
from worker.schema.execute.changeset_run import ChangesetRun, NumberedStatement
from worker.schema.execute.execution import carry_out
from worker.schema.execute.follow_up_dispatch import dispatch_follow_up
from worker.schema.history.journal import mark_rolled_back
from worker.schema.history.records import Changeset, load
from worker.schema.plan import planning
from worker.schema.plan.operations import ParsedOperation, effects_of_text, read_operations

_DROPPED_BY_NAME = (
    "table",
    "view",
    "materialized view",
    "index",
    "sequence",
    "type",
    "domain",
    "schema",
    "statistics",
)


def rollback_changeset(
    context: Context,
    changeset_id: UUID | str,
    *,
    force: bool = False,
    command_id: UUID | None = None,
) -> Changeset:
    """Run a completed changeset's undos in reverse, in one transaction.

    Raises UnknownChangeset, WrongStatus, MissingUndo (all of them named), NewerChangesetCompleted
    (unless forced), ChangesetBusy; ChangeFailed when an undo fails: then the changeset is completed
    as before. A command that has rolled it back already is given it as it is.
    """
    changeset = _current(context, changeset_id, command_id)
    if not _is_rolled_back_by(changeset, command_id):
        _roll_back(context, changeset.id, force, command_id)
    return dispatch_follow_up(context, changeset.id)


def _current(context: Context, changeset_id: UUID | str, command_id: UUID | None) -> Changeset:
    """The changeset; refused at once if it cannot be rolled back, whoever holds the lock."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.status == "in_progress" and recover(context):
            changeset = load(connection, changeset_id)
    if not _is_rolled_back_by(changeset, command_id) and not changeset.is_under_way_by(command_id):
        _check(changeset)
    return changeset


def _roll_back(context: Context, changeset_id: UUID, force: bool, command_id: UUID | None) -> None:
    with changeset_lock(context) as lock:
        changeset = load(lock.journal.connection, changeset_id)
        if _is_rolled_back_by(changeset, command_id):
            return
        _check(changeset)
        if not force:
            _check_newest(lock, changeset)
        lock.journal.claim_undo(changeset.id, this_process(), command_id)
        carry_out(context, lock, changeset.id, lambda: _run(context, lock, changeset), undoing=True)


def _is_rolled_back_by(changeset: Changeset, command_id: UUID | None) -> bool:
    return changeset.status == "rolled_back" and changeset.is_done_by(command_id)


def _check(changeset: Changeset) -> None:
    if changeset.status != "completed" or changeset.kind != "change":
        raise WrongStatus(
            changeset.id, changeset.status, "only a completed change can be rolled back"
        )
    missing = [
        f"{operation.number} ({operation.kind} {operation.object or ''}".rstrip()
        + ")"
        + _suggestion(operation.sql)
        for operation in changeset.operations
        if operation.undo is None
    ]
    if missing:
        raise MissingUndo(changeset.id, missing)


def _suggestion(sql: str) -> str:
    effects = effects_of_text(sql)
    made = [
        f"DROP {target.kind.upper()} {target.name}"
        for target in effects.creates
        if target.kind in _DROPPED_BY_NAME
    ]
    return f", perhaps: {'; '.join(made)}" if made else ""


def _check_newest(lock: ChangesetLock, changeset: Changeset) -> None:
    row = lock.journal.connection.execute(SQL["newer_completed"], {"id": changeset.id}).fetchone()
    if row is not None:
        raise NewerChangesetCompleted(changeset.id, row[0], row[1])


def _run(context: Context, lock: ChangesetLock, changeset: Changeset) -> ChangesetRun:
    undos = _undos(context, changeset)
    plan = planning.plan_operations(lock.work, undos, context.read_side, context.schemas)
    return ChangesetRun(
        lock,
        changeset.id,
        plan,
        [NumberedStatement(undo.number, undo.operation.sql) for undo in undos],
        context.limits,
        finish=lambda _, observed: mark_rolled_back(lock.work, changeset.id, observed),
        read_side=context.read_side,
        schemas=context.schemas,
        undoing=True,
    )


def _undos(context: Context, changeset: Changeset) -> list[ParsedOperation]:
    """The undos as operations, last first, under the numbers of what they undo."""
    return [
        ParsedOperation(
            each.number, each.side, Operation(each.operation.undo or ""), each.undo or each.effects
        )
        for each in reversed(read_operations(changeset.change, context.schemas))
    ]

"""Taking a completed changeset back, by the undos that its operations carry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from worker.base.sql import blocks
from worker.schema.change.change import Operation
from worker.schema.errors import MissingUndo, NewerChangeStands, WrongStatus
from worker.schema.execute.changeset_lock import Turn, recover, turn
from worker.schema.execute.execution import carry_out
from worker.schema.execute.follow_up_dispatch import hand_over_one
from worker.schema.execute.running import Numbered, Run
from worker.schema.history.journal import take_back
from worker.schema.history.records import Changeset, load
from worker.schema.plan import planning
from worker.schema.plan.context import Context, this_process
from worker.schema.plan.reading import ReadOperation, effects_of_text, read

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

    Raises UnknownChangeset, WrongStatus, MissingUndo (all of them named), NewerChangeStands (unless
    forced), ChangesetBusy; ChangeFailed when an undo fails: then the changeset stands as it was. A
    command that has rolled it back already is given it as it is.
    """
    found = _standing(context, changeset_id, command_id)
    if not _is_taken_back_by(found, command_id):
        _roll_back(context, found.id, force, command_id)
    return hand_over_one(context, found.id)


def _standing(context: Context, changeset_id: UUID | str, command_id: UUID | None) -> Changeset:
    """The changeset; refused at once if it cannot be rolled back, whosever turn it is."""
    with context.connection() as connection:
        found = load(connection, changeset_id)
        if found.status == "in_progress" and recover(context):
            found = load(connection, changeset_id)
    if not _is_taken_back_by(found, command_id) and not found.is_under_way_by(command_id):
        _check(found)
    return found


def _roll_back(context: Context, changeset_id: UUID, force: bool, command_id: UUID | None) -> None:
    with turn(context) as own:
        changeset = load(own.journal.connection, changeset_id)
        if _is_taken_back_by(changeset, command_id):
            return
        _check(changeset)
        if not force:
            _check_newest(own, changeset)
        own.journal.claim_undo(changeset.id, this_process(), command_id)
        carry_out(context, own, changeset.id, lambda: _run(context, own, changeset), undoing=True)


def _is_taken_back_by(changeset: Changeset, command_id: UUID | None) -> bool:
    return changeset.status == "rolled_back" and changeset.is_done_by(command_id)


def _check(changeset: Changeset) -> None:
    if changeset.status != "completed" or changeset.kind != "change":
        raise WrongStatus(
            changeset.id, changeset.status, "only a completed change can be rolled back"
        )
    missing = [
        f"{each.number} ({each.kind} {each.object or ''}".rstrip() + ")" + _suggestion(each.sql)
        for each in changeset.operations
        if each.undo is None
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


def _check_newest(own: Turn, changeset: Changeset) -> None:
    row = own.journal.connection.execute(_sql("newer_completed"), {"id": changeset.id}).fetchone()
    if row is not None:
        raise NewerChangeStands(changeset.id, row[0], row[1])


def _run(context: Context, own: Turn, changeset: Changeset) -> Run:
    undos = _undos(context, changeset)
    plan = planning.plan_operations(own.work, undos, context.read_side, context.schemas)
    return Run(
        own,
        changeset.id,
        plan,
        [Numbered(each.number, each.operation.sql) for each in undos],
        context.limits,
        finish=lambda _: take_back(own.work, changeset.id, plan.follow_up),
        undoing=True,
    )


def _undos(context: Context, changeset: Changeset) -> list[ReadOperation]:
    """The undos as operations, last first, under the numbers of what they take back."""
    return [
        ReadOperation(
            each.number, each.side, Operation(each.operation.undo or ""), each.undo or each.effects
        )
        for each in reversed(read(changeset.change, context.schemas))
    ]


def _sql(block: str) -> Any:
    return blocks("worker.schema", "journal.sql")[block]

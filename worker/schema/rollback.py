"""Taking a completed changeset back, by the undos that its operations carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from worker.schema import planning
from worker.schema.change import Operation
from worker.schema.context import Context
from worker.schema.errors import ChangeFailed, MissingUndo, NewerChangeStands, WrongStatus
from worker.schema.handover import hand_over_one
from worker.schema.journal import owed
from worker.schema.plan import Plan
from worker.schema.reading import ReadOperation, effects_of_text, read
from worker.schema.records import Changeset, load
from worker.schema.transaction import Numbered, OperationFailed, Run, StepUnsettled
from worker.schema.turn import Turn, turn
from worker.sql import blocks

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
    context: Context, changeset_id: UUID | str, *, force: bool = False
) -> Changeset:
    """Run a completed changeset's undos in reverse, in one transaction.

    Raises UnknownChangeset, WrongStatus, MissingUndo (all of them named), NewerChangeStands (unless
    forced), ChangesetBusy; ChangeFailed when an undo fails: then the changeset stands as it was.
    """
    with context.connection() as connection:
        _check(load(connection, changeset_id))
    with turn(context) as own:
        changeset = load(own.journal.connection, changeset_id)
        _check(changeset)
        if not force:
            _check_newest(own, changeset)
        _undo(context, own, changeset)
    return hand_over_one(context, changeset.id)


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


def _undo(context: Context, own: Turn, changeset: Changeset) -> None:
    undos = _undos(context, changeset)
    plan = planning.plan_operations(own.work, undos, context.read_side, context.schemas)
    statements = [Numbered(each.number, each.operation.sql) for each in undos]
    run = Run(own, changeset.id, plan, statements, context.limits, noting=False)

    def finish(_: Sequence[object]) -> None:
        own.work.execute(_sql("undo"), {"id": changeset.id, "follow_up": owed(plan.follow_up)})

    try:
        _run(run, plan, finish)
    except OperationFailed as failed:
        reason = f"undo of {failed}"
        own.journal.note_error(changeset.id, reason)
        raise ChangeFailed(changeset.id, reason, failed.failure.sqlstate) from failed.error
    except StepUnsettled as unsettled:
        reason = f"the undo is half done for now, roll back again: {unsettled}"
        raise ChangeFailed(changeset.id, reason) from unsettled


def _run(run: Run, plan: Plan, finish: Any) -> None:
    if plan.step is not None:
        run.as_a_step(finish)
    else:
        run.in_a_transaction(finish)


def _undos(context: Context, changeset: Changeset) -> list[ReadOperation]:
    """The undos as operations, last first, under the numbers of what they take back."""
    return [
        ReadOperation(
            each.number, each.side, Operation(each.operation.undo or ""), each.undo or each.effects
        )
        for each in reversed(read(changeset.change, context.schemas))
    ]


def _sql(block: str) -> Any:
    return blocks(__package__ or "", "journal.sql")[block]

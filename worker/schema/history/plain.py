"""Plans and changesets as plain data: what commands answer with, and what `--json` prints."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from worker.schema.change.change import Side
from worker.schema.change.versions import Version
from worker.schema.history.records import Changeset, OperationRecord
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import SchemaPlan
from worker.schema.statements.effects import LockMode
from worker.schema.statements.names import ObjectName


def plain(value: Any) -> Any:
    """Any of this package's values as JSON knows them: names as text, durations in seconds."""
    if isinstance(value, ObjectName | Version | UUID | LockMode):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | timedelta):
        return value.isoformat() if isinstance(value, datetime) else value.total_seconds()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def summary(changeset: Changeset) -> dict[str, Any]:
    """A changeset in short, as plain data: what a command that works on it answers with."""
    failed = changeset.failed_operation
    sides = [operation.side for operation in changeset.operations]
    short: dict[str, Any] = plain(
        {
            "id": changeset.id,
            "kind": changeset.kind,
            "description": changeset.description,
            "version": changeset.version,
            "status": changeset.status,
            "created_at": changeset.created_at,
            "started_at": changeset.started_at,
            "completed_at": changeset.completed_at,
            "deployment": changeset.deployment,
            "operations": {side.value: sides.count(side) for side in Side},
            "error": changeset.error,
            "failed_operation": None if failed is None else _failure(failed),
            "follow_up": changeset.follow_up,
            "locks": [
                {"object": str(lock.name), "mode": str(lock.mode)} for lock in changeset.locks
            ],
        }
    )
    return short


def _failure(failed: OperationRecord) -> dict[str, Any]:
    names = ("number", "side", "kind", "object", "error", "sqlstate")
    return {name: getattr(failed, name) for name in names}


def plan_to_json(plan: SchemaPlan) -> dict[str, Any]:
    """A plan as plain data."""
    return {
        "version": plain(plan.version),
        "possible": plan.is_possible,
        "step": plain(plan.step),
        "operations": [_operation_to_json(operation) for operation in plan.operations],
        "locks": [{"object": str(lock.name), "mode": str(lock.mode)} for lock in plan.locks],
        "dependents": [plain(dependent) for dependent in plan.dependents],
        "hanging": [plain(dependent) for dependent in plan.registry_dependents],
        "breaking": list(plan.breaking),
        "blocked": [plain(blocker) for blocker in plan.blockers],
        "notes": list(plan.notes),
        "follow_up": plain(plan.follow_up),
        "follow_up_is": "an estimate: what is owed is seen when it is done",
        "version_problem": plan.version_problem,
    }


EFFECT_NAMES = ("creates", "alters", "becomes", "drops", "writes", "refreshes", "touches", "reads")


def _operation_to_json(operation: ParsedOperation) -> dict[str, Any]:
    effects = operation.effects
    return {
        "number": operation.number,
        "side": operation.side.value,
        "statement": effects.statement,
        **{effect: [str(each) for each in getattr(effects, effect)] for effect in EFFECT_NAMES},
        "columns": [str(column) for column in effects.columns],
        "has_undo": operation.undo is not None,
        "opaque": effects.opaque,
    }

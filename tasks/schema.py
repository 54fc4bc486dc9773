"""Schema changes as tasks: an application's schema moves by a command, like everything else.

    track_change.delay(["CREATE TABLE command.x (...)"], ["CREATE VIEW query.x AS ..."],
                       "add x", "1.2.0")

They run on the queue `maintenance`, one changeset at a time; what a changeset owes the read side is
handed over by the sweep if its worker dies before it could.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from worker import schema
from worker.app import app
from worker.operating import slots
from worker.schema.engine import engine_context
from worker.schema.shown import plain


@app.task(name="schema.track_change")
def track_change(
    command_operations: Sequence[str],
    query_operations: Sequence[str],
    description: str,
    version: str,
    atomic: bool = True,
    force: bool = False,
) -> dict[str, Any]:
    """Record a changeset and, if `atomic`, execute it; returns it as JSON."""
    return _json(
        schema.track_change(
            engine_context(),
            command_operations,
            query_operations,
            description,
            version,
            atomic=atomic,
            force=force,
        )
    )


@app.task(name="schema.execute_changeset")
def execute_changeset(changeset_id: str) -> dict[str, Any]:
    """Execute a changeset that was recorded before; returns it as JSON."""
    return _json(schema.execute_changeset(engine_context(), UUID(changeset_id)))


@app.task(name="schema.rollback_changeset")
def rollback_changeset(changeset_id: str) -> dict[str, Any]:
    """Run a changeset's undos in reverse; returns it as JSON."""
    return _json(schema.rollback_changeset(engine_context(), UUID(changeset_id)))


@app.task(name="schema.refresh_query_side")
def refresh_query_side(views: Sequence[str], skip_tracking: bool = False) -> str | None:
    """Refresh materialized views in dependency order; the id of its record, if it is tracked."""
    recorded = schema.refresh_query_side(engine_context(), views, skip_tracking=skip_tracking)
    return str(recorded) if recorded else None


@app.task(name="schema.settle", ignore_result=True)
def settle(every: float | None = None) -> None:
    """Settle changesets whose process died, and hand over what completed ones still owe."""
    if slots.take("schema.settle", every):
        context = engine_context()
        schema.recover(context)
        schema.hand_over(context)


def _json(changeset: schema.Changeset) -> dict[str, Any]:
    value: dict[str, Any] = plain(changeset)
    return value


__all__ = [
    "execute_changeset",
    "refresh_query_side",
    "rollback_changeset",
    "settle",
    "track_change",
]

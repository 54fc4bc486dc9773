"""Schema changes as commands: an application's schema moves by a command, like everything else.

    track_change.delay(["CREATE TABLE command.x (...)"], ["CREATE VIEW query.x AS ..."],
                       "add x", "1.2.0").receipt()

They run on the queue `maintenance`, one changeset at a time. Each gives what a command gives: a
handle, and a receipt under the task's id, which is the changeset's id as well where one is tracked.
Sent or delivered again, it has its effect once (`worker/schema/command.py` says how). What a
changeset's follow-up is dispatched by the sweep if its worker dies before it could.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import psycopg
from celery import signals
from kombu.exceptions import OperationalError as BrokerError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from worker import schema
from worker.base import slots
from worker.base.app import app
from worker.base.db_errors import message_of
from worker.base.errors import CqrsError
from worker.base.logs import get_logger
from worker.contracts import Command
from worker.schema.catalogue.context import Context
from worker.schema.change.change import DEFAULT_SCHEMAS
from worker.schema.command import schema_command
from worker.schema.engine import engine_context
from worker.schema.history.plain import summary
from worker.schema.plan.operations import read_operations
from worker.schema.trial.scratch import clean_up

log = get_logger(__name__)


class OperationPayload(BaseModel):
    """One operation: its SQL, and the SQL that undoes it, if there is any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sql: str
    undo: str | None = None


def _as_fields(given: object) -> object:
    """An operation as text alone, or as Python writes it, is its payload too."""
    if isinstance(given, schema.Operation):
        return {"sql": given.sql, "undo": given.undo}
    return {"sql": given} if isinstance(given, str) else given


OperationPayloads = tuple[Annotated[OperationPayload, BeforeValidator(_as_fields)], ...]


class TrackChange(Command):
    """Record a change of both sides and, if `atomic`, execute it."""

    command_operations: OperationPayloads
    query_operations: OperationPayloads
    description: str
    version: str
    atomic: bool = True
    force: bool = False

    def operations(self) -> tuple[list[dict[str, str | None]], list[dict[str, str | None]]]:
        """Those of both sides, as a change is given."""
        sides = (self.command_operations, self.query_operations)
        commands, queries = ([each.model_dump() for each in side] for side in sides)
        return commands, queries

    def change(self) -> schema.SchemaChange:
        """The change. Raises InvalidChange when its form is wrong."""
        return schema.SchemaChange.of(*self.operations(), self.description, self.version)


class ExecuteChangeset(Command):
    """Execute a changeset that was recorded, or that failed."""

    changeset_id: UUID


class RollbackChangeset(Command):
    """Roll a completed changeset back."""

    changeset_id: UUID
    force: bool = False


class RefreshQuerySide(Command):
    """Refresh materialized views."""

    views: tuple[str, ...] = Field(min_length=1)
    skip_tracking: bool = False


class BeginDeployment(Command):
    """Open a deployment."""

    name: str = Field(min_length=1)


class EndDeployment(Command):
    """Close the open deployment."""

    message: str = ""


@schema_command(
    "schema.track_change", TrackChange, check=lambda c: read_operations(c.change(), DEFAULT_SCHEMAS)
)
def track_change(c: TrackChange, context: Context, command_id: UUID) -> dict[str, Any]:
    """Record a changeset and, if `atomic`, execute it."""
    done = schema.track_change(
        context,
        *c.operations(),
        c.description,
        c.version,
        atomic=c.atomic,
        force=c.force,
        command_id=command_id,
    )
    return summary(done)


@schema_command("schema.execute_changeset", ExecuteChangeset)
def execute_changeset(c: ExecuteChangeset, context: Context, command_id: UUID) -> dict[str, Any]:
    """Execute a changeset that was recorded before."""
    return summary(schema.execute_changeset(context, c.changeset_id, command_id=command_id))


@schema_command("schema.rollback_changeset", RollbackChangeset)
def rollback_changeset(c: RollbackChangeset, context: Context, command_id: UUID) -> dict[str, Any]:
    """Run a changeset's undos in reverse."""
    done = schema.rollback_changeset(context, c.changeset_id, force=c.force, command_id=command_id)
    return summary(done)


@schema_command("schema.refresh_query_side", RefreshQuerySide)
def refresh_query_side(c: RefreshQuerySide, context: Context, command_id: UUID) -> dict[str, Any]:
    """Refresh materialized views in dependency order."""
    recorded = schema.refresh_query_side(
        context, c.views, skip_tracking=c.skip_tracking, command_id=command_id
    )
    return {"id": str(recorded) if recorded else None, "views": list(c.views)}


@schema_command("schema.begin_deployment", BeginDeployment)
def begin_deployment(c: BeginDeployment, context: Context, command_id: UUID) -> dict[str, Any]:
    """Open a deployment, under the id of this command."""
    begun = schema.begin_deployment(context, c.name, command_id=command_id)
    return {"id": str(begun.id), "name": begun.name}


@schema_command("schema.end_deployment", EndDeployment)
def end_deployment(c: EndDeployment, context: Context, command_id: UUID) -> dict[str, Any]:
    """Close the open deployment."""
    ended = schema.end_deployment(context, c.message, command_id=command_id)
    return {"id": str(ended.id), "name": ended.name}


@app.task(name="schema.settle", ignore_result=True)
def settle(every: float | None = None) -> None:
    """Recover interrupted changesets, dispatch the follow-ups that are pending, and drop the copy
    that a killed trial left."""
    if slots.take("schema.settle", every):
        context = engine_context()
        schema.recover(context)
        schema.dispatch_follow_ups(context)
        clean_up(context)


@signals.worker_ready.connect
def _settle_at_start(**_: Any) -> None:
    """Recover what a killed worker left: at once, not when beat runs next.

    PostgreSQL may take a second or two to notice the death: then it is looked again after that.
    """
    try:
        context = engine_context()
        schema.recover(context)
        with context.connection() as connection:
            if schema.history(connection, status="in_progress", limit=1):
                settle.apply_async(countdown=3)
    except (psycopg.Error, CqrsError, BrokerError, OSError) as error:
        log.warning("changesets_not_settled", reason=message_of(error))


__all__ = [
    "begin_deployment",
    "end_deployment",
    "execute_changeset",
    "refresh_query_side",
    "rollback_changeset",
    "settle",
    "track_change",
]

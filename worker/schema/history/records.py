"""Changesets as the history shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from worker.base.db import Connection
from worker.schema.change.change import Operation, SchemaChange, Side
from worker.schema.errors import UnknownChangeset
from worker.schema.history import SQL
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Lock, LockMode
from worker.schema.statements.names import ObjectName

ChangesetStatus = Literal["pending", "in_progress", "completed", "failed", "rolled_back", "refused"]


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """One operation: `success` is true when it was committed, false when it is the one that failed,
    None when it never ran or was undone with the rest."""

    number: int
    side: Side
    kind: str
    object: str | None
    sql: str
    undo: str | None
    started_at: datetime | None
    duration: timedelta | None
    success: bool | None
    error: str | None
    sqlstate: str | None


@dataclass(frozen=True, slots=True)
class Changeset:
    """A changeset, whole. `kind` is "change" or "refresh" (then without a version).

    `undoing`: it is in progress backwards, being rolled back. `command_id` is the command that
    executed it or rolled it back last, None if that was no command. `locks` are those that it took
    on what stood before, the strongest on each relation; none are known of a step.
    """

    id: UUID
    kind: str
    description: str
    version: str | None
    status: ChangesetStatus
    forced: bool
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    created_by: str
    executed_by: str | None
    attempts: int
    error: str | None
    follow_up: FollowUp
    followed_up_at: datetime | None
    command_id: UUID | None
    undoing: bool
    locks: tuple[Lock, ...]
    deployment: str | None
    operations: tuple[OperationRecord, ...]

    @property
    def change(self) -> SchemaChange:
        """The change as its author wrote it."""
        return SchemaChange.of(
            self._on(Side.COMMAND), self._on(Side.QUERY), self.description, self.version or "0.0.0"
        )

    def is_done_by(self, command_id: UUID | None) -> bool:
        """Whether this command did to it what it was to do: execute it, or roll it back."""
        done = self.status in ("completed", "rolled_back")
        return done and command_id is not None and self.command_id == command_id

    def is_under_way_by(self, command_id: UUID | None) -> bool:
        """Whether this command is at it, perhaps in a process that died a moment ago."""
        under_way = self.status == "in_progress"
        return under_way and command_id is not None and self.command_id == command_id

    @property
    def failed_operation(self) -> OperationRecord | None:
        """The operation that failed, if one did."""
        return next(
            (operation for operation in self.operations if operation.success is False), None
        )

    def _on(self, side: Side) -> list[str | Operation]:
        return [
            Operation(operation.sql, operation.undo)
            for operation in self.operations
            if operation.side is side
        ]


@dataclass(frozen=True, slots=True)
class ChangesetHistoryEntry:
    """A row of `cqrs.changeset_history`."""

    changeset_id: UUID
    kind: str
    description: str
    version: str | None
    status: ChangesetStatus
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration: timedelta | None
    created_by: str
    error: str | None
    deployment: str | None
    command_ops_count: int
    query_ops_count: int
    failed_operation: int | None


def load(connection: Connection, changeset_id: UUID | str) -> Changeset:
    """One changeset with its operations. Raises UnknownChangeset."""
    try:
        parameters = {"id": UUID(str(changeset_id))}
    except ValueError:
        raise UnknownChangeset(changeset_id) from None
    row: Any = connection.execute(SQL["changeset"], parameters).fetchone()
    if row is None:
        raise UnknownChangeset(changeset_id)
    operations = tuple(_operations(connection, parameters))
    *known, locks, deployment = row
    known[13] = follow_up_from(known[13])
    facts: tuple[Any, ...] = (*known, locks_from(locks), deployment, operations)
    return Changeset(*facts)


def history(
    connection: Connection, *, status: ChangesetStatus | None = None, limit: int = 50
) -> list[ChangesetHistoryEntry]:
    """The newest changesets, newest first."""
    rows = connection.execute(SQL["history"], {"status": status, "limit": limit})
    return [ChangesetHistoryEntry(*row) for row in rows]


def follow_up_from(stored: dict[str, list[str]] | None) -> FollowUp:
    """A follow-up, as it was stored."""
    if stored is None:
        return FollowUp()
    return FollowUp(
        tuple(stored["rebuilds"]),
        tuple(map(ObjectName.parse, stored["refreshes"])),
        tuple(stored["purges"]),
    )


def locks_from(stored: list[dict[str, str]] | None) -> tuple[Lock, ...]:
    """Locks, as they were stored."""
    return tuple(
        Lock(ObjectName.parse(each["object"]), LockMode[each["mode"].replace(" ", "_")])
        for each in stored or ()
    )


def _operations(connection: Connection, parameters: dict[str, UUID]) -> Iterator[OperationRecord]:
    for number, side, *rest in connection.execute(SQL["operations"], parameters):
        yield OperationRecord(number, Side(side), *rest)

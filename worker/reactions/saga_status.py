"""Saga status, for people: which are under way, which are stuck, the history of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from worker.base import db
from worker.base.db import Connection
from worker.base.errors import Permanent
from worker.reactions.saga_declaration import SQL, retry
from worker.reactions.state_machine import SagaStatus


@dataclass(frozen=True, slots=True)
class SagaSummary:
    """One saga: its `status` and `step`, the command that it waits for, why it compensates.

    `due_at` is the deadline of its step. Of a saga that was pruned only `status` is known.
    """

    saga_id: UUID
    saga_type: str
    key: str
    status: str
    step: str | None
    sends: str | None
    error: str | None
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the id and the times."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SagaHistoryEntry:
    """A line of a saga's history; `position` is the event of the log that caused it."""

    what: str
    details: dict[str, Any] | None
    position: int
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the time."""
        return asdict(self)


class UnknownSaga(Permanent):
    """No saga has this id or key, or several have this key."""

    def __init__(self, name: str, several: Sequence[str] = ()) -> None:
        ids = ", ".join(several)
        reason = (
            f"several sagas have this key, name one by its id: {ids}" if ids else "no such saga"
        )
        super().__init__(f"{reason} (saga {name})")
        self.name = name


class SagaIsNotStuck(Permanent):
    """Only a stuck saga can be retried: any other goes on by itself, or has ended."""

    def __init__(self, saga_id: UUID, status: str) -> None:
        super().__init__(f"the saga is not stuck: it is {status} (saga {saga_id})")
        self.saga_id, self.status = saga_id, status


def list_sagas(
    *, saga_type: str | None = None, status: SagaStatus | None = None, ended: bool, limit: int
) -> list[SagaSummary]:
    """Sagas, the latest first: those under way, or with `ended` all, or those of one status."""
    wanted = {"type": saga_type, "status": status, "ended": ended, "limit": limit}
    with db.writer() as connection, connection.cursor(row_factory=class_row(SagaSummary)) as cursor:
        return cursor.execute(SQL["list_sagas"], wanted).fetchall()


def with_history(name: str) -> tuple[SagaSummary, list[SagaHistoryEntry]]:
    """One saga, by its id or its key, and its history. Raises UnknownSaga."""
    with db.writer() as connection:
        saga = _find(connection, name)
        with connection.cursor(row_factory=class_row(SagaHistoryEntry)) as cursor:
            return saga, cursor.execute(SQL["history"], {"id": saga.saga_id}).fetchall()


def retry_stuck(name: str) -> SagaSummary:
    """Have a stuck saga send what was refused once more. Raises UnknownSaga, SagaIsNotStuck."""
    with db.writer() as connection:
        saga = _find(connection, name)
    if saga.status != SagaStatus.STUCK:
        raise SagaIsNotStuck(saga.saga_id, saga.status)
    retry(saga.saga_id)
    return saga


def _find(connection: Connection, name: str) -> SagaSummary:
    with connection.cursor(row_factory=class_row(SagaSummary)) as cursor:
        found = cursor.execute(SQL["find"], {"name": name}).fetchall()
    if len(found) != 1:
        raise UnknownSaga(name, [f"{one.saga_id} ({one.saga_type})" for one in found])
    return found[0]

"""Where sagas stand, for people: which are under way, which are stuck, what happened to one."""

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
from worker.base.sql import blocks
from worker.reactions.saga_declaration import retry
from worker.reactions.state_machine import SagaStatus

_SQL = blocks("worker.reactions", "saga.sql")


@dataclass(frozen=True, slots=True)
class Standing:
    """One saga: its `status` and `step`, the command that it waits for, why it takes back.

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
class Happened:
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


def standing(
    *, saga_type: str | None = None, status: SagaStatus | None = None, ended: bool, limit: int
) -> list[Standing]:
    """Sagas, the latest first: those under way, or with `ended` all, or those of one status."""
    wanted = {"type": saga_type, "status": status, "ended": ended, "limit": limit}
    with db.writer() as connection, connection.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(_SQL["standing"], wanted).fetchall()


def show(name: str) -> tuple[Standing, list[Happened]]:
    """One saga, by its id or its key, and its history. Raises UnknownSaga."""
    with db.writer() as connection:
        one = _find(connection, name)
        with connection.cursor(row_factory=class_row(Happened)) as cursor:
            return one, cursor.execute(_SQL["history"], {"id": one.saga_id}).fetchall()


def retry_stuck(name: str) -> Standing:
    """Have a stuck saga send what was refused once more. Raises UnknownSaga, SagaIsNotStuck."""
    with db.writer() as connection:
        one = _find(connection, name)
    if one.status != SagaStatus.STUCK:
        raise SagaIsNotStuck(one.saga_id, one.status)
    retry(one.saga_id)
    return one


def _find(connection: Connection, name: str) -> Standing:
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        found = cursor.execute(_SQL["find"], {"name": name}).fetchall()
    if len(found) != 1:
        raise UnknownSaga(name, [f"{one.saga_id} ({one.saga_type})" for one in found])
    return found[0]

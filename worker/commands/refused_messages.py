"""Refused messages: those that no receipt could answer, counted by queue and reason.

    a message ─▶ refused ─┬─ its id can have a receipt       `rejected`, like any refused command
                          └─ none, or the id is another's    a row here, count + 1

Nobody can run such a message again: it has no id, or is no message. What is kept tells whose it may
be: the task it named, what was wrong where, its first bytes. `cqrs refused forget` empties the list
once the sender is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from worker.base import db
from worker.base.encoding import to_json
from worker.commands import SQL

MOST = 1_000
"""Rows kept: messages beyond are counted with the last reason of their queue, or not at all."""


@dataclass(frozen=True, slots=True)
class RefusedMessages:
    """Messages refused in one queue for one reason; `task` to `first_bytes` are of the latest."""

    queue: str
    reason: str
    count: int
    task: str | None
    command_id: UUID | None
    errors: Mapping[str, str]
    first_bytes: str
    first_seen_at: datetime
    last_seen_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the id and the times."""
        return asdict(self)


def record(
    *,
    queue: str,
    reason: str,
    errors: Mapping[str, str],
    first_bytes: str,
    task: str | None,
    command_id: UUID | None,
) -> None:
    """Count a refused message, and keep it as its kind's latest."""
    row = {
        "queue": queue,
        "reason": reason,
        "errors": to_json(errors),
        "first_bytes": first_bytes,
        "task": task,
        "command_id": command_id,
        "most": MOST,
    }
    with db.writer() as connection:
        connection.execute(SQL["record_refused_message"], row)


def refused_messages() -> list[RefusedMessages]:
    """What was refused, the latest first."""
    with db.writer() as connection:
        return [RefusedMessages(*row) for row in connection.execute(SQL["refused_messages"])]


def forget(queue: str | None = None) -> int:
    """Empty the list, or what it has of one queue; how many messages it counted."""
    with db.writer() as connection:
        rows = connection.execute(SQL["forget_refused_messages"], {"queue": queue}).fetchall()
    return sum(count for (count,) in rows)

"""Failures that stand: what the engine does by itself and could not do, until it has succeeded.

    it fails ─▶ a row ─▶ red in `cqrs status`, exit code 1 ─▶ it fails again: "still, 3 times"
                 │                                               │
                 └── it succeeds, whoever tries: no row          └── acknowledged: no trouble, but
                                                                     for another reason it is

A refresh, a rebuild or a scheduled task that fails is the same fact for the task, for `status` and
for whoever comes back in the morning. The row is written in a transaction of its own, after that of
the failure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from celery.exceptions import SoftTimeLimitExceeded

from worker.base import db
from worker.base.db import Connection
from worker.base.errors import CqrsError, Permanent, ServerUnavailable
from worker.base.logs import get_logger
from worker.base.sql import statement

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StandingFailure:
    """What failed (`task`), at what (`subject`, empty for the task itself), why, and how often
    since `first_at` without a success in between."""

    task: str
    subject: str
    reason: str
    times: int
    first_at: datetime
    last_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None

    @property
    def sentence(self) -> str:
        """The reason; and that it still stands, if it has failed before."""
        if self.times == 1:
            return self.reason
        since = f"{self.first_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.reason}; still failing, {self.times:,} times since {since}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, but for the times."""
        return asdict(self)


class MaintenanceFailed(Permanent):
    """Some of what a task of the engine does failed, the rest was done. `failed`: why, by name."""

    def __init__(self, task: str, failed: Mapping[str, str]) -> None:
        told = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        super().__init__(f"{told} (task {task})")
        self.task, self.failed = task, dict(failed)


def note(connection: Connection, task: str, subject: str, reason: str) -> StandingFailure:
    """Write a failure down; as it stands now."""
    what = {"task": task, "subject": subject, "reason": reason}
    rows = connection.execute(statement("worker.base", "note_failure"), what).fetchall()
    return StandingFailure(*rows[0])


def mend(connection: Connection, task: str, subject: str = "") -> None:
    """It has succeeded."""
    what = {"task": task, "subject": subject}
    connection.execute(statement("worker.base", "mend_failure"), what)


def stands(connection: Connection, task: str, subject: str = "") -> bool:
    """Whether it has failed and not succeeded since."""
    return any((one.task, one.subject) == (task, subject) for one in find(connection))


def note_or_log(task: str, subject: str, error: BaseException) -> str:
    """Write a failure down on a connection of its own; the sentence for it. Never raises: that the
    database is away must not take the place of what was wrong before."""
    reason = in_one_line(error)
    try:
        with db.writer() as connection:
            return note(connection, task, subject, reason).sentence
    except (psycopg.Error, ServerUnavailable) as away:
        log.warning("failure not written down", task=task, subject=subject, reason=str(away))
        return reason


def each(task: str, parts: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Do every part, although one fails; what each gave. Raises MaintenanceFailed at the end."""
    done: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, part in parts.items():
        try:
            done[name] = part()
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # a part that fails stops no other
            log.warning("part of a task failed", task=task, part=name, reason=in_one_line(error))
            failed[name] = in_one_line(error)
    if failed:
        raise MaintenanceFailed(task, failed)
    return done


def find(connection: Connection) -> list[StandingFailure]:
    """Every failure that stands, acknowledged or not, by task and subject."""
    rows = connection.execute(statement("worker.base", "failures"))
    return [StandingFailure(*row) for row in rows]


def acknowledge(task: str, subject: str | None, by: str) -> int:
    """Take failures of a task for known: they are no trouble until they fail for another reason.

    `subject`: that one alone. How many there were.
    """
    what = {"task": task, "subject": subject, "by": by}
    with db.owner() as connection:
        return connection.execute(statement("worker.base", "acknowledge_failure"), what).rowcount


def in_one_line(error: BaseException) -> str:
    """The kind of an error and its message; of our own errors the message alone."""
    text = " ".join(str(error).split())
    if isinstance(error, CqrsError):
        return text
    return f"{type(error).__name__}: {text}".removesuffix(": ")

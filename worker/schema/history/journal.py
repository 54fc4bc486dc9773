"""The history as it is recorded: each entry in a transaction of its own, beside the work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from worker.base.db import Connection
from worker.schema.change.change import AsGiven, SchemaChange
from worker.schema.errors import ChangesetLockLost
from worker.schema.history import SQL
from worker.schema.observed.follow_up import Observed
from worker.schema.plan.operations import ParsedOperation, effects_of_text
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Effects, Lock
from worker.schema.statements.names import ObjectName


class ChangesetInProgress(NamedTuple):
    """A changeset that is `in_progress`, or `undoing`: being rolled back.

    `operation` is the one that had begun last, None if none had; `step` is set when it, or its
    undo, is a step outside a transaction.
    """

    id: UUID
    description: str
    executed_by: str
    undoing: bool
    operation: int | None
    step: Effects | None


class Timing(NamedTuple):
    """When an operation ran, and for how long."""

    number: int
    started_at: datetime
    duration: timedelta


class Failure(NamedTuple):
    """The operation that failed, what the server said, and when those before it ran."""

    number: int
    error: str
    sqlstate: str | None
    timings: Sequence[Timing]


@dataclass(frozen=True, slots=True)
class ChangesetJournal:
    """Records `cqrs.changesets` and `cqrs.changeset_operations`, over an autocommit connection."""

    connection: Connection

    def record(
        self,
        change: SchemaChange,
        operations: Sequence[ParsedOperation],
        by: str,
        forced: bool,
        changeset_id: UUID | None = None,
    ) -> UUID:
        """Record a new changeset, pending, in the open deployment if there is one.

        Its id, generated or given; if the given one is there already, nothing is recorded.
        """
        facts = {
            "description": change.description,
            "version": str(change.version),
            "kind": "change",
            "by": by,
            "forced": forced,
        }
        return self._record(changeset_id, facts, map(_operation_row, operations))

    def record_refused(
        self,
        given: AsGiven,
        reason: str,
        by: str,
        forced: bool,
        changeset_id: UUID | None = None,
    ) -> UUID:
        """Record a changeset that does not run as it stands, and why; the id as above."""
        facts = {
            "description": _storable(str(given.description or "").strip()) or "(not described)",
            "version": _storable(str(given.version or "")),
            "kind": "change",
            "by": by,
            "forced": forced,
        }
        rows = (
            (number, side.value, "not planned", None, _storable(sql), _storable(undo))
            for number, (side, sql, undo) in enumerate(given.texts(), start=1)
        )
        with self.connection.transaction():
            refused = self._record(changeset_id, facts, rows)
            self._execute("mark_refused", {"id": refused, "error": _storable(reason)})
        return refused

    def record_refresh(
        self, views: Sequence[ObjectName], by: str, changeset_id: UUID | None = None
    ) -> UUID:
        """Record a refresh of materialized views, one operation each; the id as above."""
        names = ", ".join(map(str, views))
        facts = {
            "description": f"Refresh {names}",
            "version": None,
            "kind": "refresh",
            "by": by,
            "forced": False,
        }
        what = "REFRESH MATERIALIZED VIEW"
        rows = (
            (number, "query", what, str(view), f"{what} {view}", None)
            for number, view in enumerate(views, start=1)
        )
        return self._record(changeset_id, facts, rows)

    def _record(
        self, given: UUID | None, facts: dict[str, Any], rows: Iterable[tuple[Any, ...]]
    ) -> UUID:
        with self.connection.transaction():
            for (new,) in self._execute("record", {"id": given, **facts}):
                self._insert_operations(new, rows)
                return UUID(str(new))
        assert given is not None
        return given

    def _insert_operations(self, changeset_id: UUID, rows: Iterable[tuple[Any, ...]]) -> None:
        columns = list(zip(*rows, strict=True))
        if not columns:
            return
        names = ("numbers", "sides", "kinds", "objects", "sqls", "undos")
        values = {name: list(column) for name, column in zip(names, columns, strict=True)}
        self._execute("record_operations", {"id": changeset_id, **values})

    def claim(self, changeset_id: UUID, by: str, command_id: UUID | None = None) -> bool:
        """Mark a pending or failed changeset as being executed by `by`, for a command perhaps."""
        return self._claim("claim", changeset_id, by, command_id)

    def claim_undo(self, changeset_id: UUID, by: str, command_id: UUID | None = None) -> bool:
        """Mark a completed changeset as being rolled back by `by`."""
        return self._claim("claim_undo", changeset_id, by, command_id)

    def _claim(self, statement: str, changeset_id: UUID, by: str, command_id: UUID | None) -> bool:
        facts = {"id": changeset_id, "by": by, "command": command_id}
        return self._execute(statement, facts).rowcount == 1

    def record_follow_up(self, changeset_id: UUID, follow_up: FollowUp) -> None:
        """Record the follow-up of a step, before it runs."""
        self._execute(
            "record_follow_up", {"id": changeset_id, "follow_up": stored_follow_up(follow_up)}
        )

    def attempt(self, changeset_id: UUID) -> None:
        """Count one more try, and clear the progress of the one before it.

        From here on progress is recorded without waiting for the disk; `fail` waits again.
        """
        self._execute("attempt", {"id": changeset_id})
        self.connection.execute("SET synchronous_commit = off")

    def operation_starts(self, changeset_id: UUID, number: int) -> None:
        """Record which operation is running, for observers and for recovery."""
        self._execute("operation_starts", {"id": changeset_id, "number": number})

    def undo_starts(self, changeset_id: UUID, number: int) -> None:
        """Record which operation is being undone."""
        self._execute("undo_starts", {"id": changeset_id, "number": number})

    def fail(self, changeset_id: UUID, reason: str, failure: Failure | None = None) -> bool:
        """Mark as failed, unless it has been committed after all; whether it was marked.

        One that was being rolled back is completed again, as it was, and keeps the reason.
        """
        with self.connection.transaction():
            self.connection.execute("SET LOCAL synchronous_commit = on")
            marked = (
                self._execute("mark_failed", {"id": changeset_id, "error": reason}).rowcount == 1
            )
            if marked and failure is not None:
                self._execute("operations_ran", _columns(changeset_id, failure.timings, None))
                self._execute(
                    "operation_failed",
                    {
                        "id": changeset_id,
                        "number": failure.number,
                        "error": failure.error,
                        "sqlstate": failure.sqlstate,
                    },
                )
        return marked

    def mark_recovered(self, changeset_id: UUID) -> None:
        """Mark an interrupted step as done (completed, or rolled back)."""
        self._execute("mark_recovered", {"id": changeset_id})

    def in_progress(self) -> list[ChangesetInProgress]:
        """Changesets that are being executed, or were interrupted."""
        return [
            ChangesetInProgress(
                changeset_id, description, by, undoing, operation, _step(sql, count)
            )
            for changeset_id, description, by, undoing, operation, sql, count in self._execute(
                "in_progress", {}
            )
        ]

    def _execute(self, statement: str, parameters: dict[str, Any]) -> psycopg.Cursor[Any]:
        return self.connection.execute(SQL[statement], parameters)


def mark_completed(
    work: Connection, changeset_id: UUID, timings: Sequence[Timing], observed: Observed
) -> None:
    """Mark as completed, with what came of it: in the transaction that did the work.

    Raises ChangesetLockLost when this session may not finish it any more.
    """
    sql = SQL
    work.execute(sql["operations_ran"], _columns(changeset_id, timings, True))
    _finish(work, "mark_completed", changeset_id, observed)


def mark_rolled_back(work: Connection, changeset_id: UUID, observed: Observed) -> None:
    """Mark as rolled back, in the transaction that did it. Raises ChangesetLockLost."""
    _finish(work, "mark_rolled_back", changeset_id, observed)


def _finish(work: Connection, statement: str, changeset_id: UUID, observed: Observed) -> None:
    facts = {
        "id": changeset_id,
        "follow_up": stored_follow_up(observed.follow_up),
        "locks": _stored_locks(observed.locks),
    }
    if work.execute(SQL[statement], facts).rowcount != 1:
        raise ChangesetLockLost(changeset_id)


def _stored_locks(locks: Sequence[Lock]) -> str | None:
    if not locks:
        return None
    return json.dumps([{"object": str(lock.name), "mode": str(lock.mode)} for lock in locks])


def stored_follow_up(follow_up: FollowUp) -> str | None:
    """A follow-up as it is stored; null for none."""
    if not follow_up:
        return None
    return json.dumps(
        {
            "rebuilds": follow_up.rebuilds,
            "purges": follow_up.purges,
            "refreshes": list(map(str, follow_up.refreshes)),
        }
    )


def _storable(text: str | None) -> str | None:
    """A text without what PostgreSQL keeps in none, since that may be why it was refused."""
    return None if text is None else _UNSTORABLE.sub("\ufffd", text)


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _operation_row(each: ParsedOperation) -> tuple[Any, ...]:
    return (
        each.number,
        each.side.value,
        each.effects.statement,
        str(each.effects.main.name) if each.effects.main else None,
        each.operation.sql,
        each.operation.undo,
    )


def _columns(changeset_id: UUID, timings: Sequence[Timing], success: bool | None) -> dict[str, Any]:
    return {
        "id": changeset_id,
        "success": success,
        "numbers": [timing.number for timing in timings],
        "starts": [timing.started_at for timing in timings],
        "durations": [timing.duration for timing in timings],
    }


def _step(sql: str | None, count: int) -> Effects | None:
    """The effects of a changeset's only operation, when it is a step outside a transaction."""
    if sql is None or count != 1:
        return None
    effects = effects_of_text(sql)
    return effects if effects.step is not None else None

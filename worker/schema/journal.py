"""The history as it is written: each line in a transaction of its own, beside the work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from worker.schema.change import Change
from worker.schema.dependencies import Connection
from worker.schema.names import ObjectName
from worker.schema.plan import FollowUp
from worker.schema.reading import ReadOperation, effects_of_text
from worker.schema.statements.effects import Effects
from worker.sql import blocks


class Running(NamedTuple):
    """A changeset that is `in_progress`; `step` is set when it is a step outside a transaction."""

    id: UUID
    description: str
    executed_by: str
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
class Journal:
    """Writes `cqrs.changesets` and `cqrs.changeset_operations` over a connection in autocommit."""

    connection: Connection

    def record(
        self, change: Change, operations: Sequence[ReadOperation], by: str, forced: bool
    ) -> UUID:
        """Write down a new changeset, pending, in the open deployment if there is one."""
        with self.connection.transaction():
            changeset_id = self._record(
                change.description, str(change.version), "change", by, forced
            )
            self._record_operations(changeset_id, operations)
        return changeset_id

    def record_refresh(self, views: Sequence[ObjectName], by: str) -> UUID:
        """Write down a refresh of materialized views, one operation each."""
        names = ", ".join(map(str, views))
        with self.connection.transaction():
            changeset_id = self._record(f"Refresh {names}", None, "refresh", by, False)
            self._insert_operations(
                changeset_id,
                [
                    (
                        number,
                        "query",
                        "REFRESH MATERIALIZED VIEW",
                        str(view),
                        f"REFRESH MATERIALIZED VIEW {view}",
                        None,
                    )
                    for number, view in enumerate(views, start=1)
                ],
            )
        return changeset_id

    def _record(
        self, description: str, version: str | None, kind: str, by: str, forced: bool
    ) -> UUID:
        row = self._run(
            "record",
            {
                "description": description,
                "version": version,
                "kind": kind,
                "by": by,
                "forced": forced,
            },
        ).fetchone()
        return UUID(str(row[0])) if row else UUID(int=0)

    def _record_operations(self, changeset_id: UUID, operations: Sequence[ReadOperation]) -> None:
        self._insert_operations(
            changeset_id,
            [
                (
                    each.number,
                    each.side.value,
                    each.effects.statement,
                    str(each.effects.main.name) if each.effects.main else None,
                    each.operation.sql,
                    each.operation.undo,
                )
                for each in operations
            ],
        )

    def _insert_operations(self, changeset_id: UUID, rows: Iterable[tuple[Any, ...]]) -> None:
        columns = list(zip(*rows, strict=True))
        names = ("numbers", "sides", "kinds", "objects", "sqls", "undos")
        values = {name: list(column) for name, column in zip(names, columns, strict=True)}
        self._run("record_operations", {"id": changeset_id, **values})

    def claim(self, changeset_id: UUID, by: str) -> bool:
        """Mark a pending or failed changeset as being executed by `by`."""
        return self._run("claim", {"id": changeset_id, "by": by}).rowcount == 1

    def attempt(self, changeset_id: UUID) -> None:
        """Count one more try, and forget how far the one before it came.

        From here on progress is noted without waiting for the disk; `fail` waits again.
        """
        self._run("attempt", {"id": changeset_id})
        self.connection.execute("SET synchronous_commit = off")

    def operation_starts(self, changeset_id: UUID, number: int) -> None:
        """Note which operation is running, for those who look on and for who finds it dead."""
        self._run("operation_starts", {"id": changeset_id, "number": number})

    def fail(self, changeset_id: UUID, reason: str, failure: Failure | None = None) -> bool:
        """Mark as failed, unless it has been committed after all; whether it was marked."""
        with self.connection.transaction():
            self.connection.execute("SET LOCAL synchronous_commit TO DEFAULT")
            marked = self._run("fail", {"id": changeset_id, "error": reason}).rowcount == 1
            if marked and failure is not None:
                self._run("operations_ran", _columns(changeset_id, failure.timings, None))
                self._run(
                    "operation_failed",
                    {
                        "id": changeset_id,
                        "number": failure.number,
                        "error": failure.error,
                        "sqlstate": failure.sqlstate,
                    },
                )
        return marked

    def note_error(self, changeset_id: UUID, reason: str) -> None:
        """Keep why a rollback failed; the changeset stands as it was."""
        self._run("note_error", {"id": changeset_id, "error": reason})

    def finish_step(self, changeset_id: UUID) -> None:
        """Mark a step outside a transaction as done."""
        complete(self.connection, changeset_id, (), FollowUp())

    def in_progress(self) -> list[Running]:
        """Changesets that are being executed, or whose process died."""
        return [
            Running(changeset_id, description, by, operation, _step(sql, count))
            for changeset_id, description, by, operation, sql, count in self._run("in_progress", {})
        ]

    def _run(self, block: str, parameters: dict[str, Any]) -> psycopg.Cursor[Any]:
        return self.connection.execute(blocks(__package__ or "", "journal.sql")[block], parameters)


def complete(
    work: Connection, changeset_id: UUID, timings: Sequence[Timing], follow_up: FollowUp
) -> None:
    """Mark as completed, with what the read side owes: in the transaction that did the work."""
    sql = blocks(__package__ or "", "journal.sql")
    work.execute(sql["operations_ran"], _columns(changeset_id, timings, True))
    work.execute(sql["complete"], {"id": changeset_id, "follow_up": owed(follow_up)})


def owed(follow_up: FollowUp) -> str | None:
    """What the read side owes, as it is stored; null for nothing."""
    if not follow_up:
        return None
    return json.dumps(
        {
            "rebuilds": follow_up.rebuilds,
            "purges": follow_up.purges,
            "refreshes": list(map(str, follow_up.refreshes)),
        }
    )


def message_of(error: BaseException) -> str:
    """What the server said, with its detail and hint, on one line."""
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return " ".join(str(error).split()) or type(error).__name__
    parts = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
    return ". ".join(" ".join(part.split()).rstrip(".") for part in parts if part)


def _columns(changeset_id: UUID, timings: Sequence[Timing], success: bool | None) -> dict[str, Any]:
    return {
        "id": changeset_id,
        "success": success,
        "numbers": [each.number for each in timings],
        "starts": [each.started_at for each in timings],
        "durations": [each.duration for each in timings],
    }


def _step(sql: str | None, count: int) -> Effects | None:
    """The effects of a changeset's only operation, when it is a step outside a transaction."""
    if sql is None or count != 1:
        return None
    effects = effects_of_text(sql)
    return effects if effects.step is not None else None

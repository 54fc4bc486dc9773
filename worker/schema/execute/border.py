"""The border between the sides, checked by what operations do: the locks that they have taken.

Reading an operation tells what its words write. A trigger, a rule, a foreign key or SQL that a
program makes up tells nothing beforehand; but to write a row PostgreSQL locks its table, by
whatever means it is reached. So after each operation the locks that it has added are looked at
(1 ms). Locks that were taken up front for later operations are no offence, and what a rolled-back
savepoint locked is released.

    a command operation   writes no rows of the query side
    a query operation     writes no rows of the command side

What else may lock there is no offence: CASCADE takes views along, a foreign key may point across.
What is written again in a table that an earlier operation has locked alike adds no lock. It is seen
where the server counts rows, which it does unless `track_counts` is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg

from worker.base.db import Connection
from worker.schema.change.change import Schemas, Side
from worker.schema.execute import SQL
from worker.schema.execute.changeset_run import OperationFailed
from worker.schema.history.journal import Timing


class Crossed(psycopg.errors.RaiseException):
    """An operation that wrote on the other side."""


class Border:
    """Watches one transaction: `check` after each of its operations, in order."""

    def __init__(self, work: Connection, schemas: Schemas) -> None:
        self.work, self.schemas = work, schemas
        both = {"schemas": [schemas.command, schemas.query]}
        self._names: dict[int, tuple[str, str]] = {
            oid: (schema, name)
            for oid, schema, name in work.execute(SQL["relations_of_sides"], both)
        }
        self._seen = self._look()

    def check(self, number: int, side: Side, timings: Sequence[Timing]) -> None:
        """Raises OperationFailed when the operation that has just run has crossed."""
        before, self._seen = self._seen, self._look()
        crossed = sorted(set(self._crossed(side, before)))
        if crossed:
            reason = (
                f"a {side.value} operation may not touch the {_OTHER[side].value} side: it wrote to"
                f" {', '.join(crossed)}, which it reaches through a trigger, a rule, a foreign key"
                " or a program"
            )
            raise OperationFailed(number, Crossed(reason), timings, reason)

    def _crossed(self, side: Side, before: dict[int, int]) -> Iterator[str]:
        for oid, written in self._seen.items():
            schema, name = self._names.get(oid, ("", ""))
            is_there = schema == self.schemas.opposite(side)
            if is_there and (oid not in before or written > before[oid]):
                yield f"{schema}.{name}"

    def _look(self) -> dict[int, int]:
        """What this session has locked to write, with the rows written so far. A relation that is
        dropped has no name any more: those of before are kept."""
        seen: dict[int, int] = {}
        for oid, schema, name, rows in self.work.execute(SQL["written"]):
            seen[oid] = rows
            if name is not None:
                self._names.setdefault(oid, (schema, name))
        return seen


_OTHER = {Side.COMMAND: Side.QUERY, Side.QUERY: Side.COMMAND}

"""The border between the sides, checked by what operations do: the locks that they have taken.

Reading an operation tells what its words write. A trigger, a rule, a foreign key or SQL that a
program makes up tells nothing beforehand; but to write a row, or to change an object, PostgreSQL
locks the relation, by whatever means it is reached. So after each operation the locks that it has
added are looked at (1 ms). Locks that were taken up front for later operations are no offence, and
what a rolled-back savepoint locked is released.

    a command operation   adds no lock beyond reading to a relation of the query side
    a query operation     writes no rows of the command side: foreign keys may point there

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

_Key = tuple[str, str, str]
_WRITES = "RowExclusiveLock"
_READS = ("AccessShareLock", "RowShareLock")


class Crossed(psycopg.errors.RaiseException):
    """An operation that wrote on the other side."""


class Border:
    """Watches one transaction: `check` after each of its operations, in order."""

    def __init__(self, work: Connection, schemas: Schemas) -> None:
        self.work, self.schemas = work, schemas
        self._seen = self._look()

    def check(self, number: int, side: Side, timings: Sequence[Timing]) -> None:
        """Raises OperationFailed when the operation that has just run has crossed."""
        before, self._seen = self._seen, self._look()
        crossed = sorted(set(self._crossed(side, before)))
        if crossed:
            where = ", ".join(crossed)
            reason = (
                f"a {side.value} operation may not touch the {_OTHER[side].value} side: it wrote to"
                f" {where}, which it reaches through a trigger, a rule, a foreign key or a program"
            )
            raise OperationFailed(number, Crossed(reason), timings, reason)

    def _crossed(self, side: Side, before: dict[_Key, int]) -> Iterator[str]:
        opposite = self.schemas.opposite(side)
        for (schema, name, mode), written in self._seen.items():
            if schema != opposite:
                continue
            is_new = (schema, name, mode) not in before
            if (written > before.get((schema, name, mode), 0) and mode == _WRITES) or (
                is_new and (mode == _WRITES or (side is Side.COMMAND and mode not in _READS))
            ):
                yield f"{schema}.{name}"

    def _look(self) -> dict[_Key, int]:
        """Locks of this session on relations of both sides, with the rows written so far."""
        both = {"schemas": [self.schemas.command, self.schemas.query]}
        rows = self.work.execute(SQL["locks_of_sides"], both)
        return {(schema, name, mode): written for schema, name, mode, written in rows}


_OTHER = {Side.COMMAND: Side.QUERY, Side.QUERY: Side.COMMAND}

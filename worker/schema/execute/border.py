"""The border between the sides, checked by what operations do: the locks that they have taken.

Reading an operation tells what its words write. A trigger, a rule, a foreign key or SQL that a
program makes up tells nothing beforehand; but to write a row PostgreSQL locks its table, by
whatever means it is reached. So after each operation the locks that it has added are looked at
(1 ms). Locks that were taken up front for later operations are no offence, and what a rolled-back
savepoint locked is released.

    a command operation   writes no rows of the query side, and changes no object there
    a query operation     writes no rows of the command side, and changes no object there
    either                changes no object of the engine's

What a program may do beside that is to make, alter or drop: `DO $$ … EXECUTE 'DROP …' $$`. What
words say of it has been looked at beforehand; so after each operation it is asked which objects
of the other side, or of the engine's own schema, this transaction has written into the catalogue
(1 ms), and, after one that runs programs, which of them it has locked as only that does.

What else may lock there is no offence: CASCADE takes views along, a foreign key may point across.
What is written again in a table that an earlier operation has locked alike adds no lock. It is seen
where the server counts rows, which it does unless `track_counts` is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import psycopg

from worker.base.db import Connection
from worker.schema.change.change import Schemas, Side
from worker.schema.execute import SQL
from worker.schema.execute.changeset_run import OperationFailed
from worker.schema.history.journal import Timing
from worker.schema.plan.operations import ENGINE_SCHEMA


class _Object(NamedTuple):
    """What an object is called, and its kind."""

    schema: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class _Version(NamedTuple):
    """A row of the catalogue: each change of the object makes a new one."""

    catalogue: str
    oid: int
    row: str


class Crossed(psycopg.errors.RaiseException):
    """An operation that wrote on the other side."""


class Border:
    """Watches one transaction: `check` after each of its operations, in order."""

    def __init__(self, work: Connection, schemas: Schemas) -> None:
        self.work, self.schemas = work, schemas
        self._names: dict[tuple[str, int], _Object] = {
            (catalogue, oid): _Object(schema, kind, name)
            for catalogue, oid, schema, kind, name in self._all("objects_of_sides")
        }
        self._seen, self._made, self._held = self._written(), self._changed(), self._locked()

    def check(
        self, number: int, side: Side, timings: Sequence[Timing], *, runs_programs: bool
    ) -> None:
        """Raises OperationFailed when the operation that has just run has crossed."""
        seen, made, held = self._written(), self._changed(), self._locked()
        written = {each.name for each in self._crossed(side, seen)}
        changed = {str(each) for each in self._remade(side, made)}
        if runs_programs:
            changed |= {str(each) for each in self._taken(side, held)}
        self._seen, self._made, self._held = seen, made, held
        if written or changed:
            raise _crossed(number, side, sorted(written), sorted(changed), timings)

    def _crossed(self, side: Side, seen: dict[int, int]) -> Iterator[_Object]:
        for oid, rows in seen.items():
            known = self._names.get(("pg_class", oid))
            is_new = oid not in self._seen or rows > self._seen[oid]
            if known and known.schema == self.schemas.opposite(side) and is_new:
                yield known

    def _remade(self, side: Side, made: frozenset[_Version]) -> Iterator[_Object]:
        """Objects whose row in the catalogue this transaction has written."""
        for version in made - self._made:
            known = self._names[version.catalogue, version.oid]
            if known.schema in (self.schemas.opposite(side), ENGINE_SCHEMA):
                yield known

    def _taken(self, side: Side, held: frozenset[tuple[str, int]]) -> Iterator[_Object]:
        """Objects that it has locked as one does who alters or drops them."""
        for key in held - self._held:
            known = self._names.get(key)
            if known and known.schema == self.schemas.opposite(side):
                yield known

    def _written(self) -> dict[int, int]:
        """What this session has locked to write, with the rows written so far."""
        rows = {}
        for oid, schema, name, count in self.work.execute(SQL["written"]):
            rows[oid] = count
            if name is not None:
                self._names.setdefault(
                    ("pg_class", oid), _Object(schema, "table", f"{schema}.{name}")
                )
        return rows

    def _changed(self) -> frozenset[_Version]:
        versions = set()
        for catalogue, oid, row, *known in self._all("changed_objects"):
            self._names[catalogue, oid] = _Object(*known)
            versions.add(_Version(catalogue, oid, row))
        return frozenset(versions)

    def _locked(self) -> frozenset[tuple[str, int]]:
        return frozenset((catalogue, oid) for catalogue, oid in self.work.execute(SQL["held_hard"]))

    def _all(self, statement: str) -> list[Any]:
        """A dropped object has no name any more: those of before are kept."""
        schemas = [self.schemas.command, self.schemas.query, ENGINE_SCHEMA]
        return self.work.execute(SQL[statement], {"schemas": schemas}).fetchall()


def _crossed(
    number: int,
    side: Side,
    written: Sequence[str],
    changed: Sequence[str],
    timings: Sequence[Timing],
) -> OperationFailed:
    did = [f"wrote to {', '.join(written)}"] if written else []
    did += [f"changed {', '.join(changed)}"] if changed else []
    reason = (
        f"a {side.value} operation may not touch the {_OTHER[side].value} side, nor the engine: it"
        f" {' and '.join(did)}, which it reaches through a trigger, a rule, a foreign key or a"
        " program"
    )
    return OperationFailed(number, Crossed(reason), timings, reason)


_OTHER = {Side.COMMAND: Side.QUERY, Side.QUERY: Side.COMMAND}

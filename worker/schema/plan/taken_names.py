"""Names that are taken: what an operation makes, though it is there, by the catalogue or by an
operation before it.

Each kind of name has a space of its own, as PostgreSQL has it: an index is in the way of a table, a
table's row type in that of a type, a trigger in that of another one of the same table. What the
change itself has dropped, renamed or moved is free. After an operation whose doings nobody knows
(a program, a CASCADE that reaches into tables) the catalogue is believed no more where they may
have been at work: what is said here is certain, the rest a trial tells (`plan --try`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from psycopg.types.json import Jsonb

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import qualified_rows
from worker.schema.plan import SQL
from worker.schema.plan.facts import CatalogueFacts
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import Blocker
from worker.schema.statements import parse
from worker.schema.statements.made import Name, made_by, unmade_by
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode


class _There(NamedTuple):
    """What has a name: a `kind` of the catalogue's, and the table that it belongs to, if any."""

    kind: str
    owner: ObjectName | None


def taken_names(
    connection: Connection, operations: Sequence[ParsedOperation], facts: CatalogueFacts
) -> Iterator[Blocker]:
    """What each operation makes although it is there."""
    statements: list[SyntaxNode] = [parse(each.operation.sql)[0].stmt for each in operations]
    made = [
        made_by(statement, each.effects)
        for statement, each in zip(statements, operations, strict=True)
    ]
    names = _Names(_in_catalogue(connection, {name for each in made for name in each}))
    for operation, statement, new in zip(operations, statements, made, strict=True):
        for name in new:
            if name.complains and (why := names.why_taken(name)):
                yield Blocker(operation.number, why, ())
                break  # a table's row type says no more than the table
        names.follow(operation, statement, new, facts)


@dataclass(slots=True)
class _Names:
    """Which names are taken, operation by operation."""

    catalogue: dict[Name, _There]
    made: set[Name] = field(default_factory=set)
    gone: set[ObjectName] = field(default_factory=set)
    parts_gone: set[Name] = field(default_factory=set)
    loose: set[ObjectName] = field(default_factory=set)
    unsure: bool = False
    parts_unsure: bool = False

    def why_taken(self, name: Name) -> str | None:
        """That it is, or None."""
        if name in self.made:
            return None if name.replaces else f"{name} exists already"
        there = self.catalogue.get(name)
        if there is None or self._is_free(name, there):
            return None
        if not name.replaces:
            return f"{name} exists already"
        return None if there.kind in name.replaces else f"{name} is there, as {_a(there.kind)}"

    def _is_free(self, name: Name, there: _There) -> bool:
        if self.unsure or name.of in self.gone or name in self.parts_gone:
            return True
        if name.part and (self.parts_unsure or name.of in self.loose):
            return True
        return there.owner is not None and (
            self.parts_unsure or there.owner in self.gone or there.owner in self.loose
        )

    def follow(
        self,
        operation: ParsedOperation,
        statement: SyntaxNode,
        new: Iterable[Name],
        facts: CatalogueFacts,
    ) -> None:
        """What is taken and free once the operation has run."""
        effects = operation.effects
        gone = {_bare(target.name) for target in (*effects.drops, *effects.renames)}
        if effects.cascade:
            gone |= {_bare(ObjectName.parse(each.name)) for each in facts.cascaded_from(operation)}
            self.parts_unsure = True
        parts, loose = unmade_by(statement)
        self.gone |= gone
        self.parts_gone |= parts
        self.loose |= loose
        self.unsure = self.unsure or effects.opaque is not None
        self.made = {each for each in self.made if each.of not in gone and each not in parts}
        self.made |= set(new)


def _bare(name: ObjectName) -> ObjectName:
    """A function by its name alone: who drops one overload may make another."""
    return ObjectName(name.schema, name.name)


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _in_catalogue(connection: Connection, names: Iterable[Name]) -> dict[Name, _There]:
    ordered = sorted((name for name in names if name.of.schema), key=str)
    if not ordered:
        return {}
    wanted = [
        {
            "at": at,
            "space": name.space,
            "schema": name.of.schema,
            "name": name.of.name,
            "part": name.part,
            "types": list(name.types),
        }
        for at, name in enumerate(ordered)
    ]
    rows = qualified_rows(connection, SQL["taken"], names=Jsonb(wanted))
    return {
        ordered[at]: _There(kind, ObjectName(schema, table) if schema else None)
        for at, kind, schema, table in rows
    }

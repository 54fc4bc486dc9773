"""What the database and the registry know about the objects that a change names, fetched once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import (
    DependentObject,
    column_users,
    dependents,
    identities,
)
from worker.schema.catalogue.read_side import ReadSide, RegistryDependent
from worker.schema.plan.implied_effects import SchemaContents
from worker.schema.plan.operations import ParsedOperation
from worker.schema.statements.effects import ColumnChange, Target
from worker.schema.statements.names import ObjectName


class CatalogueFacts(NamedTuple):
    """Names, dependents by the catalogue and by the registry, and what schemas contain."""

    identities: dict[str, tuple[str, ...]]
    dependents: dict[str, list[DependentObject]]
    columns: dict[ColumnChange, list[DependentObject]]
    registry_dependents: dict[str, list[RegistryDependent]]
    contents: SchemaContents

    def dependents_of(self, target: Target) -> list[DependentObject]:
        """Everything that depends on an object, by the catalogue."""
        names = self.identities.get(str(target.name), ())
        return [dependent for name in names for dependent in self.dependents.get(name, [])]

    def registry_dependents_of(self, name: ObjectName) -> list[RegistryDependent]:
        """What depends on an object, by the registry."""
        return self.registry_dependents.get(str(name), [])

    def identities_of(self, targets: Iterable[Target]) -> set[str]:
        """What the catalogue calls some objects."""
        return {name for target in targets for name in self.identities.get(str(target.name), ())}

    def direct_users(self, column: ColumnChange) -> list[DependentObject]:
        """What uses a column itself."""
        return self.columns.get(column, [])

    def users(self, column: ColumnChange) -> list[DependentObject]:
        """Direct users of a column, and whatever depends on its table through one of them.

        An attribute of a composite type is used wherever the type is.
        """
        direct = self.direct_users(column)
        names = {user.name for user in direct}
        through = [
            dependent
            for dependent in self.dependents.get(str(column.table), [])
            if dependent.is_computed
            and (column.of_type or names.intersection(dependent.path[1:-1]))
        ]
        return [*direct, *through]

    def cascaded_from(self, operation: ParsedOperation) -> list[DependentObject]:
        """What a CASCADE drops, or drops a foreign key of, beyond what the operation names."""
        effects = operation.effects
        dropped = self.identities_of(effects.drops)
        users = [
            dependent
            for target in effects.drops
            for dependent in self.dependents_of(target)
            if dependent.blocks_drop
        ]
        users += [
            dependent
            for column in effects.columns
            for dependent in (self.direct_users(column) if column.of_type else self.users(column))
        ]
        return [user for user in users if user.name not in dropped]


def look_up(
    connection: Connection,
    operations: Sequence[ParsedOperation],
    read_side: ReadSide,
    contents: SchemaContents,
) -> CatalogueFacts:
    """All that planning these operations needs to know."""
    targets = {
        t
        for operation in operations
        for t in (*operation.effects.changes, *operation.effects.reads)
    }
    inside = {target for found in contents.values() for target in found}
    known = identities(connection, targets | inside)
    changed = {t.name for operation in operations for t in operation.effects.observable}
    by_root: dict[str, list[DependentObject]] = {}
    for schema in sorted({name.schema for name in changed}):
        names = [
            identity
            for name in changed
            if name.schema == schema
            for identity in known.get(str(name), ())
        ]
        for dependent in dependents(connection, schema, names):
            by_root.setdefault(dependent.root, []).append(dependent)
    columns = column_users(
        connection, [c for operation in operations for c in operation.effects.columns]
    )
    return CatalogueFacts(known, by_root, columns, _hanging(read_side, changed, by_root), contents)


def _hanging(
    read_side: ReadSide, changed: Iterable[ObjectName], by_root: dict[str, list[DependentObject]]
) -> dict[str, list[RegistryDependent]]:
    objects = set(changed)
    objects |= {
        ObjectName.parse(each.name)
        for found in by_root.values()
        for each in found
        if each.is_computed
    }
    registered: dict[str, list[RegistryDependent]] = {}
    for dependent in read_side.dependents_of(sorted(objects)):
        registered.setdefault(str(dependent.object), []).append(dependent)
    return registered

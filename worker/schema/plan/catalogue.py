"""What the database and the registry know about the objects that a change names, fetched once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from worker.schema.plan.dependencies import (
    Connection,
    Dependent,
    column_users,
    dependents,
    identities,
)
from worker.schema.plan.implied_effects import Contents
from worker.schema.plan.read_side import Dependant, ReadSide
from worker.schema.plan.reading import ReadOperation
from worker.schema.statements.effects import ColumnChange, Target
from worker.schema.statements.names import ObjectName


class Catalogue(NamedTuple):
    """Who is called what, who depends on whom, what the registry hangs on it, what lies where."""

    identities: dict[str, tuple[str, ...]]
    dependents: dict[str, list[Dependent]]
    columns: dict[ColumnChange, list[Dependent]]
    hanging: dict[str, list[Dependant]]
    contents: Contents

    def on(self, target: Target) -> list[Dependent]:
        """Everything that depends on an object, by the catalogue."""
        names = self.identities.get(str(target.name), ())
        return [each for name in names for each in self.dependents.get(name, [])]

    def hanging_on(self, name: ObjectName) -> list[Dependant]:
        """What the registry hangs on an object."""
        return self.hanging.get(str(name), [])

    def identities_of(self, targets: Iterable[Target]) -> set[str]:
        """What the catalogue calls some objects."""
        return {name for each in targets for name in self.identities.get(str(each.name), ())}

    def direct_users(self, column: ColumnChange) -> list[Dependent]:
        """What uses a column itself."""
        return self.columns.get(column, [])

    def users(self, column: ColumnChange) -> list[Dependent]:
        """Direct users of a column, and whatever depends on its table through one of them.

        An attribute of a composite type is used wherever the type is.
        """
        direct = self.direct_users(column)
        names = {each.name for each in direct}
        through = [
            each
            for each in self.dependents.get(str(column.table), [])
            if each.is_computed and (column.of_type or names.intersection(each.path[1:-1]))
        ]
        return [*direct, *through]

    def taken_along(self, operation: ReadOperation) -> list[Dependent]:
        """What a CASCADE drops, or drops a foreign key of, beyond what the operation names."""
        effects = operation.effects
        dropped = self.identities_of(effects.drops)
        users = [each for target in effects.drops for each in self.on(target) if each.blocks_drop]
        users += [
            each
            for column in effects.columns
            for each in (self.direct_users(column) if column.of_type else self.users(column))
        ]
        return [each for each in users if each.name not in dropped]


def look_up(
    connection: Connection,
    operations: Sequence[ReadOperation],
    read_side: ReadSide,
    contents: Contents,
) -> Catalogue:
    """All that planning these operations needs to know."""
    targets = {t for each in operations for t in (*each.effects.changes, *each.effects.reads)}
    inside = {target for found in contents.values() for target in found}
    known = identities(connection, targets | inside)
    changed = {t.name for each in operations for t in each.effects.noticed}
    by_root: dict[str, list[Dependent]] = {}
    for schema in sorted({name.schema for name in changed}):
        names = [
            identity
            for name in changed
            if name.schema == schema
            for identity in known.get(str(name), ())
        ]
        for each in dependents(connection, schema, names):
            by_root.setdefault(each.root, []).append(each)
    columns = column_users(connection, [c for each in operations for c in each.effects.columns])
    return Catalogue(known, by_root, columns, _hanging(read_side, changed, by_root), contents)


def _hanging(
    read_side: ReadSide, changed: Iterable[ObjectName], by_root: dict[str, list[Dependent]]
) -> dict[str, list[Dependant]]:
    objects = set(changed)
    objects |= {
        ObjectName.parse(each.name)
        for found in by_root.values()
        for each in found
        if each.is_computed
    }
    found: dict[str, list[Dependant]] = {}
    for dependant in read_side.dependants_of(sorted(objects)):
        found.setdefault(str(dependant.object), []).append(dependant)
    return found

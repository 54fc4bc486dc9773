"""The second half of planning: the change held against the catalogue, the registry, the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from worker.schema.change import Change
from worker.schema.dependencies import (
    Connection,
    Dependent,
    column_users,
    dependents,
    identities,
)
from worker.schema.follow_up import follow_up_of
from worker.schema.locks import locks_of
from worker.schema.names import ObjectName
from worker.schema.plan import Blocked, Plan
from worker.schema.read_side import Dependant, ReadSide
from worker.schema.reading import USUAL, ReadOperation, Schemas, read
from worker.schema.statements.effects import ColumnChange, Target, Touch
from worker.schema.succession import version_problem


class Catalogue(NamedTuple):
    """What the database knows about the objects that a change names, fetched once."""

    identities: dict[str, tuple[str, ...]]
    dependents: dict[str, list[Dependent]]
    columns: dict[ColumnChange, list[Dependent]]
    hanging: dict[str, list[Dependant]]

    def on(self, target: Target) -> list[Dependent]:
        """Everything that depends on an object, by the catalogue."""
        names = self.identities.get(str(target.name), ())
        return [each for name in names for each in self.dependents.get(name, [])]


def plan(
    connection: Connection, change: Change, read_side: ReadSide, schemas: Schemas = USUAL
) -> Plan:
    """What a change will do. Raises InvalidChange when its words alone forbid it."""
    found = plan_operations(connection, read(change, schemas), read_side, schemas)
    problem = version_problem(connection, change.version, found.breaking)
    return replace(found, version=change.version, version_problem=problem)


def plan_operations(
    connection: Connection,
    operations: Sequence[ReadOperation],
    read_side: ReadSide,
    schemas: Schemas = USUAL,
) -> Plan:
    """What operations that have been read already will do, without a look at the version."""
    catalogue = _look_up(connection, operations, read_side)
    return Plan(
        tuple(operations),
        locks=locks_of(connection, operations, _cascaded(operations, catalogue)),
        dependents=tuple(_affected(operations, catalogue)),
        hanging=tuple(sorted({d for found in catalogue.hanging.values() for d in found})),
        breaking=tuple(_breaking(operations, catalogue, schemas)),
        blocked=tuple(_blocked(operations, catalogue)),
        notes=tuple(_notes(operations, catalogue)),
        follow_up=follow_up_of(operations, catalogue.on, catalogue.hanging),
    )


def _look_up(
    connection: Connection, operations: Sequence[ReadOperation], read_side: ReadSide
) -> Catalogue:
    targets = {t for each in operations for t in (*each.effects.changes, *each.effects.reads)}
    known = identities(connection, targets)
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
    return Catalogue(known, by_root, columns, _hanging(read_side, changed, by_root))


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


def _affected(operations: Sequence[ReadOperation], catalogue: Catalogue) -> list[Dependent]:
    found: dict[Dependent, None] = {}
    for each in operations:
        for target in each.effects.noticed:
            found.update(dict.fromkeys(catalogue.on(target)))
    return list(found)


def _breaking(
    operations: Sequence[ReadOperation], catalogue: Catalogue, schemas: Schemas
) -> Iterator[str]:
    """Reasons for a major version: something goes or changes type that the query side uses."""
    for each in operations:
        for target in each.effects.drops:
            users = _query_side(catalogue.on(target), schemas)
            users += [str(d) for d in catalogue.hanging.get(str(target.name), [])]
            if users:
                yield f"drops {target}, used by {', '.join(users)}"
        for column in each.effects.columns:
            users = _query_side(_column_dependents(column, catalogue), schemas)
            users += [str(d) for d in catalogue.hanging.get(str(column.table), [])]
            if users:
                yield f"{column}, used by {', '.join(users)}"


def _column_dependents(column: ColumnChange, catalogue: Catalogue) -> list[Dependent]:
    """Direct users of a column, and whatever depends on its table through one of them."""
    direct = catalogue.columns.get(column, [])
    names = {each.name for each in direct}
    through = [
        each
        for each in catalogue.dependents.get(str(column.table), [])
        if names.intersection(each.path[1:-1]) and each.is_computed
    ]
    return [*direct, *through]


def _query_side(found: Iterable[Dependent], schemas: Schemas) -> list[str]:
    return list(
        dict.fromkeys(
            each.name
            for each in found
            if each.schema == schemas.query and (each.is_computed or len(each.links) == 1)
        )
    )


def _blocked(operations: Sequence[ReadOperation], catalogue: Catalogue) -> Iterator[Blocked]:
    """What PostgreSQL will refuse: others use what is dropped or retyped.

    Dependents that the change itself drops or changes beforehand are given the benefit of the
    doubt: they may have let go.
    """
    changed: set[str] = set()
    for each in operations:
        effects = each.effects
        changed |= _identities(effects.drops, catalogue)
        for target in () if effects.cascade else effects.drops:
            users = [user for user in catalogue.on(target) if user.blocks_drop]
            yield from _in_the_way(each.number, f"cannot drop {target}", users, changed)
        for column in effects.columns:
            users = _users_in_the_way(column, effects.cascade, catalogue)
            yield from _in_the_way(each.number, f"the operation {column}", users, changed)
        changed |= _identities((*effects.alters, *effects.touches), catalogue)


def _identities(targets: Iterable[Target], catalogue: Catalogue) -> set[str]:
    return {name for target in targets for name in catalogue.identities.get(str(target.name), ())}


_HOLD_A_TYPE = frozenset(
    {"view", "materialized view", "rule", "function", "policy", "trigger", "generated column"}
)


def _users_in_the_way(column: ColumnChange, cascade: bool, catalogue: Catalogue) -> list[Dependent]:
    """A retype is refused while views and the like use the column; a drop, unless it cascades."""
    if column.touch is Touch.RENAME or (column.touch is Touch.DROP and cascade):
        return []
    users = _column_dependents(column, catalogue)
    if column.touch is Touch.DROP:
        return users
    return [each for each in users if _HOLD_A_TYPE.intersection(each.links)]


def _in_the_way(
    number: int, what: str, found: Iterable[Dependent], changed: set[str]
) -> Iterator[Blocked]:
    names = tuple(
        dict.fromkeys(
            f"{each.kind} {each.name}" for each in found if not changed.intersection(each.path[1:])
        )
    )
    if names:
        yield Blocked(number, what, names)


def _notes(operations: Sequence[ReadOperation], catalogue: Catalogue) -> Iterator[str]:
    made: set[str] = set()
    for each in operations:
        effects = each.effects
        if effects.opaque:
            yield f"operation {each.number}: {effects.opaque}"
        if effects.cascade:
            yield from _cascade_notes(each, catalogue)
        for target in (*effects.alters, *effects.drops, *effects.writes):
            known = str(target.name) in catalogue.identities or str(target.name) in made
            replaces = "OR REPLACE" in effects.statement
            if not known and not replaces and target.kind in _LISTED:
                yield f"operation {each.number}: there is no {target}"
        made.update(str(target.name) for target in (*effects.creates, *effects.alters))


_LISTED = ("table", "view", "materialized view", "function", "procedure", "sequence", "domain")


def _cascade_notes(operation: ReadOperation, catalogue: Catalogue) -> Iterator[str]:
    taken = _taken_along(operation, catalogue)
    if taken:
        names = ", ".join(dict.fromkeys(f"{each.kind} {each.name}" for each in taken))
        yield f"operation {operation.number}: CASCADE takes along what it must of {names}"


def _taken_along(operation: ReadOperation, catalogue: Catalogue) -> list[Dependent]:
    """What a CASCADE drops, or drops a foreign key of."""
    effects = operation.effects
    dropped = [each for target in effects.drops for each in catalogue.on(target)]
    columns = [each for column in effects.columns for each in _column_dependents(column, catalogue)]
    return [*(each for each in dropped if each.blocks_drop), *columns]


def _cascaded(operations: Sequence[ReadOperation], catalogue: Catalogue) -> list[ObjectName]:
    """Relations that a CASCADE locks."""
    return [
        ObjectName.parse(dependent.name)
        for each in operations
        if each.effects.cascade
        for dependent in _taken_along(each, catalogue)
        if "(" not in dependent.name
    ]

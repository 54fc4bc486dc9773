"""The second half of planning: the change held against the catalogue, the registry, the history.

operations ──expansion──> all that they do here ──impossible──> refused, or a plan of
locks, dependents, reasons for a new major version, obstacles, notes, what the read side is owed
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from worker.schema.change.change import Change
from worker.schema.errors import InvalidChange
from worker.schema.plan.blockers import obstacles
from worker.schema.plan.catalogue import Catalogue, look_up
from worker.schema.plan.dependencies import Connection, Dependent
from worker.schema.plan.follow_up import follow_up_of
from worker.schema.plan.implied_effects import contents_of, expanded
from worker.schema.plan.impossible import impossible
from worker.schema.plan.locks import locks_of
from worker.schema.plan.plan import Plan
from worker.schema.plan.read_side import ReadSide
from worker.schema.plan.reading import USUAL, ReadOperation, Schemas, read
from worker.schema.plan.version_order import version_problem
from worker.schema.statements.effects import Target
from worker.schema.statements.names import ObjectName


def plan(
    connection: Connection, change: Change, read_side: ReadSide, schemas: Schemas = USUAL
) -> Plan:
    """What a change will do. Raises InvalidChange when its words alone forbid it.

    A projection's columns are its code's: a release that declares a new version of one has it
    rebuilt by the release's changeset, which need not name the table behind its view.
    """
    found = plan_operations(connection, read(change, schemas), read_side, schemas)
    problem = version_problem(connection, change.version, found.breaking)
    outdated = read_side.outdated()
    return replace(
        found,
        version=change.version,
        version_problem=problem,
        notes=(*found.notes, *map(_OUTDATED.format, outdated)),
        follow_up=found.follow_up.and_rebuild(outdated),
    )


_OUTDATED = "projection {}: its code declares a version that is not live yet; it is rebuilt"


def plan_operations(
    connection: Connection,
    operations: Sequence[ReadOperation],
    read_side: ReadSide,
    schemas: Schemas = USUAL,
) -> Plan:
    """What operations that have been read already will do, without a look at the version.

    Raises InvalidChange for what cannot be done in this database, or may not.
    """
    contents = contents_of(connection, operations)
    whole = expanded(connection, operations, contents)
    if problems := list(impossible(connection, operations, whole, schemas)):
        raise InvalidChange(problems)
    catalogue = look_up(connection, whole, read_side, contents)
    return Plan(
        tuple(whole),
        locks=locks_of(connection, whole, _cascaded(whole, catalogue)),
        dependents=tuple(_affected(whole, catalogue)),
        hanging=tuple(sorted({d for found in catalogue.hanging.values() for d in found})),
        breaking=tuple(_breaking(whole, catalogue, schemas)),
        blocked=tuple(obstacles(whole, catalogue)),
        notes=tuple(_notes(whole, catalogue)),
        follow_up=follow_up_of(whole, catalogue.on, catalogue.hanging),
    )


def _affected(operations: Sequence[ReadOperation], catalogue: Catalogue) -> list[Dependent]:
    found: dict[Dependent, None] = {}
    for each in operations:
        for target in each.effects.noticed:
            found.update(dict.fromkeys(catalogue.on(target)))
    return list(found)


def _breaking(
    operations: Sequence[ReadOperation], catalogue: Catalogue, schemas: Schemas
) -> Iterator[str]:
    """Reasons for a major version: something that the query side uses goes or changes its type.

    Views follow an object that gets another name; what the registry hangs on the old one does not.
    """
    for each in operations:
        for target in each.effects.drops:
            used_by = _query_side(catalogue.on(target), schemas)
            yield from _reason(f"drops {target}", used_by, target.name, catalogue)
        for column in each.effects.columns:
            used_by = _query_side(catalogue.users(column), schemas)
            yield from _reason(str(column), used_by, column.table, catalogue)
        for target in each.effects.renames:
            yield from _reason(f"takes its name from {target}", [], target.name, catalogue)


def _reason(what: str, used_by: list[str], name: ObjectName, catalogue: Catalogue) -> Iterator[str]:
    users = [*used_by, *map(str, catalogue.hanging_on(name))]
    if users:
        yield f"{what}, used by {', '.join(users)}"


def _query_side(found: Iterable[Dependent], schemas: Schemas) -> list[str]:
    return list(
        dict.fromkeys(
            each.name
            for each in found
            if each.schema == schemas.query and (each.is_computed or len(each.links) == 1)
        )
    )


def _notes(operations: Sequence[ReadOperation], catalogue: Catalogue) -> Iterator[str]:
    made: set[str] = set()
    for each in operations:
        effects = each.effects
        if effects.opaque:
            yield f"operation {each.number}: {effects.opaque}"
        if effects.cascade:
            yield from _cascade_notes(each, catalogue)
        for target in (*effects.alters, *effects.drops, *effects.writes):
            known = str(target.name) in catalogue.identities or _is_among(target, made)
            replaces = "OR REPLACE" in effects.statement
            if not known and not replaces and target.kind in _LISTED:
                yield f"operation {each.number}: there is no {target}"
        named = (*effects.creates, *effects.becomes, *effects.alters)
        made.update(str(target.name) for target in named)


def _is_among(target: Target, made: set[str]) -> bool:
    """A function may be named without its arguments."""
    name = str(target.name)
    return name in made or (
        target.types is None and any(each.startswith(f"{name}(") for each in made)
    )


_LISTED = ("table", "view", "materialized view", "function", "procedure", "sequence", "domain")


def _cascade_notes(operation: ReadOperation, catalogue: Catalogue) -> Iterator[str]:
    if taken := catalogue.taken_along(operation):
        names = ", ".join(dict.fromkeys(f"{each.kind} {each.name}" for each in taken))
        yield f"operation {operation.number}: CASCADE takes along what it must of {names}"


def _cascaded(operations: Sequence[ReadOperation], catalogue: Catalogue) -> list[ObjectName]:
    """Relations that a CASCADE locks."""
    return [
        ObjectName.parse(dependent.name)
        for each in operations
        if each.effects.cascade
        for dependent in catalogue.taken_along(each)
        if "(" not in dependent.name
    ]

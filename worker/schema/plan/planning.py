"""The second half of planning: the change held against the catalogue, the registry, the history.

operations ──implied effects──> all that they do here ──impossible──> refused, or a plan of
locks, dependents, reasons for a new major version, blockers, notes, and the follow-up
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import DependentObject
from worker.schema.catalogue.read_side import ReadSide
from worker.schema.change.change import DEFAULT_SCHEMAS, SchemaChange, Schemas
from worker.schema.change.versions import Version
from worker.schema.errors import InvalidChange
from worker.schema.plan import SQL
from worker.schema.plan.blockers import blockers
from worker.schema.plan.facts import CatalogueFacts, look_up
from worker.schema.plan.follow_up import follow_up_of
from worker.schema.plan.implied_effects import contents_of, with_implied_effects
from worker.schema.plan.impossible import impossible
from worker.schema.plan.locks import locks_of
from worker.schema.plan.operations import ParsedOperation, read_operations
from worker.schema.plan.plan import SchemaPlan
from worker.schema.plan.replaced_views import replaced_views
from worker.schema.plan.taken_names import taken_names
from worker.schema.statements.effects import Target
from worker.schema.statements.names import ObjectName


def plan(
    connection: Connection,
    change: SchemaChange,
    read_side: ReadSide,
    schemas: Schemas = DEFAULT_SCHEMAS,
) -> SchemaPlan:
    """What a change will do. Raises InvalidChange when its words alone forbid it.

    A projection's columns are its code's: a release that declares a new version of one has it
    rebuilt by the release's changeset, which need not name the table behind its view.
    """
    planned = plan_operations(connection, read_operations(change, schemas), read_side, schemas)
    problem = version_problem(connection, change.version, planned.breaking)
    outdated = tuple(read_side.outdated())
    return replace(
        planned,
        version=change.version,
        version_problem=problem,
        notes=(*planned.notes, *map(_OUTDATED.format, outdated)),
        follow_up=planned.follow_up.and_rebuild(outdated),
        outdated=outdated,
    )


_OUTDATED = "projection {}: its code declares a version that is not live yet; it is rebuilt"


def plan_operations(
    connection: Connection,
    operations: Sequence[ParsedOperation],
    read_side: ReadSide,
    schemas: Schemas = DEFAULT_SCHEMAS,
) -> SchemaPlan:
    """What operations that have been read already will do, without a look at the version.

    Raises InvalidChange for what cannot be done in this database, or may not.
    """
    contents = contents_of(connection, operations)
    whole = with_implied_effects(connection, operations, contents)
    if problems := list(impossible(connection, operations, whole, schemas)):
        raise InvalidChange(problems)
    facts = look_up(connection, whole, read_side, contents)
    return SchemaPlan(
        tuple(whole),
        locks=locks_of(connection, whole, _cascaded(whole, facts)),
        dependents=tuple(_affected(whole, facts)),
        registry_dependents=tuple(
            sorted({d for found in facts.registry_dependents.values() for d in found})
        ),
        breaking=tuple(_breaking(whole, facts, schemas)),
        blockers=(
            *taken_names(connection, whole, facts),
            *blockers(whole, facts),
            *replaced_views(connection, whole),
        ),
        notes=tuple(_notes(whole, facts)),
        follow_up=follow_up_of(whole, facts.dependents_of, facts.registry_dependents),
    )


def _affected(
    operations: Sequence[ParsedOperation], facts: CatalogueFacts
) -> list[DependentObject]:
    affected: dict[DependentObject, None] = {}
    for operation in operations:
        for target in operation.effects.observable:
            affected.update(dict.fromkeys(facts.dependents_of(target)))
    return list(affected)


def _breaking(
    operations: Sequence[ParsedOperation], facts: CatalogueFacts, schemas: Schemas
) -> Iterator[str]:
    """Reasons for a major version: something that the query side uses goes or changes its type.

    Views follow an object that is renamed; what depends on it by the registry does not.
    """
    for operation in operations:
        for target in operation.effects.drops:
            used_by = _query_side(facts.dependents_of(target), schemas)
            yield from _reason(f"drops {target}", used_by, target.name, facts)
        for column in operation.effects.columns:
            used_by = _query_side(facts.users(column), schemas)
            yield from _reason(str(column), used_by, column.table, facts)
        for target in operation.effects.renames:
            yield from _reason(f"takes its name from {target}", [], target.name, facts)


def _reason(
    what: str, used_by: list[str], name: ObjectName, facts: CatalogueFacts
) -> Iterator[str]:
    users = [*used_by, *map(str, facts.registry_dependents_of(name))]
    if users:
        yield f"{what}, used by {', '.join(users)}"


def _query_side(dependents: Iterable[DependentObject], schemas: Schemas) -> list[str]:
    return list(
        dict.fromkeys(
            dependent.name
            for dependent in dependents
            if dependent.schema == schemas.query
            and (dependent.is_computed or len(dependent.links) == 1)
        )
    )


def _notes(operations: Sequence[ParsedOperation], facts: CatalogueFacts) -> Iterator[str]:
    made: set[str] = set()
    for operation in operations:
        effects = operation.effects
        if effects.opaque:
            yield f"operation {operation.number}: {effects.opaque}"
        if effects.cascade:
            yield from _cascade_notes(operation, facts)
        for target in (*effects.alters, *effects.drops, *effects.writes):
            known = str(target.name) in facts.identities or _is_among(target, made)
            replaces = "OR REPLACE" in effects.statement
            if not known and not replaces and target.kind in _LISTED:
                yield f"operation {operation.number}: there is no {target}"
        named = (*effects.creates, *effects.becomes, *effects.alters)
        made.update(str(target.name) for target in named)


def _is_among(target: Target, made: set[str]) -> bool:
    """A function may be named without its arguments."""
    name = str(target.name)
    return name in made or (
        target.types is None and any(each.startswith(f"{name}(") for each in made)
    )


_LISTED = ("table", "view", "materialized view", "function", "procedure", "sequence", "domain")


def _cascade_notes(operation: ParsedOperation, facts: CatalogueFacts) -> Iterator[str]:
    if taken := facts.cascaded_from(operation):
        names = ", ".join(dict.fromkeys(f"{each.kind} {each.name}" for each in taken))
        yield f"operation {operation.number}: CASCADE takes along what it must of {names}"


def _cascaded(operations: Sequence[ParsedOperation], facts: CatalogueFacts) -> list[ObjectName]:
    """Relations that a CASCADE locks."""
    return [
        ObjectName.parse(dependent.name)
        for operation in operations
        if operation.effects.cascade
        for dependent in facts.cascaded_from(operation)
        if "(" not in dependent.name
    ]


def newest_completed(connection: Connection) -> Version | None:
    """The highest version among the completed changesets; None when there is none."""
    rows = connection.execute(SQL["completed_versions"])
    return max((Version.parse(version) for (version,) in rows), default=None)


def version_problem(
    connection: Connection, version: Version, breaking: Sequence[str]
) -> str | None:
    """Why a version cannot follow the newest completed one, or None."""
    newest = newest_completed(connection)
    return None if newest is None else problem_after(newest, version, breaking)


def problem_after(newest: Version, version: Version, breaking: Sequence[str]) -> str | None:
    """Why `version` cannot follow `newest`: not higher, or no new major where it breaks things."""
    if version <= newest:
        return f"version {version} does not follow {newest}, the newest completed one"
    if breaking and version.major <= newest.major:
        reasons = "; ".join(breaking)
        return f"a new major version is needed, {newest.major + 1}.0.0, because it {reasons}"
    return None

"""The follow-up of a change that is planned: which rebuilds, refreshes and purges it may make due.

An estimate, by the words and the catalogue: of triggers, rules and programs it knows nothing, nor
of views that the change makes itself. What a change owes that was made is in `observed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from worker.schema.catalogue.dependencies import DependentObject
from worker.schema.catalogue.read_side import RegistryDependent, RegistryDependentKind
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Target
from worker.schema.statements.names import ObjectName

DependentsOf = Callable[[Target], list[DependentObject]]
RegistryDependents = dict[str, list[RegistryDependent]]


def follow_up_of(
    operations: Sequence[ParsedOperation],
    dependents_of: DependentsOf,
    registered: RegistryDependents,
) -> FollowUp:
    """Projections whose tables change are rebuilt; materialized views over rows that change are
    refreshed, those that the change itself refreshes excepted; tags of all that are purged."""
    observable = [t for operation in operations for t in operation.effects.observable]
    affected = [*observable, *(t for t in _computed(observable, dependents_of))]
    return FollowUp(
        rebuilds=_names(registered, (t.name for t in observable), RegistryDependentKind.PROJECTION),
        refreshes=_stale(operations, dependents_of, registered),
        purges=_names(registered, (t.name for t in affected), RegistryDependentKind.CACHE_TAG),
    )


def _names(
    registered: RegistryDependents, objects: Iterable[ObjectName], kind: RegistryDependentKind
) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            dependant.name
            for name in objects
            for dependant in registered.get(str(name), [])
            if dependant.kind is kind
        )
    )


def _computed(targets: Iterable[Target], dependents_of: DependentsOf) -> Iterator[Target]:
    for target in targets:
        for dependent in dependents_of(target):
            if dependent.is_computed:
                yield Target(dependent.kind, ObjectName.parse(dependent.name))


def _stale(
    operations: Sequence[ParsedOperation],
    dependents_of: DependentsOf,
    registered: RegistryDependents,
) -> tuple[ObjectName, ...]:
    """Materialized views over what is written, filled or rebuilt, and those left without data."""
    changed: list[Target] = []
    left_fresh: set[ObjectName] = set()
    stale: dict[ObjectName, None] = {}
    for operation in operations:
        effects = operation.effects
        changed += (*effects.writes, *effects.contents, *effects.refreshes)
        changed += (t for t in effects.observable if _is_rebuilt(t, registered))
        left_fresh |= {target.name for target in (*effects.refreshes, *effects.drops)}
        stale |= dict.fromkeys(effects.unpopulated)
    above = _computed(changed, dependents_of)
    views = (target.name for target in above if target.kind == "materialized view")
    return tuple(dict.fromkeys((*(name for name in views if name not in left_fresh), *stale)))


def _is_rebuilt(target: Target, registered: RegistryDependents) -> bool:
    return bool(_names(registered, [target.name], RegistryDependentKind.PROJECTION))

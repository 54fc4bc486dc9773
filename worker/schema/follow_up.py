"""What the read side owes after a change: exactly these rebuilds, refreshes and purges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from worker.schema.dependencies import Dependent
from worker.schema.names import ObjectName
from worker.schema.plan import FollowUp
from worker.schema.read_side import Dependant, DependantKind
from worker.schema.reading import ReadOperation
from worker.schema.statements.effects import Target

DependentsOf = Callable[[Target], list[Dependent]]
Hanging = dict[str, list[Dependant]]


def follow_up_of(
    operations: Sequence[ReadOperation], dependents_of: DependentsOf, hanging: Hanging
) -> FollowUp:
    """Projections whose tables changed are rebuilt; materialized views over rows that changed are
    refreshed, those that the change itself left fresh excepted; tags of all that are purged."""
    noticed = [t for each in operations for t in each.effects.noticed]
    rebuilds = _names(hanging, (t.name for t in noticed), DependantKind.PROJECTION)
    shown = list(dict.fromkeys(_showing_other_rows(operations, hanging)))
    affected = [*noticed, *(t for t in _computed(noticed, dependents_of))]
    return FollowUp(
        rebuilds=rebuilds,
        refreshes=tuple(_stale(operations, shown, dependents_of)),
        purges=_names(hanging, (t.name for t in affected), DependantKind.CACHE_TAG),
    )


def _names(hanging: Hanging, objects: Iterable[ObjectName], kind: DependantKind) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            dependant.name
            for name in objects
            for dependant in hanging.get(str(name), [])
            if dependant.kind is kind
        )
    )


def _showing_other_rows(operations: Sequence[ReadOperation], hanging: Hanging) -> Iterator[Target]:
    """Objects that were written, are computed otherwise, or are about to be rebuilt."""
    for each in operations:
        effects = each.effects
        yield from (*effects.writes, *effects.contents, *effects.refreshes)
        for target in effects.noticed:
            if _names(hanging, [target.name], DependantKind.PROJECTION):
                yield target


def _computed(targets: Iterable[Target], dependents_of: DependentsOf) -> Iterator[Target]:
    for target in targets:
        for each in dependents_of(target):
            if each.is_computed:
                yield Target(each.kind, ObjectName.parse(each.name))


def _stale(
    operations: Sequence[ReadOperation], shown: Sequence[Target], dependents_of: DependentsOf
) -> Iterator[ObjectName]:
    """Materialized views that are behind once the change is done."""
    gone = {t.name for each in operations for t in each.effects.drops}
    fresh = {t.name for each in operations for t in each.effects.refreshes}
    empty = {name: None for each in operations for name in each.effects.empty}
    views = {
        t.name: None
        for t in _computed(shown, dependents_of)
        if t.kind == "materialized view" and t.name not in fresh
    }
    yield from (name for name in (views | empty) if name not in gone)

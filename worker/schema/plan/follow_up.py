"""The follow-up of a change: exactly those rebuilds, refreshes and purges that it makes due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from worker.schema.catalogue.dependencies import DependentObject
from worker.schema.catalogue.read_side import RegistryDependent, RegistryDependentKind
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Effects, Target
from worker.schema.statements.names import ObjectName

DependentsOf = Callable[[Target], list[DependentObject]]
RegistryDependents = dict[str, list[RegistryDependent]]


def follow_up_of(
    operations: Sequence[ParsedOperation],
    dependents_of: DependentsOf,
    registered: RegistryDependents,
) -> FollowUp:
    """Projections whose tables changed are rebuilt; materialized views over rows that changed are
    refreshed, those that the change itself left fresh excepted; tags of all that are purged."""
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
    """Materialized views that are stale once the change is done and its projections are rebuilt."""
    views = _Views(dependents_of)
    rebuilt: list[Target] = []
    for operation in operations:
        views.follow(operation.effects)
        rebuilt += [
            target
            for target in operation.effects.observable
            if _names(registered, [target.name], RegistryDependentKind.PROJECTION)
        ]
    views.show_other_rows(rebuilt)
    return tuple(views.stale)


@dataclass
class _Views:
    """Which materialized views are behind, operation by operation.

    `made` are views and functions of the change's own, with what they read: the catalogue does not
    know them yet. What is `gone` it knows still, and renamed objects by what they were `formerly`.
    """

    dependents_of: DependentsOf
    stale: dict[ObjectName, None] = field(default_factory=dict)
    made: dict[Target, frozenset[ObjectName]] = field(default_factory=dict)
    gone: set[ObjectName] = field(default_factory=set)
    formerly: dict[ObjectName, ObjectName] = field(default_factory=dict)

    def follow(self, effects: Effects) -> None:
        """One operation further."""
        self.show_other_rows((*effects.writes, *effects.contents, *effects.refreshes))
        for target in effects.refreshes:
            self.stale.pop(target.name, None)
        self._drop(effects)
        for old, new in zip(effects.renames, effects.becomes, strict=True):
            self._rename(old.name, new.name)
        for target in (*effects.creates, *effects.contents):
            if target.kind in _READING:
                self.made[_bare(target)] = frozenset(_bare(read).name for read in effects.reads)
        self.stale |= dict.fromkeys(effects.unpopulated)

    def show_other_rows(self, targets: Iterable[Target]) -> None:
        """What is computed from these is behind."""
        seen, ahead = set(targets), list(targets)
        while ahead:
            new = [view for view in self._above(ahead.pop(0)) if view not in seen]
            seen.update(new)
            ahead.extend(new)
            self.stale |= {view.name: None for view in new if view.kind == "materialized view"}

    def _above(self, target: Target) -> Iterator[Target]:
        """What is computed from an object, by the catalogue and by what the change makes."""
        called = {old: new for new, old in self.formerly.items()}
        unknown = self.gone | {made.name for made in self.made}
        known_as = replace(target, name=self.formerly.get(target.name, target.name))
        for target_above in _computed([known_as], self.dependents_of):
            name = called.get(target_above.name, target_above.name)
            if name not in unknown:
                yield replace(target_above, name=name)
        yield from (made for made, reads in self.made.items() if _bare(target).name in reads)

    def _drop(self, effects: Effects) -> None:
        """With CASCADE, what is computed from it goes too."""
        users = _computed(effects.drops, self.dependents_of) if effects.cascade else ()
        names = {_bare(target).name for target in (*effects.drops, *users)}
        self.gone |= names
        self.made = {made: reads for made, reads in self.made.items() if made.name not in names}
        self.stale = {name: None for name in self.stale if name not in names}

    def _rename(self, old: ObjectName, new: ObjectName) -> None:
        self.formerly[new] = self.formerly.pop(old, old)
        if old in self.stale:
            del self.stale[old]
            self.stale[new] = None


_READING = ("view", "materialized view", "function")


def _bare(target: Target) -> Target:
    """Without the arguments of a function: a call does not show which overload it is of."""
    return Target(target.kind, replace(target.name, arguments=""))

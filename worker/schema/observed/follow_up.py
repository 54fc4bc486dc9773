"""The follow-up of a change that was made: what it left behind, by what the server says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.base.db import Connection
from worker.schema.catalogue.read_side import ReadSide, RegistryDependentKind
from worker.schema.observed.difference import difference
from worker.schema.observed.snapshot import Snapshot, locks_taken
from worker.schema.observed.stale import Readers
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Lock


@dataclass(frozen=True, slots=True)
class Observed:
    """What a transaction owes the read side, and the locks that it took on what stood before."""

    follow_up: FollowUp
    locks: tuple[Lock, ...] = ()


def observe(
    connection: Connection,
    before: Snapshot,
    after: Snapshot,
    read_side: ReadSide,
    outdated: Iterable[str] = (),
) -> Observed:
    """Compare two snapshots; `after` was taken just now, before COMMIT.

    Projections whose tables changed are rebuilt, and the `outdated` ones; materialized views over
    what changed, or will when those are rebuilt, are refreshed; tags of all that are purged.
    """
    readers = Readers(before, after, difference(connection, before, after))
    changed = readers.changed()
    dependents = read_side.dependents_of(sorted(readers.touched()))
    rebuilt = [
        dependent
        for dependent in dependents
        if dependent.kind is RegistryDependentKind.PROJECTION and dependent.object in changed
    ]
    stale = readers.with_other_rows(dependent.object for dependent in rebuilt).stale()
    follow_up = FollowUp(
        rebuilds=_once(dependent.name for dependent in rebuilt),
        refreshes=tuple(stale),
        purges=_once(
            dependent.name
            for dependent in dependents
            if dependent.kind is RegistryDependentKind.CACHE_TAG
        ),
    )
    return Observed(follow_up.and_rebuild(outdated), locks_taken(after, before))


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))

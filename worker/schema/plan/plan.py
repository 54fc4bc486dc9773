"""What a changeset will do, in full, before it does anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from worker.schema.catalogue.dependencies import DependentObject
from worker.schema.catalogue.read_side import RegistryDependent
from worker.schema.change.versions import Version
from worker.schema.plan.operations import ParsedOperation
from worker.schema.statements.effects import Lock, NonTransactional
from worker.schema.statements.names import ObjectName


@dataclass(frozen=True, slots=True)
class Blocker:
    """An operation that PostgreSQL will refuse, because others use what it drops or retypes, or (no
    dependents) because what it makes is there already.

    `way_out` says how the change can be made all the same, where that is not plain.
    """

    number: int
    what: str
    dependents: tuple[str, ...]
    way_out: str = ""

    def __str__(self) -> str:
        if not self.dependents:
            return f"{self.what}. {self.way_out}" if self.way_out else self.what
        users = f"{self.what}: used by {', '.join(self.dependents)}"
        return f"{users}. {self.way_out}" if self.way_out else users


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What the read side has to do after a change: the outbox entry of a changeset."""

    rebuilds: tuple[str, ...] = ()
    refreshes: tuple[ObjectName, ...] = ()
    purges: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rebuilds or self.refreshes or self.purges)

    def and_rebuild(self, projections: Iterable[str]) -> FollowUp:
        """The same, and rebuilds of these projections."""
        return replace(self, rebuilds=tuple(dict.fromkeys((*self.rebuilds, *projections))))


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """A change, read and held against the database as it is.

    `locks` are the strongest ones on each relation that exists already; `dependents` are what the
    catalogue says depends on what is changed, `registry_dependents` what the registry says;
    `breaking` are the reasons for a major version; `blockers` what PostgreSQL will refuse; `notes`
    what is worth knowing and stops nothing; `version_problem` why this version cannot follow the
    newest one. `outdated` are projections that this code declares a newer version of. `follow_up`
    is an estimate, by the words and the catalogue: what triggers, rules or programs do, the server
    says when it is done (`observed`).
    """

    operations: tuple[ParsedOperation, ...]
    locks: tuple[Lock, ...] = ()
    dependents: tuple[DependentObject, ...] = ()
    registry_dependents: tuple[RegistryDependent, ...] = ()
    breaking: tuple[str, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()
    follow_up: FollowUp = FollowUp()
    outdated: tuple[str, ...] = ()
    version: Version | None = None
    version_problem: str | None = None

    @property
    def step(self) -> NonTransactional | None:
        """Set when the change is one step outside a transaction."""
        return self.operations[0].effects.step if len(self.operations) == 1 else None

    @property
    def is_possible(self) -> bool:
        """Whether nothing is known that stops it."""
        return not self.blockers and self.version_problem is None

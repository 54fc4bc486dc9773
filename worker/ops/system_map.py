"""`cqrs map`: what the domains declare, and what follows from what. It needs no server.

command ─▶ its events ─▶ who reads those ─▶ which queries ask them
query   ─▶ what it reads, what asking costs, whether answers are kept
event   ─▶ the queries that a rule says it changes, the views that it has refreshed
time    ─▶ the schedule
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker.base.errors import BadDeclarations
from worker.base.registry import load_domains
from worker.commands.decoding import commands
from worker.event_log.sources import Question, queries
from worker.event_log.subscribers import subscriptions
from worker.ops import schedule
from worker.ops.schedule import ScheduleEntry
from worker.queries import costs
from worker.refresh import invalidation_rules
from worker.refresh.invalidation_rules import Consequence


@dataclass(frozen=True, slots=True)
class CommandPath:
    """The way of one command's data."""

    command: str
    purpose: str
    events: tuple[str, ...]
    subscriptions: tuple[str, ...]
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryProfile:
    """A query: what it reads, and what becomes of its answers.

    `cost` is in tokens; None when it follows from the parameters.
    """

    query: str
    purpose: str
    reads: tuple[str, ...]
    views: tuple[str, ...]
    cost: float | None
    by_page: bool
    cached: bool
    audited: bool


@dataclass(frozen=True, slots=True)
class SystemMap:
    """Everything. `problems` are declarations that name what does not exist, in sentences."""

    commands: Sequence[CommandPath]
    queries: Sequence[QueryProfile]
    consequences: Sequence[Consequence]
    problems: Sequence[str]
    schedule: Mapping[str, ScheduleEntry]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "commands": [asdict(path) for path in self.commands],
            "queries": [asdict(profile) for profile in self.queries],
            "consequences": [asdict(consequence) for consequence in self.consequences],
            "problems": list(self.problems),
            "schedule": {name: entry.to_json() for name, entry in self.schedule.items()},
        }


def draw() -> SystemMap:
    """The map of the domains in the settings, each part in order of names."""
    problems = _load()
    paths = (_path(spec.name, spec.purpose, spec.emits) for spec in commands)
    return SystemMap(
        sorted(paths, key=lambda path: path.command),
        sorted(map(_profile, queries), key=lambda profile: profile.query),
        invalidation_rules.consequences(),
        problems,
        schedule.entries(),
    )


def _load() -> Sequence[str]:
    """Load the domains; what is wrong with their declarations is shown beside the rest."""
    try:
        load_domains()
    except BadDeclarations as error:
        return error.problems
    return ()


def _path(name: str, purpose: str, events: tuple[str, ...]) -> CommandPath:
    readers = tuple(
        subscriber.name
        for subscriber in subscriptions
        if not subscriber.event_types.isdisjoint(events)
    )
    shown_by = tuple(
        query.name for query in queries if not set(query.sources.reads).isdisjoint(readers)
    )
    return CommandPath(name, purpose, events, readers, shown_by)


def _profile(query: Question) -> QueryProfile:
    return QueryProfile(
        query.name,
        query.purpose,
        query.sources.reads,
        query.sources.views,
        None if callable(query.cost) else query.cost,
        query.cost is costs.by_page,
        query.cached,
        query.audited,
    )

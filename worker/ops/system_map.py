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
class Path:
    """The way of one command's data."""

    command: str
    purpose: str
    events: tuple[str, ...]
    subscriptions: tuple[str, ...]
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
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

    commands: Sequence[Path]
    queries: Sequence[Asked]
    consequences: Sequence[Consequence]
    problems: Sequence[str]
    schedule: Mapping[str, ScheduleEntry]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "commands": [asdict(one) for one in self.commands],
            "queries": [asdict(one) for one in self.queries],
            "consequences": [asdict(one) for one in self.consequences],
            "problems": list(self.problems),
            "schedule": {name: entry.to_json() for name, entry in self.schedule.items()},
        }


def draw() -> SystemMap:
    """The map of the domains in the settings, each part in order of names."""
    problems = _load()
    paths = (_path(spec.name, spec.purpose, spec.emits) for spec in commands)
    return SystemMap(
        sorted(paths, key=lambda path: path.command),
        sorted(map(_asked, queries), key=lambda one: one.query),
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


def _path(name: str, purpose: str, events: tuple[str, ...]) -> Path:
    readers = tuple(one.name for one in subscriptions if not one.event_types.isdisjoint(events))
    asked = tuple(
        query.name for query in queries if not set(query.sources.reads).isdisjoint(readers)
    )
    return Path(name, purpose, events, readers, asked)


def _asked(one: Question) -> Asked:
    return Asked(
        one.name,
        one.purpose,
        one.sources.reads,
        one.sources.views,
        None if callable(one.cost) else one.cost,
        one.cost is costs.by_page,
        one.cached,
        one.audited,
    )

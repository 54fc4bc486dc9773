"""`cqrs map`: what the domains declare, and what follows from what. It needs no server.

command ─▶ its events ─▶ who reads those ─▶ which queries ask them
query   ─▶ what it reads, what asking costs, whether answers are kept, conditions by name
event   ─▶ the queries that a rule says it changes, the views that it has refreshed
task    ─▶ what an event task does outside the database, and the reactions that start it
time    ─▶ the schedule
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker.base.errors import BadDeclarations
from worker.base.registry import load_domains
from worker.commands.decoding import commands
from worker.commands.event_task import EventTask, event_tasks
from worker.event_log.sources import Question, queries
from worker.event_log.subscribers import subscriptions
from worker.ops import declarations, schedule
from worker.ops.celery_app import load_tasks
from worker.ops.schedule import ScheduleEntry
from worker.queries import costs
from worker.queries.conditions import DeclaredCondition
from worker.reactions.reaction import Reaction
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

    `cost` is in tokens; None when it follows from the parameters. `conditions` are the named ones
    that its `where` takes, each with what it asks for.
    """

    query: str
    purpose: str
    reads: tuple[str, ...]
    views: tuple[str, ...]
    cost: float | None
    by_page: bool
    cached: bool
    audited: bool
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventTaskProfile:
    """An event task: what it does outside the database, and the reactions that may start it."""

    task: str
    purpose: str
    started_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemMap:
    """Everything. `problems` are declarations that name what does not exist, in sentences."""

    commands: Sequence[CommandPath]
    queries: Sequence[QueryProfile]
    consequences: Sequence[Consequence]
    problems: Sequence[str]
    schedule: Mapping[str, ScheduleEntry]
    event_tasks: Sequence[EventTaskProfile] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "commands": [asdict(path) for path in self.commands],
            "queries": [asdict(profile) for profile in self.queries],
            "event_tasks": [asdict(task) for task in self.event_tasks],
            "consequences": [asdict(consequence) for consequence in self.consequences],
            "problems": list(self.problems),
            "schedule": {name: entry.to_json() for name, entry in self.schedule.items()},
        }


def draw() -> SystemMap:
    """The map of the domains in the settings, each part in order of names."""
    problems = _load()
    theirs = (spec for spec in commands if not declarations.of_the_engine(spec))
    paths = (_path(spec.name, spec.purpose, spec.emits) for spec in theirs)
    return SystemMap(
        sorted(paths, key=lambda path: path.command),
        sorted(map(_profile, queries), key=lambda profile: profile.query),
        invalidation_rules.consequences(),
        problems,
        schedule.entries(),
        sorted(map(_task, event_tasks), key=lambda profile: profile.task),
    )


def _load() -> Sequence[str]:
    """Load the domains; what is wrong with their declarations is shown beside the rest."""
    load_tasks()
    try:
        load_domains()
    except BadDeclarations as error:
        return error.problems
    return declarations.problems(declarations.views_of_files_and_database())


def _task(task: EventTask[Any]) -> EventTaskProfile:
    reactions = (one for one in subscriptions if isinstance(one, Reaction))
    starting = (one.name for one in reactions if task.name in _started(one))
    return EventTaskProfile(task.name, task.purpose, tuple(starting))


def _started(reaction: Reaction) -> set[str]:
    """The names of the event tasks that a reaction's functions know."""
    named = (
        function.__globals__.get(name)
        for function in reaction.functions
        for name in declarations.globals_of(function)
    )
    return {thing.name for thing in named if isinstance(thing, EventTask)}


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
        tuple(map(_condition, query.conditions)),
    )


def _condition(declared: DeclaredCondition) -> str:
    """Its name, with what it asks for."""
    asked = f"({', '.join(declared.asks_for)})" if declared.asks_for else ""
    return f"{declared.name}{asked}"

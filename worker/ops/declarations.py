"""Whether what the domains declare names what exists: one check, for `cqrs map` and every start.

    declared name ─▶ known? ─ yes ─▶ nothing
                       │ no
                       └─▶ a sentence: what, which is the likely name, who says it
                             cqrs map           shows them, and its exit code is 1
                             worker, beat, up   print the same lines, and do not start

A misspelt name is silent otherwise: a query waits for a projection that never moves, a rule tells
nobody, beat sends a task that every worker throws away.

Materialized views stand in SQL alone. They are looked for in the files of the domains, and in the
database if it answers; one that is in neither is none. Who starts while the database is away is not
held up by what only it could say; `cqrs map` then goes by the files.
"""

from __future__ import annotations

import builtins
import dis
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules
from types import CodeType, ModuleType
from typing import Any

import psycopg

from worker import refresh, store
from worker.base import db
from worker.base.app import QUEUES, app
from worker.base.errors import BadDeclarations, ServerUnavailable, did_you_mean
from worker.base.project import import_named
from worker.base.registry import MODULES, load_domains, packages
from worker.base.settings import get_settings
from worker.commands.decoding import CommandSpec, commands
from worker.commands.event_task import event_tasks
from worker.contracts import event_versions
from worker.event_log.sources import queries
from worker.event_log.subscribers import subscriptions
from worker.ops import schedule
from worker.reactions.reaction import Reaction
from worker.reactions.saga_declaration import sagas
from worker.refresh.invalidation_rules import rules
from worker.subscriptions.projection import Projection

_VIEW = re.compile(r'CREATE\s+MATERIALIZED\s+VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w".]+)', re.I)
ENGINES_OWN = ("cqrs.", "schema.")
PARTS = (*MODULES, "migrations", "schedule")
"""What a domain's package is looked through for."""
ALMOST = 0.85
"""How alike a module's name must be to one of these: `reaction` is, `models` is not."""


def require(*, by_files_alone: bool = False) -> None:
    """Raise BadDeclarations, a sentence for each problem, if the domains of the settings have any.

    `by_files_alone` asks no database, and so says nothing of views.
    """
    load_domains()
    if found := problems(None if by_files_alone else _views_or_none()):
        raise BadDeclarations(found)


def problems(views: Collection[str] | None) -> list[str]:
    """What the declarations name that does not exist, in sentences. `views`: those there are, or
    None if nobody can tell."""
    checks: list[Iterable[str]] = [
        _modules(),
        _two_of_one_name(),
        _sources(),
        _rules(),
        _schedule(),
        _groups(),
        _reactions(),
        _sagas(),
        _events(),
        _moved_together(),
    ]
    if views is not None:
        checks.append(_views(views))
    return [problem for check in checks for problem in check]


def known_views() -> set[str]:
    """Materialized views by qualified name: those of the files, and of the database if it answers.

    Raises ServerUnavailable if it does not, and the files do not have every view that is named.
    """
    named = {name for name, _ in _named_views()}
    views = set(_views_of_files()) if named else set()
    return views if named <= views else views | _views_of_database()


def views_of_files_and_database() -> set[str]:
    """The same, by the files alone where the database does not answer."""
    try:
        return known_views()
    except ServerUnavailable:
        return set(_views_of_files())


def _views_or_none() -> set[str] | None:
    try:
        return known_views()
    except ServerUnavailable:
        return None


def _views_of_files() -> Iterator[str]:
    folders = {Path(path) for package in packages() for path in package.__path__}
    for folder in folders | {Path(path) for path in store.__path__}:
        for file in (*folder.rglob("*.sql"), *folder.rglob("*.py")):
            for name in _VIEW.findall(file.read_text(encoding="utf-8", errors="replace")):
                yield name.replace('"', "")


def _views_of_database() -> set[str]:
    """One connection that is closed again: whoever forks after this must not hold any."""
    url = get_settings().servers.database
    try:
        with db.visit(url) as connection:
            return refresh.view_names(connection)
    except psycopg.errors.InvalidSchemaName:
        return set()
    except psycopg.OperationalError as error:
        raise ServerUnavailable("PostgreSQL", url, str(error), "") from None


def _named_views() -> Iterator[tuple[str, str]]:
    """Each view that is named, and by whom."""
    for query in queries:
        for view in query.sources.views:
            yield view, f"query {query.name}"
    for rule in rules:
        for view in (*rule.refresh, *rule.every):
            yield view, f"rule {rule.name}"


def _views(known: Collection[str]) -> Iterator[str]:
    for view, who in _named_views():
        if view not in known:
            yield _unknown("no materialized view", view, known, who)


def _sources() -> Iterator[str]:
    names = [one.name for one in subscriptions]
    for query in queries:
        for name in query.sources.reads:
            if name not in subscriptions:
                yield _unknown("no projection", name, names, f"query {query.name}")


def _rules() -> Iterator[str]:
    names = [query.name for query in queries]
    for rule in rules:
        for name in rule.queries:
            if name not in queries:
                yield _unknown("no query", name, names, f"rule {rule.name}")


def _schedule() -> Iterator[str]:
    tasks = [name for name in app.tasks if not name.startswith("celery.")]
    for name, entry in schedule.entries().items():
        if entry.task not in app.tasks:
            yield _unknown("no task", entry.task, tasks, f"schedule {name}")


def _modules() -> Iterator[str]:
    """A module that is almost called as one that we look for: what it declares would be nowhere."""
    for domain in get_settings().domains:
        package = import_named(domain, "domains")
        there = {module.name for module in iter_modules(getattr(package, "__path__", ()))}
        missing = [name for name in PARTS if name not in there and not hasattr(package, name)]
        for name in sorted(there - set(PARTS)):
            if get_close_matches(name, missing, n=1, cutoff=ALMOST):
                yield _unknown("no module that is looked for", name, missing, f"domain {domain}")


def _groups() -> Iterator[str]:
    """A group that is almost the name of a queue: its subscriptions would not run there."""
    for one in subscriptions:
        hint = did_you_mean(one.group, QUEUES)
        if one.group not in QUEUES and hint:
            yield f"no queue is called {one.group!r}{hint} (group of subscription {one.name})"


def _two_of_one_name() -> Iterator[str]:
    """Commands and event tasks are Celery tasks all: of two with one name, one would not run."""
    named = Counter([*(spec.name for spec in commands), *(task.name for task in event_tasks)])
    for name, count in named.items():
        if count > 1:
            yield f"a command and an event task are both called {name!r}: take another name for one"
    own = [*named, *(one.name for one in subscriptions), *(query.name for query in queries)]
    for name in own:
        spec = commands.get(name)
        if name.startswith(ENGINES_OWN) and not (spec and of_the_engine(spec)):
            yield f"names that begin with {name.partition('.')[0]}. are the engine's ({name})"


def of_the_engine(spec: CommandSpec) -> bool:
    """Whether a command is the engine's own: those that change the schema are."""
    return spec.handler.__module__.startswith("worker.")


def _reactions() -> Iterator[str]:
    """What a reaction's functions name must be in their modules, or it fails at the first event."""
    for one in subscriptions:
        for function in _functions(one):
            known = {**vars(builtins), **getattr(function, "__globals__", {})}
            for name in sorted(set(globals_of(function)) - known.keys()):
                own = [each for each in known if not each.startswith("_")]
                yield _unknown("nothing", name, own, f"reaction {one.name}")
            for module, name in sorted(set(attributes_of(function))):
                if isinstance(there := known.get(module), ModuleType) and not hasattr(there, name):
                    own = [each for each in dir(there) if not each.startswith("_")]
                    yield _unknown(f"nothing in {module}", name, own, f"reaction {one.name}")


def _functions(one: object) -> Sequence[Callable[..., Any]]:
    return one.functions if isinstance(one, Reaction) else ()


def globals_of(function: Callable[..., Any]) -> Iterator[str]:
    """The global names that a function reads, those within it too."""
    for instruction in _instructions(function):
        if instruction.opname == "LOAD_GLOBAL":
            yield str(instruction.argval)


def attributes_of(function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """The attributes that a function reads of global names: `lend` of `commands.lend`."""
    for first, then in pairwise(_instructions(function)):
        if first.opname == "LOAD_GLOBAL" and then.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            yield str(first.argval), str(then.argval)


def _instructions(function: Callable[..., Any]) -> Iterator[dis.Instruction]:
    waiting: list[CodeType] = [function.__code__] if hasattr(function, "__code__") else []
    while waiting:
        code = waiting.pop()
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        yield from dis.get_instructions(code)


def _moved_together() -> Iterator[str]:
    names = [one.name for one in subscriptions if isinstance(one, Projection)]
    for one in subscriptions:
        for name in sorted(one.moves_with) if isinstance(one, Projection) else ():
            if name not in names:
                yield _unknown("no projection", name, names, f"moves_with of {one.name}")


def _sagas() -> Iterator[str]:
    names = [spec.name for spec in commands]
    for kind in sagas:
        who = f"saga {kind.name}"
        for sent in kind.plan.sends:
            if sent.command.name not in commands:
                yield _unknown("no command", sent.command.name, names, who)
        keys = [(kind.starts, kind.key), *((what.event, what.key) for _, what in kind.waits)]
        for event, key in keys:
            if key not in event.model_fields:
                fields = list(event.model_fields)
                yield _unknown(f"no field of {event.type}", key, fields, who)


def _events() -> Iterator[str]:
    """Versions of events that nothing leads on from, and names that mean two events."""
    for type_, version in event_versions.missing_steps():
        yield (
            f"no upcaster leads from version {version} to {version + 1}: declare"
            f" `upcaster(..., {version})`, of a function that returns the data as it is where"
            f" nothing is to be done (event {type_})"
        )
    for name in event_versions.doubtful_names():
        yield f"a former name of one event is another's name today: take one away (event {name})"


def _unknown(what: str, name: str, known: Iterable[str], who: str) -> str:
    """The sentence for a name that means nothing: `no query is called 'x'; did you mean y? (…)`."""
    return f"{what} is called {name!r}{did_you_mean(name, known)} ({who})"

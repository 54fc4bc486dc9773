"""Which domains a test sees, out of all that its process has loaded by now.

A process runs tests of several domains one after another, and what was imported stays declared. A
program knows those of its settings alone; so does a test that asks for it (`see`): names of the
others are taken out of the registries while it runs.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from worker.base.app import app
from worker.base.registry import Registry
from worker.base.settings import get_settings
from worker.commands.decoding import commands
from worker.commands.event_task import event_tasks
from worker.event_log.sources import queries
from worker.event_log.subscribers import subscriptions
from worker.reactions.saga_declaration import sagas
from worker.refresh.invalidation_rules import rules

REGISTRIES: tuple[Registry[Any], ...] = (
    commands,
    event_tasks,
    queries,
    subscriptions,
    sagas,
    rules,
)
PREFIXES = {"tests.support.things": "things.", "tests.sagas.postal": "postal."}
"""How the names begin that the domains of tests declare."""

_hidden: list[tuple[Registry[Any], str, Any]] = []


def see(domains: Collection[str]) -> None:
    """Of the tests' own domains, have these alone declared."""
    see_all()
    strange = tuple(prefix for domain, prefix in PREFIXES.items() if domain not in domains)
    for registry in REGISTRIES:
        names = [name for name in registry._items if name.startswith(strange)]
        _hidden.extend((registry, name, registry._items.pop(name)) for name in names)
    Registry.declared += 1  # what was worked out from the registries is so anew


def see_all() -> None:
    """Have everything declared again that this process has loaded."""
    for registry, name, item in _hidden:
        registry._items.setdefault(name, item)
    _hidden.clear()
    Registry.declared += 1


def import_like_a_worker() -> None:
    """Do here what a worker or beat does at its start, with the domains of this test's settings."""
    see(get_settings().domains)
    app.loader.import_default_modules()

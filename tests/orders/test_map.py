"""The map in `tasks/__init__.py` is true: it is what the registry renders to, line by line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

import tasks
from worker.base.registry import load_domains
from worker.commands.decoding import commands
from worker.event_log.sources import queries
from worker.event_log.subscribers import subscriptions

DOMAIN = "orders."


def test_the_map_shows_every_way_from_command_to_query() -> None:
    load_domains()
    text = tasks.__doc__ or ""
    shown = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]

    assert shown == [*_commands(), *_queries()]


def _commands() -> Iterator[str]:
    for spec in commands:
        if spec.name.startswith(DOMAIN):
            yield spec.name
            for event in spec.emits:
                readers = [one.name for one in subscriptions if event in one.event_types]
                yield from _line(f"    {event}", "─▶", readers)


def _queries() -> Iterator[str]:
    for question in queries:
        if question.name.startswith(DOMAIN):
            yield from _line(question.name, "◀─", question.sources.names)


def _line(name: str, arrow: str, others: Iterable[str]) -> list[str]:
    """A name and what it leads to, wrapped under each other."""
    listed = ", ".join(other.removeprefix(DOMAIN) for other in others) or "(nothing)"
    first = f"{name:<36}{arrow} "
    return textwrap.wrap(listed, 94, initial_indent=first, subsequent_indent=" " * len(first))

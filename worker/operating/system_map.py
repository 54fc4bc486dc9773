"""`cqrs map`: every command, the events it emits, who reads those, and which queries ask them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from worker.reading.sources import queries
from worker.registry import load_domains
from worker.running.subscribers import subscriptions
from worker.writing.decoding import commands


@dataclass(frozen=True, slots=True)
class Path:
    """The way of one command's data."""

    command: str
    purpose: str
    events: tuple[str, ...]
    subscriptions: tuple[str, ...]
    queries: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The path as plain JSON values."""
        return asdict(self)


def paths() -> list[Path]:
    """The way of every command, by name."""
    load_domains()
    return sorted(
        (_path(spec.name, spec.purpose, spec.emits) for spec in commands),
        key=lambda path: path.command,
    )


def _path(name: str, purpose: str, events: tuple[str, ...]) -> Path:
    readers = tuple(one.name for one in subscriptions if not one.event_types.isdisjoint(events))
    asked = tuple(
        query.name for query in queries if not set(query.sources.reads).isdisjoint(readers)
    )
    return Path(name, purpose, events, readers, asked)

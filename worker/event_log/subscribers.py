"""Who reads the log: the registry of subscriptions, and which of them an event concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Protocol, runtime_checkable

from worker.base.db import Connection
from worker.base.registry import Registry
from worker.event_log import StoredEvent


class EventBatch(Protocol):
    """Some events on their way through one subscription, in the transaction of its checkpoint.

    The runner calls these in order; `request` and `write` inside a pipeline, so that what they
    execute is answered later.
    """

    tags: set[str]
    """What cached answers have to be told of; complete after `fold`."""

    def request(self, connection: Connection) -> None:
        """Ask for the rows that these events touch."""

    def fold(self) -> None:
        """Decide what becomes of them; raises what the domain's function raises."""

    def write(self, connection: Connection) -> None:
        """Write it."""

    def committed(self) -> None:
        """Tell whoever waits for it; a message that is lost here is sent again by the sweep."""


class Subscriber(Protocol):
    """What a subscription is to the engine: a name, the events it wants, the group it runs in."""

    @property
    def name(self) -> str: ...

    @property
    def group(self) -> str: ...

    @property
    def event_types(self) -> frozenset[str]: ...

    def batch(self, events: Sequence[StoredEvent]) -> EventBatch:
        """These events, ready to be applied. They are of its types, in order of position."""


@runtime_checkable
class Keeper(Protocol):
    """A subscription that keeps tables: what these hold is as new as its checkpoint, not the log.

    Several may keep one table together; its content is as new as the slowest of them.
    """

    @property
    def keeps(self) -> Collection[str]:
        """Qualified names; of a read table without its version."""


subscriptions: Registry[Subscriber] = Registry("subscription")


def keepers() -> dict[str, set[str]]:
    """Which subscriptions keep which table."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in subscriptions:
        for table in one.keeps if isinstance(one, Keeper) else ():
            found[table].add(one.name)
    return found


def groups_for(event_types: Iterable[str]) -> frozenset[str]:
    """The groups with a subscription that wants one of these events."""
    return _groups_for(frozenset(event_types), len(subscriptions))


@lru_cache(maxsize=1_024)
def _groups_for(event_types: frozenset[str], _registered: int) -> frozenset[str]:
    return frozenset(
        subscription.group
        for subscription in subscriptions
        if not event_types.isdisjoint(subscription.event_types)
    )

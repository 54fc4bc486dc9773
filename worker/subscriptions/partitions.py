"""Partitions: a projection shared by several workers, if each of its rows has one stream.

Partition k of n handles the streams whose hash is k modulo n, beside the others and in no order
with them. A row that collects from two streams would so be loaded by two partitions at once, and
what one of them folds into it would be lost; or it would see an event of one stream before the
event of another that it needs. So a projection has to say `by_stream=True` before it can be
divided, and it is believed only as far as the log shows nothing else. One that is split and has
ceased to say so, after a release, stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from worker import event_log
from worker.base.db import Connection
from worker.event_log import StoredEvent
from worker.event_log.subscribers import Subscriber
from worker.subscriptions.checkpoints import Checkpoint
from worker.subscriptions.errors import CannotPartition
from worker.subscriptions.projection import Projection

MOST_PARTITIONS = 64
LOOKED_AT = 20_000
"""Positions at the log's end in which a promise is looked for broken."""


class SharedRow(NamedTuple):
    """A row that collects from two streams."""

    key: str
    streams: tuple[str, str]

    def __str__(self) -> str:
        """As messages show it."""
        return f"row {self.key} from {' and '.join(self.streams)}"


def must_be_divisible(connection: Connection, subscriber: Subscriber, partitions: int) -> None:
    """Raise CannotPartition unless a subscription can have so many partitions; it can be whole."""
    name = subscriber.name
    if not 1 <= partitions <= MOST_PARTITIONS:
        reason = f"1 to {MOST_PARTITIONS} partitions are possible (is {partitions})"
        raise CannotPartition(name, reason)
    if partitions == 1:
        return
    if not isinstance(subscriber, Projection):
        raise CannotPartition(name, "only a projection can be split")
    if not subscriber.by_stream:
        raise CannotPartition(
            name,
            "its rows may collect from many streams, and its partitions would overwrite each"
            " other's work: if each row has one stream, declare it with projection(...,"
            " by_stream=True)",
        )
    if shared := shared_row(subscriber, _last_events(connection, subscriber)):
        reason = f"it is declared by_stream=True, but its rows collect from many streams: {shared}"
        raise CannotPartition(name, reason)


def must_still_be_divisible(at: Checkpoint, subscriber: Subscriber) -> None:
    """Raise CannotPartition for a partition of what does not say any more that it may be split."""
    if not (isinstance(subscriber, Projection) and subscriber.by_stream):
        raise CannotPartition(
            subscriber.name,
            f"it is split into {at.partitions}, but its code does not say by_stream=True: make it"
            f" whole with `cqrs subscriptions partition {subscriber.name} 1`; if its partitions"
            " are not at one position, let the code that did say so bring them there first",
        )


def shared_row(projection: Projection, events: Iterable[StoredEvent]) -> SharedRow | None:
    """A row of a projection that these events feed from two streams, if there is any."""
    feeds: dict[str, str] = {}
    for key, stream in _touched(projection, events):
        first = feeds.setdefault(key, stream)
        if first != stream:
            return SharedRow(key, (first, stream))
    return None


def _touched(projection: Projection, events: Iterable[StoredEvent]) -> Iterator[tuple[str, str]]:
    """Rows with the streams of the events that touch them."""
    for event in events:
        try:
            calls = projection.calls([event])
        except Exception:  # noqa: S112  # it touches no row, but becomes a dead letter
            continue
        for call in calls:
            yield call.key, event.stream


def _last_events(connection: Connection, projection: Projection) -> list[StoredEvent]:
    upto = event_log.horizon(connection)
    return event_log.read(
        connection,
        after=max(0, upto - LOOKED_AT),
        upto=upto,
        types=sorted(projection.event_types),
        limit=LOOKED_AT,
    )

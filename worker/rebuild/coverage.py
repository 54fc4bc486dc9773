"""Which events a table holds: how far it has come, and what dead letters keep out of it.

A rebuild does not decide about dead letters. What was discarded stays out, and a stream that waits
behind an open dead letter waits in the new table too, where it can be retried. When a dead letter
is closed while the rebuild runs, what it held back is folded into the shadow table as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.event_log import StoredEvent
from worker.subscriptions.checkpoints import Checkpoint, partition_of
from worker.subscriptions.dead_letters import stream_events
from worker.subscriptions.projection import Projection

SQL = blocks("worker.rebuild")


@dataclass(frozen=True, slots=True)
class PositionVector:
    """How far a table is: a position for each partition of its subscription.

    Partition k of n handles the streams whose hash is k modulo n.
    """

    positions: tuple[int, ...]

    @classmethod
    def by(cls, checkpoints: Iterable[Checkpoint]) -> PositionVector:
        """Where a subscription's checkpoints are."""
        ordered = sorted(checkpoints, key=lambda at: at.partition)
        return cls(tuple(at.position for at in ordered))

    @property
    def lowest(self) -> int:
        """The position that every partition has reached."""
        return min(self.positions, default=0)

    @property
    def highest(self) -> int:
        """The position that some partition has reached."""
        return max(self.positions, default=0)

    def of(self, stream: str) -> int:
        """How far the partition of a stream is."""
        if len(self.positions) == 1:
            return self.positions[0]
        return self.positions[partition_of(stream, len(self.positions))]

    def holds(self, stream: str, position: int) -> bool:
        """Whether an event of this stream at this position is behind."""
        return position <= self.of(stream)

    def is_behind(self, other: PositionVector) -> bool:
        """Whether the other is at least as far, stream by stream."""
        if len(self.positions) == len(other.positions):
            pairs = zip(self.positions, other.positions, strict=True)
            return all(own <= others for own, others in pairs)
        return self.highest <= other.lowest

    def at_least(self, other: PositionVector) -> PositionVector:
        """As far, and as far as the other, which has as many partitions or is behind."""
        if len(self.positions) != len(other.positions):
            return self
        return PositionVector(tuple(map(max, self.positions, other.positions)))

    def upto(self, position: int) -> PositionVector:
        """As far, and at least up to this position everywhere."""
        return PositionVector(tuple(max(own, position) for own in self.positions))

    def between(self, other: PositionVector, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """The events that the other has reached and this one has not."""
        return [
            event
            for event in events
            if not self.holds(event.stream, event.position)
            and other.holds(event.stream, event.position)
        ]


@dataclass(frozen=True, slots=True)
class ExcludedEvents:
    """Streams that wait, each from a position on; and positions that were discarded."""

    parked_from: dict[str, int] = field(default_factory=dict)
    discarded: frozenset[int] = frozenset()

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> ExcludedEvents:
        """From plain JSON values."""
        return cls(dict(plain["letters"]), frozenset(plain["discarded"]))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"letters": self.parked_from, "discarded": sorted(self.discarded)}

    def upto(self, position: int) -> ExcludedEvents:
        """What of it lies at or before a position."""
        parked = {stream: at for stream, at in self.parked_from.items() if at <= position}
        return ExcludedEvents(parked, frozenset(at for at in self.discarded if at <= position))

    def keep(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """The events that are to be folded."""
        if not self.parked_from and not self.discarded:
            return events
        return [event for event in events if self._keeps(event)]

    def _keeps(self, event: StoredEvent) -> bool:
        waits_from = self.parked_from.get(event.stream)
        waits = waits_from is not None and event.position >= waits_from
        return not waits and event.position not in self.discarded

    def released(self, now: ExcludedEvents, reached: PositionVector) -> dict[str, tuple[int, int]]:
        """What waited then and does not now, of what has been reached: by stream, from where to
        where."""
        released: dict[str, tuple[int, int]] = {}
        for stream, first in self.parked_from.items():
            last = min(now.parked_from.get(stream, 2**62) - 1, reached.of(stream))
            if last >= first:
                released[stream] = (first, last)
        return released

    def after(self, now: ExcludedEvents, reached: PositionVector) -> ExcludedEvents:
        """What is excluded now from a table that excluded this and is as far as `reached`."""
        parked = {
            stream: first
            for stream, first in now.parked_from.items()
            if stream in self.parked_from or not reached.holds(stream, first)
        }
        return ExcludedEvents(parked, now.discarded)


def excluded_events(connection: Connection, subscription: str) -> ExcludedEvents:
    """What dead letters keep out at this moment."""
    rows = connection.execute(SQL["excluded_events"], {"subscription": subscription}).fetchall()
    parked = {stream: position for stream, position, is_open in rows if is_open}
    discarded = frozenset(position for _, position, is_open in rows if not is_open)
    return ExcludedEvents(parked, discarded)


def parked_events(
    connection: Connection, projection: Projection, stream: str, first: int, last: int
) -> list[StoredEvent]:
    """A stream's events between two positions, both included."""
    return stream_events(connection, stream, projection.event_types, first, last)

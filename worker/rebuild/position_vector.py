"""How far a table is: a position for each partition of its subscription."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.event_log import StoredEvent
from worker.subscriptions.checkpoints import Checkpoint, partition_of


@dataclass(frozen=True, slots=True)
class PositionVector:
    """Partition k of n handles the streams whose hash is k modulo n; here is where it is."""

    positions: tuple[int, ...]

    @classmethod
    def by(cls, places: Iterable[Checkpoint]) -> PositionVector:
        """Where a subscription's checkpoints are."""
        ordered = sorted(places, key=lambda place: place.partition)
        return cls(tuple(place.position for place in ordered))

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

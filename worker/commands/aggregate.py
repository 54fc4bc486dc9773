"""Event-sourced aggregates: a handler decides on a state that is folded from a stream.

    rooms = aggregate("hotel.room", Room, evolve, ROOM_EVENTS, category="room")

    @command("hotel.book_room", BookRoom, needs=lambda c: (fold(rooms, c.room_id),), ...)
    def book_room(c: BookRoom, state: State, work: Work) -> ...:
        event = rules.book_room(c, state.folded(rooms, c.room_id))
        work.emit(rooms.stream(c.room_id), event)

There is no table to write: the events are the state. What is promised:

- All streams of a batch are read by one statement, each from its newest snapshot on.
- Commands later in a batch see what those before them emitted.
- Events go into a folded stream only at the version at which it was folded. If another transaction
  was faster, nothing of this one is kept: it runs again, this time holding the streams before it
  reads them. So no room is ever given to two guests for one night.
- A stream that a command folds but does not write to is not held: what was read there may have
  moved on by the commit.
- Snapshots are written after the commit and may be deleted at any time: they only save reading.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson
from pydantic import BaseModel

from worker.contracts import Event

if TYPE_CHECKING:
    from worker.commands.state import Emitted

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, eq=False, slots=True)
class Aggregate(Generic[S]):
    """A kind of aggregate: what its state is, and how an event changes it."""

    name: str
    state: type[S]
    evolve: Callable[[S | None, Any], S]
    events: Mapping[str, type[Event]]
    category: str
    schema_version: int
    snapshot_every: int

    def stream(self, key: Hashable) -> str:
        """The stream of one aggregate: `<category>-<key>`."""
        return f"{self.category}-{key}"

    def fold(self, state: S | None, events: Iterable[Event]) -> S | None:
        """The state after these events. Raises TypeError for an event that is not declared."""
        for event in events:
            if event.type not in self.events:
                raise TypeError(f"no event of this aggregate ({self.name}, {event.type})")
            state = self.evolve(state, event)
        return state

    def stored(self, state: str | None, events: Iterable[tuple[str, dict[str, Any]]]) -> S | None:
        """The state after a snapshot (JSON text, or None) and the stored events that follow it."""
        start = None if state is None else self.state.model_validate_json(state)
        return self.fold(start, (self._typed(type_, data) for type_, data in events))

    def _typed(self, type_: str, data: dict[str, Any]) -> Event:
        model = self.events.get(type_)
        if model is None:
            raise TypeError(f"no event of this aggregate ({self.name}, {type_})")
        return model.model_validate(data)


def aggregate(
    name: str,
    state: type[S],
    evolve: Callable[[S | None, Any], S],
    events: Iterable[type[Event]],
    *,
    category: str,
    schema_version: int = 1,
    snapshot_every: int = 100,
) -> Aggregate[S]:
    """Declare an event-sourced aggregate.

    `evolve(state, event)` is pure and returns the state after one of `events` (the state is None
    before the first). `category` begins the names of its streams. `schema_version` counts
    changes of the state's own form, so that older snapshots are passed over; one is kept every
    `snapshot_every` events. `name` outlives a renamed class.
    """
    by_type = {event.type: event for event in events}
    return Aggregate(name, state, evolve, by_type, category, schema_version, snapshot_every)


@dataclass(slots=True)
class AggregateState:
    """One aggregate of a batch: its state now, and the versions that this rests on."""

    aggregate: Aggregate[Any]
    stream: str
    state: BaseModel | None
    loaded: int
    version: int
    snapshot: int

    @property
    def wants_snapshot(self) -> bool:
        """Whether enough has happened since the last one."""
        return self.version - self.snapshot >= self.aggregate.snapshot_every

    def to_row(self) -> dict[str, Any]:
        """The snapshot as `keep_snapshots` takes it."""
        assert self.state is not None
        return {
            "stream": self.stream,
            "aggregate": self.aggregate.name,
            "shape": self.aggregate.schema_version,
            "version": self.version,
            "state": self.state.model_dump(mode="json"),
        }


class AggregateStates:
    """The aggregates that a batch folded, kept current while its commands are decided."""

    def __init__(self) -> None:
        self._by_stream: dict[str, dict[str, AggregateState]] = {}

    def load(self, aggregates: Iterable[Aggregate[Any]], rows: Iterable[Any]) -> None:
        """Take in what `fold_streams` returned for these aggregates."""
        by_name = {aggregate.name: aggregate for aggregate in aggregates}
        for stream, name, snapshot, version, state, events in rows:
            aggregate = by_name[name]
            folded = aggregate.stored(state, orjson.loads(events or "[]"))
            entry = AggregateState(aggregate, stream, folded, version, version, snapshot)
            self._by_stream.setdefault(stream, {})[name] = entry

    def get(self, aggregate: Aggregate[S], key: Hashable) -> S | None:
        """An aggregate's state; None if it has no events. Raises LookupError if not declared."""
        stream = aggregate.stream(key)
        entry = self._by_stream.get(stream, {}).get(aggregate.name)
        if entry is None:
            raise LookupError(f"the command declares no such fold ({aggregate.name}, {stream})")
        return entry.state  # type: ignore[return-value]  # what it was folded into

    def expected(self, stream: str) -> int | None:
        """The version at which a stream must be when the batch appends; None: any will do."""
        for entry in self._by_stream.get(stream, {}).values():
            return entry.loaded
        return None

    def take(self, emitted: Iterable[Emitted]) -> None:
        """Let the commands that follow see one command's events: all of them, or none."""
        after: dict[tuple[str, str], tuple[BaseModel | None, int]] = {}
        for new in emitted:
            for name, entry in self._by_stream.get(new.stream, {}).items():
                state, version = after.get((new.stream, name), (entry.state, entry.version))
                after[new.stream, name] = (entry.aggregate.fold(state, [new.event]), version + 1)
        for (stream, name), (state, version) in after.items():
            entry = self._by_stream[stream][name]
            entry.state, entry.version = state, version

    def snapshots(self) -> list[dict[str, Any]]:
        """The snapshots that are due, if the batch commits."""
        entries = (entry for entries in self._by_stream.values() for entry in entries.values())
        return [entry.to_row() for entry in entries if entry.wants_snapshot]

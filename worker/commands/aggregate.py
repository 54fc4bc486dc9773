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
  One that cannot be read is passed over, its stream is replayed, and it is dropped.
- A stream with an event that cannot be read fails the commands that ask for its state, and no
  other of their batch. One that a newer release wrote makes them wait for a worker of that release.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.base.validation_errors import fields_at_fault
from worker.commands.errors import UnreadableStream
from worker.contracts import Event
from worker.contracts.event_versions import as_stored
from worker.event_log import NewerEvent, UnreadableEvent, upcast

if TYPE_CHECKING:
    from worker.commands.state import Emitted

log = get_logger(__name__)
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

    @property
    def shape(self) -> int:
        """Which snapshots are read: it grows with the version of the state, and of any event."""
        return self.schema_version + sum(event.schema_version - 1 for event in self.events.values())

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

    def replay(
        self, start: S | None, stream: str, version: int, events: Iterable[tuple[str, int, Any]]
    ) -> S | None:
        """The state after the stored events (type, schema version, data) that follow a state at a
        version, each read as today's code declares it.

        Raises UnreadableStream, naming the event that cannot be read or folded, and NewerEvent.
        """
        state = start
        for at, (type_, schema, data) in enumerate(events, version + 1):
            try:
                if (type_, schema) not in as_stored:
                    type_, data = upcast(type_, schema, data)  # as it reads today
                state = self.evolve(state, self.events[type_].model_validate(data))
            except NewerEvent:
                raise
            except Exception as error:
                why = self._why(type_, error)
                raise UnreadableStream(stream, at, type_, why) from error
        return state

    def _why(self, type_: str, error: Exception) -> str:
        if isinstance(error, UnreadableEvent):
            return error.reason
        if type_ not in self.events:
            return f"{self.name} declares no such event"
        if isinstance(error, ValidationError):
            return "; ".join(f"{field}: {why}" for field, why in fields_at_fault(error).items())
        return f"`evolve` of {self.name} raised {type(error).__name__}"


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
    changes of the state's own form; older snapshots, and those from before an event of it changed
    its version, are passed over and replaced. One is kept every `snapshot_every` events. `name`
    outlives a renamed class.
    """
    by_type = {event.type: event for event in events}
    return Aggregate(name, state, evolve, by_type, category, schema_version, snapshot_every)


class SnapshotKey(NamedTuple):
    """Which snapshot; `version` tells it from one that is written meanwhile."""

    stream: str
    aggregate: str
    version: int


@dataclass(slots=True)
class AggregateState:
    """One aggregate of a batch: its state now, and the versions that this rests on.

    `fault` says why its stream has no state that could be told.
    """

    aggregate: Aggregate[Any]
    stream: str
    state: BaseModel | None
    loaded: int
    version: int
    snapshot: int
    fault: UnreadableStream | NewerEvent | None = None

    @property
    def wants_snapshot(self) -> bool:
        """Whether enough has happened since the last one."""
        return self.version - self.snapshot >= self.aggregate.snapshot_every

    def must_be_readable(self) -> None:
        """Raise what is wrong with the stream, if something is."""
        if self.fault is not None:
            raise self.fault

    def to_row(self) -> dict[str, Any]:
        """The snapshot as `keep_snapshots` takes it."""
        assert self.state is not None
        return {
            "stream": self.stream,
            "aggregate": self.aggregate.name,
            "shape": self.aggregate.shape,
            "version": self.version,
            "state": self.state.model_dump(mode="json"),
        }


@dataclass(slots=True)
class AggregateStates:
    """The aggregates that a batch folded, kept current while its commands are decided."""

    unreadable: list[SnapshotKey] = field(default_factory=list)
    """Snapshots that this code cannot read: whoever loads them replays the stream instead."""
    _by_stream: dict[str, dict[str, AggregateState]] = field(default_factory=dict)

    def load(self, aggregates: Iterable[Aggregate[Any]], rows: Iterable[Any]) -> None:
        """Take in what `fold_streams` returned for these aggregates."""
        by_name = {aggregate.name: aggregate for aggregate in aggregates}
        for stream, name, snapshot, version, state, events in rows:
            start = self._from_snapshot(by_name[name], SnapshotKey(stream, name, snapshot), state)
            entry = AggregateState(by_name[name], stream, start, version, version, snapshot)
            self._by_stream.setdefault(stream, {})[name] = entry
            try:
                entry.state = by_name[name].replay(start, stream, snapshot, _decoded(events))
            except (UnreadableStream, NewerEvent) as fault:
                entry.fault = fault

    def _from_snapshot(
        self, aggregate: Aggregate[S], key: SnapshotKey, state: str | None
    ) -> S | None:
        if state is None:
            return None
        try:
            return aggregate.state.model_validate_json(state)
        except Exception as error:
            log.warning("snapshot dropped, its stream is replayed", **key._asdict(), error=error)
            self.unreadable.append(key)
            return None

    def get(self, aggregate: Aggregate[S], key: Hashable) -> S | None:
        """An aggregate's state; None if it has no events. Raises LookupError if not declared."""
        stream = aggregate.stream(key)
        entry = self._by_stream.get(stream, {}).get(aggregate.name)
        if entry is None:
            raise LookupError(f"the command declares no such fold ({aggregate.name}, {stream})")
        entry.must_be_readable()
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
                entry.must_be_readable()
                state, version = after.get((new.stream, name), (entry.state, entry.version))
                after[new.stream, name] = (entry.aggregate.fold(state, [new.event]), version + 1)
        for (stream, name), (state, version) in after.items():
            entry = self._by_stream[stream][name]
            entry.state, entry.version = state, version

    def snapshots(self) -> list[dict[str, Any]]:
        """The snapshots that are due, if the batch commits; one that JSON cannot hold is not."""
        entries = (entry for entries in self._by_stream.values() for entry in entries.values())
        due = (entry for entry in entries if entry.wants_snapshot and entry.fault is None)
        return [row for entry in due if (row := _snapshot_row(entry)) is not None]


def _snapshot_row(entry: AggregateState) -> dict[str, Any] | None:
    try:
        row = entry.to_row()
        to_json(row)
    except Exception as error:
        what = {"stream": entry.stream, "aggregate": entry.aggregate.name}
        log.warning("snapshot not taken", **what, error=error)
        return None
    return row


def _decoded(events: str | None) -> Any:
    """Stored events. A number that no float can hold, which jsonb can, is left to its model."""
    try:
        return orjson.loads(events or "[]")
    except ValueError:
        return json.loads(events or "[]", parse_float=Decimal)

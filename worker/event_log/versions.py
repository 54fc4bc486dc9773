"""Stored events brought to the version of today's code: where they are read, whoever reads them.

    rows of the log ─▶ decoded ─▶ do all types and versions stand as they are? ─ yes ─▶ done
                                          │ no
                                          └─▶ upcasters, event by event ─▶ under today's name

What has no upcaster pays one look at the types and versions of a page (0.05 µs an event).

An event that cannot be read, or that a newer release wrote, comes without its data: whoever asks
for that is told. So it is one event's trouble and not its page's: the first is parked with its
stream, as any bad event, and the second makes its subscription wait for a worker of that release,
while the others flow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

from worker.base.errors import Permanent, Transient
from worker.contracts import event_versions
from worker.contracts.event_versions import Data, Reading

if TYPE_CHECKING:
    from worker.event_log.log import StoredEvent


class UnreadableEvent(Permanent):
    """A stored event cannot be brought to the version of today's code."""

    def __init__(self, type_: str, version: int, reason: str) -> None:
        super().__init__(f"{reason} (event {type_}, version {version})")
        self.type, self.version, self.reason = type_, version, reason


class NewerEvent(Transient):
    """A stored event is of a higher version than this code knows: a newer release wrote it."""

    def __init__(self, type_: str, version: int, known: int) -> None:
        super().__init__(
            f"a newer release wrote it: start workers of that release, this code knows version"
            f" {known} (event {type_}, version {version})"
        )
        self.type, self.version, self.known = type_, version, known


def upcast(stored_type: str, stored_version: int, data: Data) -> tuple[str, Data]:
    """An event's type as it is called today, and its data as the code of today has it.

    Raises UnreadableEvent, NewerEvent.
    """
    how = event_versions.reading(stored_type, stored_version)
    return (stored_type, data) if how is None else (how.type, _today(how, stored_version, data))


def _today(how: Reading, stored: int, data: Data) -> Data:
    if how.newer:
        raise NewerEvent(how.type, stored, how.version)
    if how.missing is not None:
        reason = f"no upcaster leads on from version {how.missing} to {how.missing + 1}"
        raise UnreadableEvent(how.type, stored, reason)
    for at, step in enumerate(how.steps, stored):
        try:
            data = _made(step(data))
        except Exception as error:
            reason = f"the upcaster from version {at} raised {type(error).__name__}: {error}"
            raise UnreadableEvent(how.type, stored, reason) from error
    return data


def _made(data: object) -> Data:
    """What an upcaster returned. Raises TypeError if it is no data of an event."""
    if not isinstance(data, dict):
        raise TypeError(f"it returned {type(data).__name__}, not a dict")
    return data


class _NoData(Mapping[str, Any]):
    """In the place of data that cannot be read: says why to whoever asks for any of it."""

    def __init__(self, kind: type[UnreadableEvent | NewerEvent], *why: Any) -> None:
        self._kind, self._why = kind, why

    def _say(self) -> NoReturn:
        raise self._kind(*self._why)

    def __getitem__(self, _name: str) -> NoReturn:
        self._say()

    def __iter__(self) -> Iterator[str]:
        self._say()

    def __len__(self) -> NoReturn:
        self._say()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def as_of_today(events: list[StoredEvent]) -> list[StoredEvent]:
    """Events as today's code reads them: under its names, versions and fields."""
    readings = {
        kind: how
        for kind in {(event.type, event.schema_version) for event in events}
        if (how := event_versions.reading(*kind)) is not None
    }
    if not readings:
        return events
    return [
        event
        if (how := readings.get((event.type, event.schema_version))) is None
        else _one(event, how)
        for event in events
    ]


def _one(event: StoredEvent, how: Reading) -> StoredEvent:
    try:
        data = _today(how, event.schema_version, event.data)
    except (UnreadableEvent, NewerEvent) as error:
        data = cast("Data", _NoData(type(error), *error.args))
    at, stream, version, _, _, _, *rest = event
    return tuple.__new__(type(event), (at, stream, version, how.type, how.version, data, *rest))

"""What was logged years ago, read as today's code declares it.

    class OrderCreated(Event):
        type = "orders.OrderCreated"
        schema_version = 3
        former_types = ("shop.OrderTaken",)      # how the log calls it where it is old

    @upcaster(OrderCreated, 1)                   # from version 1 to 2
    def _(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "currency": "EUR"}

    @upcaster(OrderCreated, 2)                   # and from 2 to 3
    def _(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "total": data["amount"]}

The log never changes. An upcaster is a pure function of the data of one event, plain JSON values,
from one version to the next; whoever reads an event gets what all of them together make of it, and
under today's name: folds, aggregates, reactions, sagas, and whoever pages through the log. A
renamed type counts its versions on: version 1 under the old name is version 1 under the new one.

- Every version below today's has a step: a version that is counted up without one is refused when
  the system starts, and read before that it is an error by name. Where nothing is to be done, the
  step says so: `upcaster(OrderCreated, 1)(lambda data: data)`.
- An event of a higher version than the code knows was written by a newer release. It is not
  guessed at: who reads it waits for a worker of that release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from worker.contracts.messages import Event

Data: TypeAlias = dict[str, Any]
Upcaster: TypeAlias = Callable[[Data], Data]


@dataclass(frozen=True, slots=True)
class Reading:
    """How an event that is stored under some type and version is read.

    `type` and `version` are today's; `steps` lead there, in order. `missing` is the first version
    that no step leads on from. `newer`: the code knows lower versions only.
    """

    type: str
    version: int
    steps: tuple[Upcaster, ...] = ()
    missing: int | None = None
    newer: bool = False


_declared: dict[str, list[type[Event]]] = {}
_today: dict[str, str] = {}
_steps: dict[tuple[str, int], Upcaster] = {}
as_stored: set[tuple[str, int]] = set()
"""Types and versions that are read as they stand: what was found out already."""


def declare(event: type[Event]) -> None:
    """Note a class of events, with the names that its type had before."""
    _declared.setdefault(event.type, []).append(event)
    for former in event.former_types:
        _today[former] = event.type
    as_stored.clear()


def upcaster(event: type[Event], version: int) -> Callable[[Upcaster], Upcaster]:
    """Declare how an event's data of one version becomes that of the next.

    `version` is the one that it leads on from, 1 or more and below the event's `schema_version`.
    Raises ValueError for any other, and for a second step from the same version.
    """
    if not 1 <= version < event.schema_version:
        raise ValueError(
            f"an upcaster leads from a version below the event's own, 1 to"
            f" {event.schema_version - 1} (event {event.type}, version {version})"
        )
    if (event.type, version) in _steps:
        raise ValueError(f"two upcasters from one version (event {event.type}, version {version})")

    def add(step: Upcaster) -> Upcaster:
        _steps[event.type, version] = step
        as_stored.clear()
        return step

    return add


def declared_events() -> Iterator[type[Event]]:
    """Every class of events that this process has loaded, by type."""
    return (event for type_ in sorted(_declared) for event in _declared[type_])


def models_of(type_: str) -> list[type[Event]]:
    """The classes of a type, as it is called today; none for a type that nothing here declares."""
    return list(_declared.get(_called_today(type_), ()))


def stored_types(types: frozenset[str]) -> frozenset[str]:
    """The names under which the log may hold events of these types: today's and the former."""
    former = {name for name, today in _today.items() if today in types and name not in _declared}
    return types | former if former else types


def is_upcast(types: frozenset[str]) -> bool:
    """Whether an event of one of these types may be read otherwise than it is stored."""
    return any(type_ in types for type_, _ in _steps)


def steps_of(types: frozenset[str]) -> list[Upcaster]:
    """The upcasters of these types, in one order."""
    return [_steps[kind] for kind in sorted(_steps) if kind[0] in types]


def missing_steps() -> Iterator[tuple[str, int]]:
    """Types with a version that nothing leads on from."""
    for type_ in sorted(_declared):
        for version in range(1, _version(type_)):
            if (type_, version) not in _steps:
                yield type_, version


def doubtful_names() -> Iterator[str]:
    """Former names that are some event's today: whose events the log means cannot be told."""
    return (name for name in sorted(_today) if name in _declared)


def reading(stored_type: str, stored_version: int) -> Reading | None:
    """How to read what is stored so; None: as it stands. What nothing here declares stands."""
    kind = stored_type, stored_version
    if kind in as_stored:
        return None
    found = _found_out(*kind)
    if found is None:
        as_stored.add(kind)
    return found


def _found_out(stored_type: str, stored: int) -> Reading | None:
    type_ = _called_today(stored_type)
    if type_ not in _declared:
        return None
    version = _version(type_)
    if stored > version:
        return Reading(type_, version, newer=True)
    steps = [_steps.get((type_, at)) for at in range(stored, version)]
    if None in steps:
        return Reading(type_, version, missing=stored + steps.index(None))
    if stored == version and type_ == stored_type:
        return None
    return Reading(type_, version, tuple(step for step in steps if step is not None))


def _called_today(type_: str) -> str:
    return type_ if type_ in _declared else _today.get(type_, type_)


def _version(type_: str) -> int:
    return max(event.schema_version for event in _declared[type_])

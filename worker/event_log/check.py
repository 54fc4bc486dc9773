"""Can today's code read what the log holds: every stored type and version, against its models.

    types and versions of the log ─▶ some events of each, or all ─▶ upcasters ─▶ the model validates

What cannot be read is found out before a rebuild or a command does. The log alone is read; nothing
is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.base.validation_errors import fields_at_fault
from worker.contracts import event_versions
from worker.event_log.log import horizon
from worker.event_log.versions import NewerEvent, UnreadableEvent, upcast

SAMPLE = 100
"""Events of each type and version that are read, unless all are."""
PAGE = 10_000
"""Positions that are read at once."""
UNDECLARED = (
    "nothing that is loaded declares it: keep the class of an event that the log holds, or name it"
    " in `former_types` of the event that it is called today"
)

_SQL = blocks("worker.event_log", "log.sql")


@dataclass(slots=True)
class StoredKind:
    """A type and version of the log: how many `events`, how many of these were `read`.

    `unreadable` of them could not be; `problem` says why of the first, which is at `position`.
    """

    type: str
    version: int
    events: int
    read: int = 0
    unreadable: int = 0
    problem: str | None = None
    position: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def check(
    connection: Connection,
    *,
    every: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[StoredKind]:
    """Every stored type and version, by name, with what of it today's code cannot read.

    Some events of each are read, from its first to its last, or `every` one of them. `tell(done,
    total)` is called now and then, in positions.
    """
    upto = horizon(connection)
    what = {"every": every, "steps": SAMPLE - 1, "upto": upto}
    rows = connection.execute(_SQL["kinds"], what).fetchall()
    kinds = {(type_, version): StoredKind(type_, version, n) for type_, version, n, _ in rows}
    if every:
        pages = _whole_log(connection, upto, tell)
    else:
        pages = _sample(connection, [positions for *_, positions in rows])
    for page in pages:
        for position, type_, version, data in page:
            _read(kinds[type_, version], position, data)
    return list(kinds.values())


def _whole_log(
    connection: Connection, upto: int, tell: Callable[[int, int], None]
) -> Iterator[Sequence[Any]]:
    for after in range(0, upto, PAGE):
        window = {"after": after, "upto": min(after + PAGE, upto)}
        yield connection.execute(_SQL["between"], window).fetchall()
        tell(window["upto"], upto)


def _sample(connection: Connection, kinds: Iterable[Sequence[int]]) -> Iterator[Sequence[Any]]:
    for positions in kinds:
        yield connection.execute(_SQL["at"], {"positions": positions}).fetchall()


def _read(kind: StoredKind, position: int, data: str) -> None:
    kind.read += 1
    problem = _problem(kind.type, kind.version, data)
    if problem is None:
        return
    kind.unreadable += 1
    if kind.problem is None:
        kind.problem, kind.position = problem, position


def _problem(type_: str, version: int, data: str) -> str | None:
    """Why an event cannot be read; None if it can."""
    models = event_versions.models_of(type_)
    if not models:
        return UNDECLARED
    try:
        _, today = upcast(type_, version, orjson.loads(data))
        for model in models:
            model.model_validate(today)
    except UnreadableEvent as error:
        return error.reason
    except NewerEvent as error:
        return f"a newer release wrote it: this code knows version {error.known}"
    except ValidationError as error:
        faults = fields_at_fault(error).items()
        return "; ".join(f"{field}: {why}" for field, why in faults)
    except ValueError:
        return "its data is no JSON that this code can hold"
    return None

"""What `cqrs status` says of each read model: is its table the declared one, and is it right?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.rebuild import LastVerified, ReadModelHealth, read_model_health

_SQL = blocks("worker.ops", "status.sql")


@dataclass(frozen=True, slots=True)
class LastRebuilt:
    """The last rebuild that went live: when, and how many rows of the table before it differed from
    what the log says; None if the two could not be compared."""

    at: datetime
    differing: int | None


@dataclass(frozen=True, slots=True)
class ReadModelStatus:
    """A projection's live `table`, None before its first run.

    `needs_rebuild` says why it does, and is None if it does not. It has `drifted` if the last
    verification found rows that differ, and no rebuild has put them right since.
    """

    name: str
    table: str | None
    needs_rebuild: str | None
    drifted: bool
    verified: LastVerified | None
    rebuilt: LastRebuilt | None


def read_models(connection: Connection) -> list[ReadModelStatus]:
    """Every projection that a loaded domain declares, by name."""
    rows = connection.execute(_SQL["last_rebuilds"])
    rebuilt = {name: LastRebuilt(*rest) for name, *rest in rows}
    return [_status(one, rebuilt.get(one.name)) for one in read_model_health(connection)]


def _status(one: ReadModelHealth, rebuilt: LastRebuilt | None) -> ReadModelStatus:
    found = one.verified
    mended = found and rebuilt and rebuilt.at > found.at
    drifted = bool(found and found.differing and not mended)
    return ReadModelStatus(one.name, one.table, one.needs_rebuild, drifted, found, rebuilt)

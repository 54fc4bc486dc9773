"""Which read models need a rebuild, and what was found when each was last verified."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.event_log.subscribers import subscriptions
from worker.rebuild.journal import SQL
from worker.rebuild.shadow import schema_of
from worker.subscriptions.projection import Projection


@dataclass(frozen=True, slots=True)
class LastVerified:
    """The last verification: when, up to which position, of how many rows (`complete`: of all),
    and how many of them differed from what the log says."""

    at: datetime
    position: int
    checked: int
    complete: bool
    differing: int


@dataclass(frozen=True, slots=True)
class ReadModelHealth:
    """A projection's live table. `needs_rebuild` says why it does, and is None if it does not;
    `table` is None before its first run, `verified` before its first verification."""

    name: str
    table: str | None
    needs_rebuild: str | None
    verified: LastVerified | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, but for the time."""
        return asdict(self)


def read_model_health(connection: Connection) -> list[ReadModelHealth]:
    """Every declared projection's, by name."""
    ones = {one.name: one for one in subscriptions if isinstance(one, Projection)}
    declared = [{"name": name, "schema": schema_of(one.table)} for name, one in ones.items()]
    rows = connection.execute(SQL["read_model_health"], {"declared": to_json(declared)}).fetchall()
    return [
        ReadModelHealth(name, table, _why(ones[name], table, shape, columns), _verified(*last))
        for name, table, shape, columns, *last in rows
    ]


def _why(
    one: Projection, table: str | None, shape: int | None, columns: Collection[str]
) -> str | None:
    """Why the code and the live table do not go together."""
    if table is None:
        return None
    if shape is not None and shape != one.version:
        return f"the code declares version {one.version}, the live table is of version {shape}"
    if not columns:
        return f"there is no table {table}"
    lacking = [str(column.name) for column in one.table.c if column.name not in columns]
    if lacking:
        return f"the live table lacks {', '.join(lacking)}: declare a new version"
    return None


def _verified(at: datetime | None, *rest: Any) -> LastVerified | None:
    return None if at is None else LastVerified(at, *rest)

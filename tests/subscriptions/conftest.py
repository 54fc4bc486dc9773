"""The parcels: a database with their read tables, known to worker processes too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py
from psycopg.rows import dict_row

from tests.conftest import Database
from tests.subscriptions.parcels.models import ParcelLost, ParcelMoved
from worker import event_log
from worker.base import settings
from worker.base.registry import load_domains
from worker.contracts import Event
from worker.event_log import NewEvent
from worker.subscriptions import runner
from worker.subscriptions.runner import CatchUpResult

DOMAIN = "tests.subscriptions.parcels"
DDL = Path(__file__).parent / "parcels" / "ddl.sql"


class Parcels:
    """Moves parcels, and says what the read models and the engine's tables know of it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def move(self, parcel: int | str, *places: str, weight: str = "1.00") -> list[int]:
        """Commit a parcel's arrivals, each at a place; their positions."""
        moves = [ParcelMoved(parcel=parcel, place=place, weight=weight) for place in places]
        return self.append(parcel, *moves)

    def append(self, parcel: int | str, *events: Event) -> list[int]:
        """Commit events of one parcel; their positions."""
        new = [NewEvent(f"parcel-{parcel}", event.type, event.payload()) for event in events]
        return [place.position for place in event_log.append(self.connection, new)]

    def lose(self, parcel: int) -> list[int]:
        """Commit a parcel's loss; its position."""
        return self.append(parcel, ParcelLost(parcel=parcel))

    def catch_up(self, *names: str) -> CatchUpResult:
        """Run the parcels' projections (or those named) up to the horizon, in this process."""
        return runner.catch_up(names or ("parcels.tracking", "parcels.arrivals"))

    def tracked(self) -> dict[int, str]:
        """The places that each parcel has been to, according to the read model."""
        rows = self.connection.execute("SELECT parcel, places FROM query.parcels ORDER BY 1")
        return dict(rows.fetchall())

    def arrivals(self) -> dict[str, int]:
        """Arrivals by place, according to the read model."""
        return dict(self.connection.execute("SELECT * FROM query.parcel_depots").fetchall())

    def checkpoint(self, name: str = "parcels.tracking") -> dict[str, Any]:
        """A row of `cqrs.subscriptions`."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute("SELECT * FROM cqrs.subscriptions WHERE name = %s", [name])
            return cursor.fetchone() or {}

    def last(self) -> int:
        """The last position of the log."""
        return event_log.horizon(self.connection)


@pytest.fixture
def parcels(
    database: Database, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Parcels]:
    """No parcels yet."""
    domains = (*settings.get_settings().domains, DOMAIN)
    changed = settings.get_settings().model_copy(update={"domains": domains})
    monkeypatch.setattr(settings, "_current", changed)
    load_domains()
    with database.connect() as connection:
        connection.execute(DDL.read_text())
        made = Parcels(connection)
        made.catch_up()
        yield made

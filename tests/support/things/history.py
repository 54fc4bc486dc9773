"""The things of one test: lets them have a history, and says what the read side makes of it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.rows import dict_row

from tests.support.database import Database
from tests.support.things.models import ThingDropped, ThingMoved, read, thing_id
from worker import event_log
from worker.base import db
from worker.contracts import Event
from worker.event_log import NewEvent
from worker.store.read_tables import create_read_tables
from worker.subscriptions import runner
from worker.subscriptions.runner import CatchUpResult

DOMAIN = "tests.support.things"
LIST, PLACES = "things.list", "things.places"
HERE = Path(__file__).parent


def tags_of(name: int | str) -> list[str]:
    """What the cache is told when this thing has changed."""
    return [f"thing:{thing_id(name)}", "things"]


class Things(Database):
    """A database with the tables of the things. Things are called by number or by name here."""

    @cached_property
    def connection(self) -> psycopg.Connection:
        """As the owner, in autocommit."""
        return self.connect()

    def create(self) -> None:
        """Create the tables of the domain."""
        self.connection.execute((HERE / "tables.sql").read_text())
        engine = sa.create_engine(db.sqlalchemy_url(self.url), poolclass=sa.NullPool)
        with engine.begin() as connection:
            create_read_tables(connection, read.tables.values())

    def close(self) -> None:
        """End the connection; the next use makes another."""
        if "connection" in self.__dict__:
            self.__dict__.pop("connection").close()

    def append(self, name: int | str, *events: Event) -> list[int]:
        """Commit events of one thing; their positions."""
        new = [NewEvent(f"thing-{name}", event.type, event.payload()) for event in events]
        return [place.position for place in event_log.append(self.connection, new)]

    def move(self, name: int | str, *places: str, price: str = "1.00") -> list[int]:
        """A thing comes to places, one after the other; the positions."""
        moves = [
            ThingMoved(thing_id=thing_id(name), name=str(name), place=place, price=price)
            for place in places
        ]
        return self.append(name, *moves)

    def drop(self, name: int | str) -> list[int]:
        """A thing goes; the position."""
        return self.append(name, ThingDropped(thing_id=thing_id(name)))

    def project(self, *names: str) -> CatchUpResult:
        """Run the projections of the things (or those named) up to the horizon, here."""
        return runner.catch_up(names or (LIST, PLACES))

    def tracked(self) -> dict[int, str]:
        """The places that each numbered thing has been to, according to the read model."""
        rows = self.connection.execute("SELECT name, places FROM query.things")
        return {int(name): places for name, places in rows}

    def held(self) -> dict[str, int]:
        """What each place holds, according to the read model."""
        return dict(self.connection.execute("SELECT * FROM query.thing_places").fetchall())

    def noted(self, name: str = LIST) -> list[tuple[list[str], int]]:
        """The tags that wait for the cache, and up to where, batch by batch."""
        return self.connection.execute(
            "SELECT tags, position FROM cqrs.invalidations WHERE subscription = %s"
            " ORDER BY position",
            [name],
        ).fetchall()

    def checkpoint(self, name: str = LIST) -> dict[str, Any]:
        """A row of `cqrs.subscriptions`."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute("SELECT * FROM cqrs.subscriptions WHERE name = %s", [name])
            return cursor.fetchone() or {}

    def last(self) -> int:
        """The last position of the log."""
        return event_log.horizon(self.connection)

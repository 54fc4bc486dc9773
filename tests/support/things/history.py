"""The things of one test: lets them have a history, and says what the read side makes of it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.rows import dict_row

from tests.support.things.models import (
    ThingAdded,
    ThingDropped,
    ThingMoved,
    ThingPriced,
    ThingSeen,
    ThingShipped,
    read,
    thing_id,
)
from worker import event_log
from worker.base import db
from worker.contracts import Event
from worker.event_log import NewEvent
from worker.store.read_tables import create_read_tables
from worker.subscriptions import runner
from worker.subscriptions.runner import CatchUpResult
from worker.testing.databases import Database

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

    def add(self, number: int, **fields: Any) -> list[int]:
        """Add a numbered thing; the position."""
        return self.append(number, self.added(number, **fields))

    @staticmethod
    def added(number: int, **fields: Any) -> ThingAdded:
        """The event that a numbered thing was added; its parts are held at one of three places."""
        given: dict[str, Any] = {
            "thing_id": thing_id(number),
            "name": str(number),
            "owner": f"c{number % 4}",
            "price": f"{number}.50",
            "parts": [{"place": f"p{number % 3}", "pieces": number % 5 + 1}],
        }
        return ThingAdded(**(given | fields))

    def reprice(self, number: int, price: str = "7.00") -> list[int]:
        """A thing costs something else; the position."""
        return self.append(number, ThingPriced(thing_id=thing_id(number), price=price))

    def ship(self, number: int) -> list[int]:
        """A thing is sent off; the position."""
        return self.append(number, ThingShipped(thing_id=thing_id(number)))

    def fill(self, first: int = 1, last: int = 30) -> None:
        """A history with everything in it: changes across things, some that go, odd text."""
        odd: dict[str, Any] = {"labels": ["a,b", '"q"']}
        for number in range(first, last + 1):
            note = f"tab\t, line\n, back\\slash, \\N, é, {number}"
            self.add(number, **(odd | {"note": note} if number % 2 else {}))
            if number % 7 == 0:
                self.append(number, ThingSeen())
        for number in range(first, last + 1):
            self.reprice(number, f"{number}.25")
            if number % 3 == 0:
                self.ship(number)
            if number % 10 == 0:
                self.drop(number)

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

    def listed(self) -> list[dict[str, Any]]:
        """What the view of the things shows."""
        return self.rows("SELECT * FROM query.things ORDER BY thing_id")

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
        found = self.rows("SELECT * FROM cqrs.subscriptions WHERE name = %s", name)
        return found[0] if found else {}

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query as dicts."""
        cursor = self.connection.cursor(row_factory=dict_row)
        return cursor.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The single value that a query gives."""
        row = self.connection.execute(query, values).fetchone()
        return row[0] if row else None

    def last(self) -> int:
        """The last position of the log."""
        return event_log.horizon(self.connection)

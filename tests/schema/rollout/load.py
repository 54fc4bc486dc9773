"""Commands at full rate from any client, and the locks that anybody waits for meanwhile."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.conftest import Database
from tests.support.workers import until
from worker.base.app import app
from worker.contracts import uuid7

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Size:
    """How large a load is."""

    in_flight: int
    """Commands that are sent and have no receipt yet; 40 are enough to keep a worker busy."""
    enough: int
    """Commands before the change, and again after it."""
    most: int
    """Commands, however slow the machine: then the load stops."""


SMALL = Size(in_flight=2, enough=60, most=3_000)
FULL = Size(in_flight=40, enough=300, most=6_000)


@dataclass
class Load:
    """Posts parcels as fast as they are taken, and delivers every other one, from any client."""

    database: Database
    size: Size
    over: threading.Event = field(default_factory=threading.Event)
    coloured: threading.Event = field(default_factory=threading.Event)
    sent: dict[str, float] = field(default_factory=dict)
    in_flight: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Send until it is over; then wait for the last receipts."""
        with self.database.connect() as connection:
            while not self.over.is_set() and len(self.sent) < self.size.most:
                while len(self.in_flight) < self.size.in_flight:
                    self._post(len(self.sent))
                self._settle(connection)
            until(lambda: self._all_settled(connection), 60, "all have receipts")

    def _all_settled(self, connection: Connection) -> bool:
        self._settle(connection)
        return not self.in_flight

    def _post(self, number: int) -> None:
        parcel = str(uuid7())
        colour = {"colour": ("red", "green")[number % 2]} if self.coloured.is_set() else {}
        self._send("parcels.post", parcel if number % 2 else "", parcel, weight=number, **colour)

    def _send(self, name: str, then: str, parcel: str, **fields: Any) -> None:
        command = str(uuid7())
        self.sent[command], self.in_flight[command] = time.time(), then
        payload = {"parcel_id": parcel, **fields}
        app.send_task(name, kwargs=payload, task_id=command, queue="commands", ignore_result=True)

    def _settle(self, connection: Connection) -> None:
        """Take in what has its receipt, and deliver what was posted."""
        done = connection.execute(
            "SELECT command_id::text FROM cqrs.receipts WHERE command_id = ANY (%s::uuid[])",
            [list(self.in_flight)],
        ).fetchall()
        for (command,) in done:
            if parcel := self.in_flight.pop(command):
                self._send("parcels.deliver", "", parcel)
        if not done:
            time.sleep(0.005)


@dataclass
class LockWaits:
    """The longest that anybody has waited for the lock of a table, by PostgreSQL's own account."""

    database: Database
    over: threading.Event = field(default_factory=threading.Event)
    longest: float = 0.0

    def watch(self) -> None:
        """Look until it is over."""
        with self.database.connect() as connection:
            while not self.over.wait(0.01):
                rows = connection.execute(
                    "SELECT extract(epoch FROM max(clock_timestamp() - waitstart))::float8"
                    "  FROM pg_locks JOIN pg_database AS d ON d.oid = database"
                    " WHERE NOT granted AND locktype = 'relation' AND datname = current_database()"
                ).fetchall()
                self.longest = max(self.longest, rows[0][0] or 0.0)

"""While a read table is rebuilt and swapped, again and again, nobody notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.rebuild.conftest import ORDERS, Depot
from worker import db
from worker.rebuild import Rebuilt, part, rebuild, run

SECONDS = 6.0


class Load:
    """Commands, projections and readers that go on until they are told to stop."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot
        self.over = threading.Event()
        self.placed = 0
        self.visible = 0
        self.reads = 0
        self.longest = 0.0

    def place(self) -> None:
        """Place orders, one after the other, never to be cancelled."""
        with self.depot.database.connect() as connection:
            own = Depot(self.depot.database, connection)
            for number in range(1_000, 1_000_000):
                if self.over.is_set():
                    return
                own.place(number)
                own.change(number)
                self.placed += 1

    def project(self) -> None:
        """Keep the read model current; what `visible` counts is to be seen from then on."""
        while not self.over.is_set():
            placed = self.placed
            self.depot.project(ORDERS)
            self.visible = placed

    def read(self) -> None:
        """Read the view; every row that was visible before is there, and whole."""
        with db.reader() as connection:
            while not self.over.is_set():
                expected, began = self.visible, time.monotonic()
                rows = connection.execute(
                    "SELECT order_id, changes FROM query.depot_orders WHERE customer <> ''"
                ).fetchall()
                self.longest = max(self.longest, time.monotonic() - began)
                assert len(rows) >= expected, "rows are missing"
                self.reads += 1


def test_no_read_fails_and_no_row_is_missing(depot: Depot, monkeypatch: object) -> None:
    load = Load(depot)
    rebuilds: list[Rebuilt] = []
    jobs: list[Callable[[], None]] = [load.place, load.project, load.read, load.read]
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job) for job in jobs]
        until = time.monotonic() + SECONDS
        try:
            while time.monotonic() < until or len(rebuilds) < 3:
                rebuilds.append(rebuild(ORDERS))
        finally:
            load.over.set()
        for each in running:
            each.result(30)
    assert [done.differing for done in rebuilds] == [0] * len(rebuilds)
    assert load.reads > 20
    depot.project()
    assert len(depot.orders()) == load.placed
    assert {row["changes"] for row in depot.orders()} == {1}
    assert rebuild(ORDERS).differing == 0
    assert depot.tables() == {f"depot_orders_v{len(rebuilds) + 2}", "depot_stock_v1"}

"""While a read table is rebuilt and swapped, again and again, nobody notices."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.rebuild.conftest import ORDERS, Depot, order_id
from tests.rebuild.depot.models import Changed
from worker.base import db
from worker.rebuild import Rebuilt, rebuild

CHECKPOINT = "SELECT position FROM query.checkpoints WHERE name = %s"
ROWS = "SELECT order_id, changes FROM query.depot_orders WHERE customer <> ''"


@pytest.fixture
def times() -> int:
    """How often it is rebuilt; more often in `tests/long`."""
    return 3


class Load:
    """Commands, projections and readers that go on until they are told to stop."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot
        self.over = threading.Event()
        self.positions: list[int] = []
        self.reads = 0
        self.longest = 0.0

    def place(self) -> None:
        """Place orders, one after the other, each of which is changed in the same transaction."""
        with self.depot.database.connect() as connection:
            own = Depot(self.depot.database, connection)
            for number in range(1_000, 1_000_000):
                if self.over.is_set():
                    return
                placed = own.placed(number)
                change = Changed(order_id=order_id(number), total="7.00")
                self.positions.append(own.append(number, placed, change)[1])

    def project(self) -> None:
        """Keep the read model current."""
        while not self.over.is_set():
            self.depot.project(ORDERS)

    def read(self, isolation: str) -> None:
        """Read checkpoint and view, as queries do: all that was folded is there, and whole."""
        with db.reader() as connection:
            while not self.over.is_set():
                began = time.monotonic()
                with connection.transaction():
                    connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
                    position = connection.execute(CHECKPOINT, [ORDERS]).fetchall()[0][0]
                    rows = connection.execute(ROWS).fetchall()
                self.longest = max(self.longest, time.monotonic() - began)
                folded = bisect_right(self.positions, position)
                assert len(rows) >= folded, f"rows are missing at {position}"
                fresh = sum(changes == 0 for _, changes in rows)
                assert fresh <= 1, "a checkpoint lies between two events of one order only"
                self.reads += 1


def test_no_read_fails_and_no_row_is_missing(depot: Depot, times: int) -> None:
    load = Load(depot)
    rebuilds: list[Rebuilt] = []
    jobs: list[Callable[[], None]] = [
        load.place,
        load.project,
        lambda: load.read("READ COMMITTED"),
        lambda: load.read("REPEATABLE READ"),
    ]
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job) for job in jobs]
        try:
            while len(rebuilds) < times or load.reads <= 20:
                rebuilds.append(rebuild(ORDERS))
        finally:
            load.over.set()
        for each in running:
            each.result(30)
    assert [done.differing for done in rebuilds] == [0] * len(rebuilds)
    depot.project()
    assert len(depot.orders()) == len(load.positions)
    assert {row["changes"] for row in depot.orders()} == {1}
    assert rebuild(ORDERS).differing == 0
    assert depot.tables() == {f"depot_orders_v{len(rebuilds) + 2}", "depot_stock_v1"}

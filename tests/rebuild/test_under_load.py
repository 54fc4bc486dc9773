"""While a read table is rebuilt and swapped, again and again, nobody notices."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST
from tests.support.things.models import ThingPriced, thing_id
from worker.base import db
from worker.rebuild import Rebuilt, rebuild

CHECKPOINT = "SELECT position FROM query.checkpoints WHERE name = %s"
ROWS = "SELECT thing_id, changes FROM query.things WHERE owner <> ''"


@pytest.fixture
def times() -> int:
    """How often it is rebuilt; more often in `tests/long`."""
    return 3


class Load:
    """Commands, projections and readers that go on until they are told to stop."""

    def __init__(self, things: ReadModels) -> None:
        self.things = things
        self.over = threading.Event()
        self.positions: list[int] = []
        self.reads = 0
        self.longest = 0.0

    def add(self) -> None:
        """Add things, one after the other, each of which is changed in the same transaction."""
        with closing(ReadModels(self.things.name, self.things.url)) as own:
            for number in range(1_000, 1_000_000):
                if self.over.is_set():
                    return
                added = own.added(number)
                change = ThingPriced(thing_id=thing_id(number), price="7.00")
                self.positions.append(own.append(number, added, change)[1])

    def project(self) -> None:
        """Keep the read model current."""
        while not self.over.is_set():
            self.things.project(LIST)

    def read(self, isolation: str) -> None:
        """Read checkpoint and view, as queries do: all that was folded is there, and whole."""
        with db.reader() as connection:
            while not self.over.is_set():
                began = time.monotonic()
                with connection.transaction():
                    connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
                    position = connection.execute(CHECKPOINT, [LIST]).fetchall()[0][0]
                    rows = connection.execute(ROWS).fetchall()
                self.longest = max(self.longest, time.monotonic() - began)
                folded = bisect_right(self.positions, position)
                assert len(rows) >= folded, f"rows are missing at {position}"
                fresh = sum(changes == 0 for _, changes in rows)
                assert fresh <= 1, "a checkpoint lies between two events of one order only"
                self.reads += 1


def test_no_read_fails_and_no_row_is_missing(things: ReadModels, times: int) -> None:
    load = Load(things)
    rebuilds: list[Rebuilt] = []
    jobs: list[Callable[[], None]] = [
        load.add,
        load.project,
        lambda: load.read("READ COMMITTED"),
        lambda: load.read("REPEATABLE READ"),
    ]
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job) for job in jobs]
        try:
            while len(rebuilds) < times or load.reads <= 20:
                rebuilds.append(rebuild(LIST))
        finally:
            load.over.set()
        for each in running:
            each.result(30)
    assert [done.differing for done in rebuilds] == [0] * len(rebuilds)
    things.project()
    assert len(things.listed()) == len(load.positions)
    assert {row["changes"] for row in things.listed()} == {1}
    assert rebuild(LIST).differing == 0
    assert things.tables() == {f"things_v{len(rebuilds) + 2}", "thing_places_v1"}

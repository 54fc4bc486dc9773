"""A rebuild in slices: whatever state it is in, it goes on from there, and the server helps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.rebuild.conftest import DOMAIN, ORDERS, Depot, order_id
from tests.support.workers import ROOT, environment, until
from worker.base import db, settings
from worker.rebuild import (
    RebuildCancelled,
    RebuildUnfinished,
    Rebuilt,
    cancel,
    compare,
    part,
    rebuild,
    sessions,
)
from worker.rebuild import journal as journals

SLOW_INDEX = """
CREATE FUNCTION query.thought_over(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep({seconds}); RETURN $1; END $$;
CREATE INDEX thought_over ON query.depot_orders_v1 (query.thought_over(customer))
"""
AT_WORK = """
SELECT pid FROM pg_stat_activity
 WHERE state = 'active' AND query LIKE '%%thought_over%%' AND pid <> pg_backend_pid()
"""
THERE = "SELECT indexdef FROM pg_indexes WHERE indexname = 'depot_orders_v2_thought_over'"


def in_slices(name: str = ORDERS, most: int = 200) -> tuple[Rebuilt, list[str]]:
    """Rebuild with no time at all for each call; and the states in which calls ended."""
    states: list[str] = []
    for _ in range(most):
        try:
            return rebuild(name, seconds=0, rows_kept=3), states
        except RebuildUnfinished:
            with db.owner() as connection:
                left = journals.unfinished(connection, name)
            states.append(left.state if left else "ended")
    pytest.fail(f"it does not end: {states}")


def test_however_little_time_there_is_it_ends(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 20)
    monkeypatch.setattr(compare, "ROWS_PER_RANGE", 4)
    depot.trade(1, 60)
    depot.project()
    for number in (2, 3, 59):
        change = "UPDATE query.depot_orders SET note = 'x' WHERE order_id = %s"
        depot.connection.execute(change, [order_id(number)])
    done, states = in_slices()
    assert (done.differing, done.rows) == (3, 54)
    assert {one.key for one in done.drift} == {str(order_id(number)) for number in (2, 3, 59)}
    assert done.drift[0].columns["note"][0] == "x"
    assert states.count("building") > 5
    assert states.count("comparing") > 5
    (row,) = depot.rebuilds()
    assert (row["differing"], row["rows"], len(row["drift"])) == (3, 54, 3)
    assert rebuild(ORDERS).differing == 0


@pytest.mark.parametrize("rows", [1, 3, 10, 1_000])
def test_a_table_is_compared_whole_whatever_the_ranges(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(compare, "ROWS_PER_RANGE", rows)
    depot.trade(1, 30)
    depot.project()
    depot.connection.execute("DELETE FROM query.depot_orders WHERE changes = 1 AND total > 20")
    missing = 27 - len(depot.orders())
    assert missing > 5
    done = rebuild(ORDERS, goes_live=False)
    assert (done.differing, done.rows) == (missing, 27)
    assert {one.kind for one in done.drift} == {"missing"}


@contextmanager
def another_process() -> Iterator[subprocess.Popen[bytes]]:
    """A rebuild in a process of its own, which is ended at last."""
    code = (
        "from worker.base.registry import load_domains; load_domains()\n"
        "from worker.rebuild import rebuild; rebuild('depot.orders')"
    )
    chosen = settings.get_settings()
    assert DOMAIN in chosen.domains
    arguments = [sys.executable, "-c", code]
    with subprocess.Popen(arguments, cwd=ROOT, env=environment(chosen)) as process:
        try:
            yield process
        finally:
            process.kill()


def slow_index(depot: Depot, seconds: float) -> None:
    """An index of the live table, by hand, that takes so long for each row of the next one."""
    depot.connection.execute(SLOW_INDEX.format(seconds=0))
    again = SLOW_INDEX.partition("CREATE INDEX")[0].replace("CREATE", "CREATE OR REPLACE")
    depot.connection.execute(again.format(seconds=seconds))


def test_the_server_finishes_an_index_when_the_rebuild_is_killed_over_it(depot: Depot) -> None:
    depot.trade(1, 6)
    depot.project()
    slow_index(depot, seconds=0.3)
    with another_process() as process:
        until(lambda: depot.one(AT_WORK), 30)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert depot.one(AT_WORK), "nobody waits for it any more, and it goes on"
    until(lambda: depot.one(THERE), 30)
    assert depot.rebuilds()[0]["state"] == "indexing"
    assert rebuild(ORDERS).differing == 0
    assert "thought_over" in depot.one(THERE)


def test_an_index_that_takes_longer_than_a_slice_is_waited_for_by_the_next(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "HEARTBEAT", 0.1)
    depot.trade(1, 6)
    depot.project()
    slow_index(depot, seconds=0.2)
    done, states = in_slices()
    assert states.count("indexing") > 2, "it takes more than a second, and a slice a tenth of one"
    assert done.differing == 0
    assert "thought_over" in depot.one(THERE)
    assert depot.one(AT_WORK) is None


def test_a_cancel_stops_an_index_that_is_being_made(depot: Depot) -> None:
    depot.trade(1, 6)
    depot.project()
    slow_index(depot, seconds=60)
    refused: list[BaseException] = []

    def rebuild_it() -> None:
        try:
            rebuild(ORDERS)
        except RebuildCancelled as error:
            refused.append(error)

    rebuilding = threading.Thread(target=rebuild_it)
    rebuilding.start()
    until(lambda: depot.one(AT_WORK), 30)
    assert cancel(ORDERS)
    rebuilding.join(20)
    assert refused
    assert depot.one(AT_WORK) is None
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}


def _unfinished(depot: Depot) -> int:
    """A rebuild that is left after its first slice; its number."""
    depot.trade(1, 30)
    depot.project()
    with pytest.raises(RebuildUnfinished) as caught:
        rebuild(ORDERS, seconds=0)
    assert caught.value.rebuild_id is not None
    return caught.value.rebuild_id


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part reads so little at once that a slice does not finish it."""
    monkeypatch.setattr(part, "WINDOW", 20)


@pytest.mark.usefixtures("windows")
def test_one_that_was_cancelled_between_two_slices_is_not_begun_again(depot: Depot) -> None:
    number = _unfinished(depot)
    assert cancel(ORDERS)
    with pytest.raises(RebuildCancelled):
        rebuild(ORDERS, continues=number)
    assert [row["state"] for row in depot.rebuilds()] == ["cancelled"]
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}


@pytest.mark.usefixtures("windows")
def test_one_that_somebody_else_has_finished_is_not_begun_again(depot: Depot) -> None:
    number = _unfinished(depot)
    done = rebuild(ORDERS)
    assert rebuild(ORDERS, continues=number) == done
    assert len(depot.rebuilds()) == 1


@pytest.mark.usefixtures("windows")
def test_what_is_noted_of_a_rebuild_that_has_ended_is_refused(depot: Depot) -> None:
    """As by a process that was taken for dead: what it wrote is rolled back with its note."""
    _unfinished(depot)
    with db.owner() as connection:
        left = journals.unfinished(connection, ORDERS)
        assert left is not None
        rebuild(ORDERS)
        ended = "another process has ended it"
        with pytest.raises(RebuildUnfinished, match=ended):
            left.note_reached(left.reached, left.excluded, 0)
        with pytest.raises(RebuildUnfinished, match=ended):
            left.enter("swapping")
        with pytest.raises(RebuildUnfinished, match=ended):
            left.go_live(None, connection)
        assert not left.end("failed")
    assert depot.rebuilds()[0]["state"] == "done"

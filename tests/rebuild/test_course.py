"""What can happen to a rebuild on its way: time runs out, it is killed, cancelled, or not alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.rebuild.conftest import DOMAIN, ORDERS, Depot
from tests.rebuild.depot.declared import order_list
from tests.support.messages import sent
from tests.support.workers import ROOT, environment, until
from worker import event_log
from worker.base import db, settings
from worker.rebuild import (
    Progress,
    RebuildCancelled,
    RebuildRunning,
    RebuildUnfinished,
    cancel,
    part,
    rebuild,
)
from worker.subscriptions import checkpoints, read_tables
from worker.subscriptions.batch import Step, advance

SLOWLY = """
from worker.rebuild import rebuild
from worker.base.registry import load_domains

load_domains()
rebuild("depot.orders", rows_kept=10, events_between=20)
"""


def _start_slowly() -> subprocess.Popen[bytes]:
    chosen = settings.get_settings()
    assert DOMAIN in chosen.domains
    slow = environment(chosen) | {"DEPOT_PAUSE": "0.05"}
    return subprocess.Popen([sys.executable, "-c", SLOWLY], cwd=ROOT, env=slow)


def _kill_on_the_way(depot: Depot) -> int:
    """Start a rebuild and kill it when some of it is written; up to which position."""
    with _start_slowly() as process:
        try:
            where = "SELECT position FROM cqrs.rebuild_parts WHERE position > 20"
            until(lambda: depot.one(where), 30)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    until(lambda: not depot.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 10)
    return int(depot.one("SELECT position FROM cqrs.rebuild_parts"))


def test_a_killed_rebuild_goes_on_where_it_was(depot: Depot) -> None:
    depot.trade(1, 60)
    depot.project()
    before = depot.orders()
    reached = _kill_on_the_way(depot)
    assert depot.rebuilds()[0]["state"] == "building"
    told: list[Progress] = []
    done = rebuild(ORDERS, progress=told.append)
    assert told[0].done >= reached
    assert (done.differing, done.rows, done.table) == (0, 54, "depot_orders_v2")
    assert depot.orders() == before
    assert len(depot.rebuilds()) == 1


def test_the_live_table_serves_while_a_killed_rebuild_lies_there(depot: Depot) -> None:
    depot.trade(1, 60)
    depot.project()
    _kill_on_the_way(depot)
    depot.place(99)
    depot.project()
    assert len(depot.orders()) == 55
    assert rebuild(ORDERS).differing == 0
    assert len(depot.orders()) == 55


def test_a_killed_rebuild_can_be_cleared_away(depot: Depot) -> None:
    depot.trade(1, 60)
    depot.project()
    _kill_on_the_way(depot)
    assert depot.tables() == {"depot_orders_v1", "depot_orders_v2", "depot_stock_v1"}
    assert cancel(ORDERS)
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}
    assert depot.rebuilds()[0]["state"] == "cancelled"
    assert not cancel(ORDERS)


def test_a_rebuild_whose_time_is_up_is_finished_by_the_next_call(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 20)
    depot.trade(1, 60)
    depot.project()
    for _ in range(3):
        with pytest.raises(RebuildUnfinished, match="start the rebuild again and it goes on"):
            rebuild(ORDERS, seconds=0)
    assert depot.one("SELECT position FROM cqrs.rebuild_parts") == 60
    done = rebuild(ORDERS)
    assert (done.differing, done.rows) == (0, 54)


def test_two_rebuilds_of_one_projection_do_not_run_at_once(depot: Depot) -> None:
    depot.trade()
    depot.project()
    refused: list[str] = []

    def again(_: Progress) -> None:
        with pytest.raises(RebuildRunning, match="is being rebuilt already") as caught:
            rebuild(ORDERS)
        refused.append(str(caught.value))

    assert rebuild(ORDERS, progress=again).differing == 0
    assert refused


def test_a_rebuild_that_runs_can_be_cancelled(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 5)
    monkeypatch.setattr("worker.rebuild.progress.EVERY", 0.0)
    depot.trade()
    depot.project()
    before = depot.orders()

    def stop(_: Progress) -> None:
        assert cancel(ORDERS)

    with pytest.raises(RebuildCancelled, match=r"depot\.orders"):
        rebuild(ORDERS, progress=stop)
    assert depot.orders() == before
    assert depot.tables() == {"depot_orders_v1", "depot_stock_v1"}
    assert depot.rebuilds()[0]["state"] == "cancelled"


def test_a_swap_lets_a_long_reader_finish_and_holds_nobody_up_for_long(depot: Depot) -> None:
    depot.trade()
    depot.project()
    with depot.database.connect() as reader, depot.database.connect() as other:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM query.depot_orders")
        rebuilding = threading.Thread(target=rebuild, args=(ORDERS,))
        rebuilding.start()
        try:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            until(lambda: depot.one(waiting, "query.depot_orders"), 20)
            for _ in range(20):
                other.execute("SET statement_timeout = '3s'")
                other.execute("SELECT count(*) FROM query.depot_orders")
            assert depot.live() == "depot_orders_v1"
        finally:
            reader.execute("COMMIT")
            rebuilding.join(30)
    assert depot.live() == "depot_orders_v2"
    assert depot.one("SELECT deaths FROM cqrs.subscriptions WHERE name = %s", ORDERS) == 0


def test_a_snapshot_from_before_the_swap_never_sees_the_new_table_without_its_rows(
    depot: Depot,
) -> None:
    depot.trade()
    depot.project()
    with depot.database.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1 FROM pg_class LIMIT 1")
        rebuilding = threading.Thread(target=rebuild, args=(ORDERS,))
        rebuilding.start()
        try:
            waits = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE query LIKE '%%backend_xmin%%' AND pid <> pg_backend_pid()"
            )
            until(lambda: depot.one(waits) or depot.live() == "depot_orders_v2", 20)
            rows = reader.execute("SELECT count(*) FROM query.depot_orders").fetchone()
            assert rows == (27,)
            assert depot.live() == "depot_orders_v1"
        finally:
            reader.execute("COMMIT")
            rebuilding.join(30)
    assert depot.live() == "depot_orders_v2"


def test_a_batch_that_was_planned_for_the_old_table_is_not_written_to_it(depot: Depot) -> None:
    depot.trade(1, 5)
    depot.project()
    rebuild(ORDERS)
    depot.connection.execute("CREATE TABLE query.depot_orders_v1 (LIKE query.depot_orders_v2)")
    depot.place(50)
    with db.writer() as connection:
        (at,) = checkpoints.of(connection, ORDERS)
        events = event_log.read(connection, after=at.position, upto=at.position + 1, limit=10)
        read_tables.learn(order_list, ORDERS, "depot_orders_v1", 1)
        assert advance(connection, Step(order_list, at, at.position + 1, events)) is None
    assert depot.one("SELECT count(*) FROM query.depot_orders_v1") == 0
    depot.project()
    assert len(depot.orders()) == 6


def test_whoever_the_swap_has_sent_away_is_called_back(depot: Depot) -> None:
    depot.trade(1, 3)
    depot.project()
    rebuild(ORDERS)
    assert ("cqrs.project", ["depot"]) in [(one.task, one.args) for one in sent("projections")]

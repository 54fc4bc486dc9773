"""Rebuilds as Celery tasks, on real prefork workers."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from celery.events.state import State

from tests.rebuild.conftest import DOMAIN, ORDERS, Depot
from tests.rebuild.depot.declared import DEAF
from tests.rebuild.test_slices import slow_index
from tests.support.workers import Workers, until
from worker.base import settings
from worker.base.app import app
from worker.rebuild.tasks import rebuild_all, rebuild_projection, verify_sample

SLOWLY = {"DEPOT_PAUSE": "0.1"}
"""Sixty orders take longer than a task may."""


@pytest.fixture
def depot_workers(workers: Workers) -> Workers:
    """Workers that know the depot."""
    workers.settings = settings.get_settings().model_copy(update={"domains": (DOMAIN,)})
    return workers


def test_a_rebuild_is_a_task_with_a_result(depot: Depot, depot_workers: Workers) -> None:
    depot.trade()
    depot.project()
    depot_workers.start(["maintenance"], concurrency=1)
    done = rebuild_projection.delay(ORDERS).get(timeout=30)
    assert (done["table"], done["rows"], done["differing"]) == ("depot_orders_v2", 27, 0)


def test_a_rebuild_longer_than_a_tasks_time_limit_is_done_in_slices(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 60)
    depot.project()
    depot_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    result = rebuild_projection.delay(ORDERS)
    until(lambda: result.state == "PROGRESS", 20)
    assert result.info["total"] == depot.one("SELECT max(position) FROM cqrs.events")
    done = result.get(timeout=60)
    assert (done["rows"], done["differing"]) == (54, 0)
    (row,) = depot.rebuilds()
    took = row["finished_at"] - row["started_at"]
    assert took.total_seconds() > settings.get_settings().task_time_limit


def test_whoever_watches_events_sees_the_progress_of_the_nightly_rebuild_too(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 60)
    depot.project()
    depot_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    state = State()
    seen: list[dict[str, Any]] = []
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(
            connection, handlers={"*": state.event, "task-progress": seen.append}
        )
        asked = rebuild_all.delay([ORDERS])
        for _ in receiver.itercapture(limit=None, timeout=60):
            if seen:
                break
    assert seen[0]["uuid"] == asked.id
    assert seen[0]["progress"]["total"] == depot.one("SELECT max(position) FROM cqrs.events")
    state.event(seen[0])
    assert state.tasks[asked.id].state == "PROGRESS"  # what Flower shows is such a State


def test_an_index_that_takes_longer_than_a_tasks_time_limit_is_made_all_the_same(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 6)
    depot.project()
    slow_index(depot, seconds=0.9)
    depot_workers.start(["maintenance"], concurrency=1)
    done = rebuild_projection.delay(ORDERS).get(timeout=90)
    assert (done["rows"], done["differing"]) == (6, 0)
    (row,) = depot.rebuilds()
    took = row["finished_at"] - row["started_at"]
    assert took.total_seconds() > settings.get_settings().task_time_limit
    assert depot.one("SELECT count(*) FROM pg_indexes WHERE indexname ~ 'v2_thought_over'") == 1


def test_a_rebuild_that_hears_no_soft_limit_is_killed_and_goes_on(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 9)
    depot.project()
    deaf = settings.get_settings().home / DEAF
    deaf.touch()
    worker = depot_workers.start(["maintenance"], concurrency=1)
    rebuild_projection.delay(ORDERS)
    until(lambda: not deaf.exists(), 20)
    until(lambda: [row["state"] for row in depot.rebuilds()] == ["done"], 60)
    assert "Hard time limit" in worker.log.read_text()
    assert depot.live() == "depot_orders_v2"


def test_a_second_rebuild_is_refused_while_the_first_one_runs(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 60)
    depot.project()
    depot_workers.start(["maintenance"], concurrency=2, environ=SLOWLY)
    first = rebuild_projection.delay(ORDERS)
    until(lambda: first.state == "PROGRESS", 20)
    with pytest.raises(Exception, match=r"is being rebuilt already: see `cqrs status`"):
        rebuild_projection.delay(ORDERS).get(timeout=30)
    assert first.get(timeout=60)["differing"] == 0
    assert len(depot.rebuilds()) == 1


def test_a_worker_that_is_killed_leaves_the_rebuild_to_the_next(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 60)
    depot.project()
    first = depot_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    result = rebuild_projection.delay(ORDERS)
    until(lambda: depot.one("SELECT position FROM cqrs.rebuild_parts WHERE position > 10"), 30)
    os.killpg(first.process.pid, signal.SIGKILL)
    depot_workers.start(["maintenance"], concurrency=1)
    done = result.get(timeout=60)
    assert (done["rows"], done["differing"]) == (54, 0)
    assert len(depot.rebuilds()) == 1


def test_all_projections_are_rebuilt_one_after_the_other(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade()
    depot.project()
    depot_workers.start(["maintenance"], concurrency=1)
    rebuild_all.delay()
    until(lambda: [row["state"] for row in depot.rebuilds()] == ["done", "done"], 30)
    assert {row["name"] for row in depot.rebuilds()} == {"depot.orders", "depot.stock"}


def test_slices_after_midnight_leave_the_next_night_its_slot(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 60)
    depot.project()
    depot_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    rebuild_all.delay(every=86_400.0)
    until(lambda: depot.rebuilds(), 30)
    depot.connection.execute("UPDATE cqrs.slots SET slot = slot - 1")  # as if a day had passed
    tonight = depot.one("SELECT slot FROM cqrs.slots")
    until(lambda: [row["state"] for row in depot.rebuilds()] == ["done", "done"], 60)
    first = depot.rebuilds()[0]
    limit = settings.get_settings().task_time_limit
    assert (first["finished_at"] - first["started_at"]).total_seconds() > limit
    assert depot.one("SELECT slot FROM cqrs.slots") == tonight


def test_one_that_fails_stops_no_other(depot: Depot, depot_workers: Workers) -> None:
    depot.trade()
    depot.project()
    position = depot.one("SELECT min(position) FROM cqrs.events WHERE type = 'depot.Placed'")
    depot.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    depot_workers.start(["maintenance"], concurrency=1)
    rebuild_all.delay()
    until(lambda: [row["state"] for row in depot.rebuilds()] == ["failed", "done"], 30)


def test_a_fold_that_fails_keeps_no_other_projection_from_being_verified(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade()
    depot.project()
    position = depot.one("SELECT min(position) FROM cqrs.events WHERE type = 'depot.Placed'")
    depot.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    depot_workers.start(["maintenance"], concurrency=1)
    assert set(verify_sample.delay().get(timeout=30)) == {"depot.stock"}


def test_a_task_verifies_a_sample_of_every_projection(depot: Depot, depot_workers: Workers) -> None:
    depot.trade()
    depot.project()
    depot.connection.execute("UPDATE query.depot_stock SET taken = 0 WHERE product = 'p1'")
    depot_workers.start(["maintenance"], concurrency=1)
    assert verify_sample.delay().get(timeout=30) == {"depot.orders": 0, "depot.stock": 1}

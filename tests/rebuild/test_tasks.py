"""Rebuilds as Celery tasks, on real prefork workers."""

from __future__ import annotations

import os
import signal

import pytest

from tests.rebuild.conftest import DOMAIN, ORDERS, Depot
from tests.support.workers import Workers, until
from worker import settings
from worker.rebuild.tasks import rebuild_all, rebuild_projection


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
    slowly = {"CQRS_TEST_SLOWLY": "1"}
    depot_workers.start(["maintenance"], concurrency=1, environ=slowly)
    result = rebuild_projection.delay(ORDERS)
    until(lambda: result.state in {"PROGRESS", "RETRY", "SUCCESS"}, 20)
    done = result.get(timeout=60)
    assert (done["rows"], done["differing"]) == (54, 0)
    assert len(depot.rebuilds()) == 1


def test_a_worker_that_is_killed_leaves_the_rebuild_to_the_next(
    depot: Depot, depot_workers: Workers
) -> None:
    depot.trade(1, 60)
    depot.project()
    first = depot_workers.start(["maintenance"], concurrency=1, environ={"CQRS_TEST_SLOWLY": "1"})
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

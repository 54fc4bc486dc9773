"""Rebuilds as Celery tasks, on real prefork workers."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from celery.events.state import State

from tests.rebuild.conftest import DOMAINS, ReadModels
from tests.rebuild.conftest import deploy as deploy
from tests.rebuild.conftest import filled as filled
from tests.rebuild.conftest import things as things  # fixtures
from tests.rebuild.test_slices import slow_index
from tests.rebuild.trouble import DEAF
from tests.support.things.history import LIST, PLACES
from tests.support.workers import Workers, until
from worker.base import settings
from worker.base.app import app
from worker.base.standing_failures import MaintenanceFailed
from worker.rebuild.tasks import rebuild_all, rebuild_projection, verify_sample

SLOWLY = {"THINGS_PAUSE": "0.1"}
"""Sixty things take longer than a task may."""


@pytest.fixture
def things_workers(workers: Workers) -> Workers:
    """Workers that know the things."""
    workers.settings = settings.get_settings().model_copy(update={"domains": DOMAINS})
    return workers


def test_a_rebuild_is_a_task_with_a_result(things: ReadModels, things_workers: Workers) -> None:
    things.fill()
    things.project()
    things_workers.start(["maintenance"], concurrency=1)
    done = rebuild_projection.delay(LIST).get(timeout=30)
    assert (done["table"], done["rows"], done["differing"]) == ("things_v2", 27, 0)


def test_a_rebuild_longer_than_a_tasks_time_limit_is_done_in_slices(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 60)
    things.project()
    things_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    result = rebuild_projection.delay(LIST)
    until(lambda: result.state == "PROGRESS", 20)
    assert result.info["total"] == things.one("SELECT max(position) FROM cqrs.events")
    done = result.get(timeout=60)
    assert (done["rows"], done["differing"]) == (54, 0)
    (row,) = things.rebuilds()
    took = row["finished_at"] - row["started_at"]
    assert took.total_seconds() > settings.get_settings().task_time_limit


def test_whoever_watches_events_sees_the_progress_of_the_nightly_rebuild_too(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 60)
    things.project()
    things_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    state = State()
    seen: list[dict[str, Any]] = []
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(
            connection, handlers={"*": state.event, "task-progress": seen.append}
        )
        asked = rebuild_all.delay([LIST])
        for _ in receiver.itercapture(limit=None, timeout=60):
            if seen:
                break
    assert seen[0]["uuid"] == asked.id
    assert seen[0]["progress"]["total"] == things.one("SELECT max(position) FROM cqrs.events")
    state.event(seen[0])
    assert state.tasks[asked.id].state == "PROGRESS"  # what Flower shows is such a State


def test_an_index_that_takes_longer_than_a_tasks_time_limit_is_made_all_the_same(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 6)
    things.project()
    slow_index(things, seconds=0.9)
    things_workers.start(["maintenance"], concurrency=1)
    done = rebuild_projection.delay(LIST).get(timeout=90)
    assert (done["rows"], done["differing"]) == (6, 0)
    (row,) = things.rebuilds()
    took = row["finished_at"] - row["started_at"]
    assert took.total_seconds() > settings.get_settings().task_time_limit
    assert things.one("SELECT count(*) FROM pg_indexes WHERE indexname ~ 'v2_thought_over'") == 1


def test_a_rebuild_that_hears_no_soft_limit_is_killed_and_goes_on(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 9)
    things.project()
    deaf = settings.get_settings().home / DEAF
    deaf.touch()
    worker = things_workers.start(["maintenance"], concurrency=1)
    rebuild_projection.delay(LIST)
    until(lambda: not deaf.exists(), 20)
    until(lambda: [row["state"] for row in things.rebuilds()] == ["done"], 60)
    assert "Hard time limit" in worker.log.read_text()
    assert things.live() == "things_v2"


def test_a_second_rebuild_is_refused_while_the_first_one_runs(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 60)
    things.project()
    things_workers.start(["maintenance"], concurrency=2, environ=SLOWLY)
    first = rebuild_projection.delay(LIST)
    until(lambda: first.state == "PROGRESS", 20)
    with pytest.raises(Exception, match=r"is being rebuilt already: see `cqrs status`"):
        rebuild_projection.delay(LIST).get(timeout=30)
    assert first.get(timeout=60)["differing"] == 0
    assert len(things.rebuilds()) == 1


def test_a_worker_that_is_killed_leaves_the_rebuild_to_the_next(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 60)
    things.project()
    first = things_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    result = rebuild_projection.delay(LIST)
    until(lambda: things.one("SELECT position FROM cqrs.rebuild_parts WHERE position > 10"), 30)
    os.killpg(first.process.pid, signal.SIGKILL)
    things_workers.start(["maintenance"], concurrency=1)
    done = result.get(timeout=60)
    assert (done["rows"], done["differing"]) == (54, 0)
    assert len(things.rebuilds()) == 1


def test_all_projections_are_rebuilt_one_after_the_other(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill()
    things.project()
    things_workers.start(["maintenance"], concurrency=1)
    rebuild_all.delay()
    until(lambda: [row["state"] for row in things.rebuilds()] == ["done", "done"], 30)
    assert {row["name"] for row in things.rebuilds()} == {LIST, PLACES}


def test_slices_after_midnight_leave_the_next_night_its_slot(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill(1, 60)
    things.project()
    things_workers.start(["maintenance"], concurrency=1, environ=SLOWLY)
    rebuild_all.delay(every=86_400.0)
    until(lambda: things.rebuilds(), 30)
    things.connection.execute("UPDATE cqrs.slots SET slot = slot - 1")  # as if a day had passed
    tonight = things.one("SELECT slot FROM cqrs.slots")
    until(lambda: [row["state"] for row in things.rebuilds()] == ["done", "done"], 60)
    first = things.rebuilds()[0]
    limit = settings.get_settings().task_time_limit
    assert (first["finished_at"] - first["started_at"]).total_seconds() > limit
    assert things.one("SELECT slot FROM cqrs.slots") == tonight


def test_one_that_fails_stops_no_other(things: ReadModels, things_workers: Workers) -> None:
    things.fill()
    things.project()
    position = things.one("SELECT min(position) FROM cqrs.events WHERE type = 'things.ThingAdded'")
    things.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    things_workers.start(["maintenance"], concurrency=1)
    rebuild_all.delay()
    until(lambda: [row["state"] for row in things.rebuilds()] == ["failed", "done"], 30)


def test_a_fold_that_fails_keeps_no_other_projection_from_being_verified(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill()
    things.project()
    position = things.one("SELECT min(position) FROM cqrs.events WHERE type = 'things.ThingAdded'")
    things.connection.execute("DELETE FROM cqrs.events WHERE position = %s", [position])
    things_workers.start(["maintenance"], concurrency=1)
    with pytest.raises(MaintenanceFailed, match="LookupError") as caught:
        verify_sample.delay().get(timeout=30)
    assert "rows of the sample differ" in caught.value.failed[PLACES]
    assert things.one("SELECT name FROM cqrs.verifications") == PLACES


def test_a_task_verifies_a_sample_of_every_projection(
    things: ReadModels, things_workers: Workers
) -> None:
    things.fill()
    things.project()
    things.connection.execute("UPDATE query.thing_places SET held = 0 WHERE place = 'p1'")
    things_workers.start(["maintenance"], concurrency=1)
    with pytest.raises(MaintenanceFailed, match=f"{PLACES}: 1 rows of the sample differ"):
        verify_sample.delay().get(timeout=30)
    assert verify_sample.delay(names=[LIST]).get(timeout=30) == {LIST: 0}

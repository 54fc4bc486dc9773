"""Schema changes as Celery tasks, on a worker thread."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import redis as redis_py
from celery.contrib.testing.worker import start_worker

from tasks.schema import execute_changeset, refresh_query_side, rollback_changeset, track_change
from tests.conftest import Database
from worker.app import QUEUES, app


@pytest.fixture
def worker(own_database: Database, redis: redis_py.Redis) -> Iterator[None]:
    """A worker thread on every queue."""
    app.loader.import_default_modules()
    with start_worker(app, pool="solo", queues=QUEUES, perform_ping_check=False):
        yield
    logging.getLogger().handlers.clear()


@pytest.mark.usefixtures("worker")
def test_a_changeset_is_tracked_executed_and_taken_back_by_tasks(
    own_database: Database,
) -> None:
    recorded = track_change.delay(
        ["CREATE TABLE command.notes (note_id uuid PRIMARY KEY, body text)"],
        ["CREATE MATERIALIZED VIEW query.note_count AS SELECT count(*) AS n FROM command.notes"],
        "add notes",
        "1.0.0",
        atomic=False,
    ).get(timeout=20)
    assert recorded["status"] == "pending"
    done = execute_changeset.delay(recorded["id"]).get(timeout=20)
    assert done["status"] == "completed"
    with own_database.connect() as connection:
        connection.execute("INSERT INTO command.notes VALUES (gen_random_uuid(), 'x')")
        assert refresh_query_side.delay(["query.note_count"]).get(timeout=20)
        assert connection.execute("SELECT n FROM query.note_count").fetchone() == (1,)
    with pytest.raises(Exception, match="undo"):
        rollback_changeset.delay(recorded["id"]).get(timeout=20)

"""The schedule: every slot once, with two beats as with one, and what may be forgotten."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support import shop
from tests.support.workers import Workers, until
from worker.operating import slots
from worker.operating.retention import prune


def test_a_slot_is_taken_once(database: Database) -> None:
    assert slots.take("nightly", 86_400)
    assert not slots.take("nightly", 86_400)
    assert slots.take("hourly", 3_600)
    assert slots.take("nightly", None)  # somebody asks for it by hand
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.slots SET slot = slot - 1")
    assert slots.take("nightly", 86_400)


@pytest.mark.settings(sweep_interval=0.5)
def test_beat_sends_what_the_schedule_says(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    workers.start_beat()
    workers.start(["maintenance"], concurrency=1)
    with database.connect() as connection:
        taken = "SELECT slot FROM cqrs.slots WHERE task = 'cqrs.sweep'"
        first = until(lambda: connection.execute(taken).fetchone(), 30, "no sweep ran")
        until(lambda: connection.execute(taken).fetchone() > first, 10, "only one sweep ran")


@pytest.mark.settings(redbeat=True, sweep_interval=0.5)
def test_two_beats_on_redbeat_keep_one_schedule(
    database: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    workers.start_beat()
    workers.start_beat()
    workers.start(["maintenance"], concurrency=1)
    with database.connect() as connection:
        taken = "SELECT slot FROM cqrs.slots WHERE task = 'cqrs.sweep'"
        until(lambda: connection.execute(taken).fetchone(), 30, "no sweep ran")
    assert redis.exists("redbeat::lock")


def test_what_is_older_than_its_retention_is_forgotten(database: Database) -> None:
    shop.customer()
    shop.customer()
    with database.connect() as connection:
        connection.execute(
            "UPDATE cqrs.receipts SET completed_at = now() - interval '91 days'"
            " WHERE command_id = (SELECT min(command_id::text)::uuid FROM cqrs.receipts)"
        )
        assert prune()["cqrs.receipts"] == 1
        assert connection.execute("SELECT count(*) FROM cqrs.receipts").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM cqrs.events").fetchone() == (2,)

"""Tasks that need no prefork, on a worker thread of Celery's own test kit."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis as redis_py
from celery.contrib.testing.worker import start_worker

import beat_schedule
from tests.conftest import Database
from tests.support.domains import import_like_a_worker
from tests.support.things.commands import add_thing, bump_thing
from tests.support.workers import until
from worker.base.app import QUEUES, app
from worker.base.settings import get_settings
from worker.contracts import Status, uuid7
from worker.ops.status import gather


@pytest.fixture
def worker(things: Database, redis: redis_py.Redis) -> Iterator[None]:
    """A worker thread on every queue."""
    import_like_a_worker()
    with start_worker(
        app, pool="solo", queues=QUEUES, perform_ping_check=False, shutdown_timeout=30
    ):
        yield
    logging.getLogger().handlers.clear()


def test_the_sweep_finds_what_nobody_was_told_about(things: Database, worker: None) -> None:
    thing = uuid7()
    with things.connect() as connection:
        connection.execute(
            "SELECT * FROM cqrs.enqueue(jsonb_build_array(jsonb_build_object("
            "'ord', 0, 'command_id', %s::text, 'name', 'things.add',"
            "'actor', 'system', 'roles', '[]'::jsonb,"
            "'payload', jsonb_build_object('thing_id', %s::text, 'price', '1.00'))))",
            (str(uuid7()), str(thing)),
        )
        app.send_task("cqrs.sweep")
        listed = "SELECT thing_id FROM query.things"
        until(lambda: connection.execute(listed).fetchone() == (thing,), 20)


def test_a_client_in_another_language_gets_errors_as_receipts(worker: None) -> None:
    sent = app.send_task(
        "things.bump", kwargs={"by": "many", "colour": "red"}, task_id=str(uuid7())
    )
    receipt = sent.get(timeout=20)
    assert receipt["status"] == Status.REJECTED
    assert set(receipt["errors"]) == {"thing_id", "by", "colour"}


def test_an_unknown_command_on_the_wire_waits_for_a_worker_that_knows_it(
    things: Database, worker: None
) -> None:
    sent = app.send_task("things.fly", kwargs={"to": "x"}, task_id=str(uuid7()), queue="commands")

    with things.connect() as connection:
        listed = "SELECT command_id::text, name, status FROM cqrs.receipts"
        until(lambda: connection.execute(listed).fetchone(), 20)
        assert connection.execute(listed).fetchall() == [(sent.id, "things.fly", "submitted")]
    log = gather(timeout=0.01).log
    assert log is not None
    assert [(one.name, one.count) for one in log.unknown_commands] == [("things.fly", 1)]


def test_a_secret_field_is_in_no_log_and_no_event(redis: redis_py.Redis, things: Database) -> None:
    add_thing.delay(price=Decimal("1.00"), note="open sesame")
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        (message,) = broker.lrange("commands", 0, -1)
    headers = json.loads(message)["headers"]
    assert "open sesame" not in headers["kwargsrepr"]
    assert "'***'" in headers["kwargsrepr"]
    assert headers["cqrs"]["actor"]["name"] == "system"


def test_each_message_goes_to_one_queue(redis: redis_py.Redis, things: Database) -> None:
    bump_thing.delay(thing_id=uuid7())
    app.send_task("cqrs.sweep")
    app.send_task("cqrs.project", args=("default",))
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        lengths = {queue: broker.llen(queue) for queue in QUEUES}
    assert lengths == {"commands": 1, "projections": 1, "reactions": 0, "maintenance": 1}


def test_every_task_of_the_schedule_is_registered(database: Database) -> None:
    import_like_a_worker()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
    assert all(entry.why for entry in beat_schedule.entries(get_settings()).values())

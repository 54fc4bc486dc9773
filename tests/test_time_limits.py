"""Time limits: a worker's own settings hold, whatever the sender's are."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support.things.commands import add_thing, bump_thing
from tests.support.workers import Workers
from worker.base.app import app
from worker.base.settings import get_settings
from worker.contracts import Status

pytestmark = pytest.mark.usefixtures("things")


def test_no_message_carries_the_limits_of_its_sender(redis: redis_py.Redis) -> None:
    add_thing.delay(price=Decimal("1.00"))
    add_thing.delay_many([{"price": "1.00"}])
    app.send_task("cqrs.drain", ignore_result=True)
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        messages = [json.loads(one) for one in broker.lrange("commands", 0, -1)]
    assert len(messages) == 3
    assert [one["headers"]["timelimit"] for one in messages] == [[None, None]] * 3


@pytest.mark.settings(task_soft_time_limit=1, task_time_limit=30, visibility_timeout=60)
def test_a_command_is_stopped_by_the_limit_of_the_worker_that_runs_it(
    things: Database, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    receipt = bump_thing.delay(thing_id=thing, mishap="stands still").receipt(20)
    assert receipt.status is Status.DEAD
    assert receipt.error == "it took longer than 1 s"
    assert bump_thing.delay(thing_id=thing).receipt(20).succeeded

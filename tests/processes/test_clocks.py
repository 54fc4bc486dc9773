"""Machines whose clocks do not agree: what carries progress does not expire."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.things.commands import add_thing
from tests.support.things.history import Things
from tests.support.workers import Workers, until
from worker.base.app import app

pytestmark = pytest.mark.usefixtures("redis")
AHEAD = "tests.support.clock_ahead"


def test_a_worker_whose_clock_is_ahead_takes_what_is_enqueued_and_reads_the_log(
    things: Things, workers: Workers
) -> None:
    workers.start(concurrency=2, app_module=AHEAD)
    with things.connect() as connection, connection.transaction():
        handle = add_thing.enqueue(connection, price=Decimal(1))
    app.send_task("cqrs.sweep", ignore_result=True)

    assert until(handle.stored_receipt, 20).succeeded
    until(lambda: things.checkpoint().get("position") == things.last(), 20)


@pytest.mark.settings(sweep_interval=0.2)
def test_it_takes_what_beat_sends_too(things: Things, workers: Workers) -> None:
    worker = workers.start(["maintenance"], concurrency=1, app_module=AHEAD)
    workers.start_beat()
    until(lambda: worker.log.read_bytes().count(b"cqrs.sweep") > 20, 30)
    assert b"expired" not in worker.log.read_bytes()

"""One of many commands that takes longer than a task may: it is found, the others are done."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.processes.test_durable_messages import counted, settled
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.workers import Workers
from worker.contracts import Status


@pytest.mark.settings(task_soft_time_limit=2, task_time_limit=4, visibility_timeout=9)
def test_one_of_many_that_takes_too_long_is_found_and_the_others_are_done(
    things: Things, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=2)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    lines = [{"thing_id": thing, "mishap": "stands still" if n == 3 else ""} for n in range(8)]

    receipts = settled(bump_thing.delay_many(lines), 60)

    assert [one.status is Status.DEAD for one in receipts] == [n == 3 for n in range(8)]
    assert "took longer than 2 s" in (receipts[3].error or "")
    assert counted(things) == [7]

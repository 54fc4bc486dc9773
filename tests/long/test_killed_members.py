"""A chord's member is killed while nobody can count it: through a real worker and a full Valkey."""

from __future__ import annotations

from decimal import Decimal

import pytest
from celery import chord

from tests.processes.test_durable_messages import full, settled
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.history import Things
from tests.support.workers import Workers, until
from worker.contracts import Status
from worker.embedded import Servers

pytestmark = [pytest.mark.usefixtures("things"), pytest.mark.slow]


@pytest.mark.settings(task_soft_time_limit=2, task_time_limit=4, visibility_timeout=30)
def test_a_member_that_was_killed_while_valkey_was_full_stops_its_chord(
    things: Things, workers: Workers, servers: Servers
) -> None:
    """It is dead at once, and counted when there is room: its message comes again for that."""
    worker = workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    good, deaf = bump_thing.s(thing_id=thing), bump_thing.s(thing_id=thing, mishap="deaf")
    body = chord([good, deaf], bump_thing.s(thing_id=thing)).apply_async()
    until(lambda: "Soft time limit" in worker.log.read_text(), 20)
    with full(servers):
        until(lambda: "killed, but nothing could be written" in worker.log.read_text(), 20)
        assert body.stored_receipt() is None
    (receipt,) = settled([body], 60)
    assert receipt.status is Status.REJECTED
    assert "a member of its chord did not succeed" in (receipt.error or "")

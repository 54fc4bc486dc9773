"""Long chains: a link costs the same however many follow it."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from celery import chain

from tests.support.things.commands import add_thing
from tests.support.workers import Workers

pytestmark = pytest.mark.usefixtures("things")


def per_link(links: int) -> float:
    """Seconds for each link of a chain, at best of three."""
    took = []
    for _ in range(3):
        last = chain(*(add_thing.s(price=Decimal("1.00")) for _ in range(links))).apply_async()
        began = time.monotonic()
        assert last.receipt(120).succeeded
        took.append((time.monotonic() - began) / links)
    return min(took)


@pytest.mark.timeout(240)
def test_a_link_takes_as_long_however_many_follow_it(workers: Workers) -> None:
    """Of 1,000 links each took two and a half times as long as of 100, and it grew."""
    workers.start(["commands"], concurrency=1)
    assert add_thing.delay(price=Decimal("1.00")).receipt(30).succeeded

    assert per_link(600) < 1.5 * per_link(60)

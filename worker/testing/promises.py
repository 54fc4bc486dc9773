"""What projections promise of their domain, held against the log of every test."""

from __future__ import annotations

import psycopg

from worker import event_log
from worker.event_log.subscribers import subscriptions
from worker.subscriptions.partitions import shared_row
from worker.subscriptions.projection import Projection

MOST = 5_000
"""Events of a test that are looked at."""


def broken(url: str) -> list[str]:
    """The projections that say `by_stream=True` and have a row fed by two streams of a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        there = connection.execute("SELECT to_regclass('cqrs.events') IS NOT NULL").fetchone()
        if there != (True,):
            return []
        events = event_log.read(connection, after=0, upto=2**47, limit=MOST)
    promising = [one for one in subscriptions if isinstance(one, Projection) and one.by_stream]
    found = {
        one.name: shared_row(one, [event for event in events if event.type in one.event_types])
        for one in promising
    }
    return [f"{name}: {shared}" for name, shared in found.items() if shared]

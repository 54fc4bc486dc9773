"""How long one try waits for locks: all its waits together, not each by itself.

What a transaction has locked stays locked while it waits for the next lock, and everybody queues
behind it. PostgreSQL's `lock_timeout` limits each single wait; a statement may wait several times,
and a change has many statements. So each statement gets the rest of the budget as its
`lock_timeout`, and while it runs a thread samples `pg_locks`, adds up the time that it waits, and
cancels it when the budget is spent. Time spent working counts for nothing: a long UPDATE does not
use up the budget of the next statement (so `transaction_timeout` is no substitute).

Measured (test_lock_budget.py; `lock_timeout` 0.5 s, five views that others release one after the
other): an application's INSERT into the table that the changeset has altered waits 0.5 s at most
with the thread, 2.0 s without it, through any number of statements.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from worker.base.db import Connection
from worker.schema.execute import SQL

_SAMPLES = 20
"""Samples within the whole budget: what is lost is a twentieth of it."""


class LockBudget:
    """The seconds that a try may still wait for locks; `is_spent` once it was cancelled for them.

    `work` is the session that waits, `observer` one that can look at it meanwhile.
    """

    def __init__(self, work: Connection, observer: Connection, seconds: float) -> None:
        self.work, self.observer = work, observer
        self.left, self.is_spent = seconds, False
        self._interval = seconds / _SAMPLES
        self._over = threading.Event()

    @contextmanager
    def all_waiting(self) -> Iterator[None]:
        """Around what does nothing but wait: all of its time counts."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.left -= time.monotonic() - start

    @contextmanager
    def sampled(self) -> Iterator[None]:
        """Around statements: the part of their time counts in which they wait."""
        sampler = threading.Thread(target=self._sample, name="cqrs-lock-budget", daemon=True)
        sampler.start()
        try:
            yield
        finally:
            self._over.set()
            sampler.join()

    def _sample(self) -> None:
        """Until it is over, or a session has ended: that shows elsewhere."""
        last = time.monotonic()
        with suppress(psycopg.Error):
            while not self._over.wait(self._interval) and not self.is_spent:
                now = time.monotonic()
                if self._waits():
                    self._spend(now - last)
                last = now

    def _waits(self) -> bool:
        pid = {"pid": self.work.info.backend_pid}
        row = self.observer.execute(SQL["waits"], pid).fetchone()
        return bool(row and row[0])

    def _spend(self, seconds: float) -> None:
        self.left -= seconds
        if self.left <= 0:
            self.is_spent = True
            self.work.cancel_safe()

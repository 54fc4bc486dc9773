"""How long one try waits for locks: all its waits together, not each by itself.

What a transaction has locked stays locked while it waits for the next lock, and everybody queues
behind it. PostgreSQL's `lock_timeout` limits each single wait; a statement may wait several times,
and a change has many statements. So each statement gets what is left as its `lock_timeout`, and
while it runs somebody looks on who counts how long it waits, and cancels it when nothing is left.
Time spent working counts for nothing: a long UPDATE does not use up the patience of the next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from worker.base.db import Connection
from worker.schema.execute import SQL

_LOOKS = 20
"""How often it is looked within the whole patience: what is lost is a twentieth of it."""


class LockBudget:
    """The seconds that a try may still wait for locks; `ran_out` once it was cancelled for them."""

    def __init__(self, work: Connection, onlooker: Connection, seconds: float) -> None:
        self.work, self.onlooker = work, onlooker
        self.left, self.ran_out = seconds, False
        self._every = seconds / _LOOKS
        self._over = threading.Event()

    @contextmanager
    def spent_waiting(self) -> Iterator[None]:
        """Around what does nothing but wait: all of its time counts."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.left -= time.monotonic() - start

    @contextmanager
    def looking_on(self) -> Iterator[None]:
        """Around statements: the part of their time counts in which they wait."""
        onlooker = threading.Thread(target=self._look_on, name="cqrs-patience", daemon=True)
        onlooker.start()
        try:
            yield
        finally:
            self._over.set()
            onlooker.join()

    def _look_on(self) -> None:
        """Until it is over, or a session has ended: that shows elsewhere."""
        last = time.monotonic()
        with suppress(psycopg.Error):
            while not self._over.wait(self._every) and not self.ran_out:
                now = time.monotonic()
                if self._waits():
                    self._count(now - last)
                last = now

    def _waits(self) -> bool:
        pid = {"pid": self.work.info.backend_pid}
        row = self.onlooker.execute(SQL["waits"], pid).fetchone()
        return bool(row and row[0])

    def _count(self, seconds: float) -> None:
        self.left -= seconds
        if self.left <= 0:
            self.ran_out = True
            self.work.cancel_safe()

"""Waiting that ends: short rests at first, longer ones later, a deadline over all."""

from __future__ import annotations

import time

FIRST_REST = 0.002
LONGEST_REST = 0.05
GROWTH = 1.5


def rest(seconds: float) -> None:
    """Sleep. The one place where a reader does."""
    time.sleep(seconds)


class Backoff:
    """A wait of so many seconds in all, from now on or `since` a moment of the monotonic clock."""

    def __init__(self, seconds: float, *, since: float | None = None) -> None:
        self.deadline = (time.monotonic() if since is None else since) + seconds
        self._next = FIRST_REST

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 when it has passed."""
        return max(0.0, self.deadline - time.monotonic())

    def rest(self) -> bool:
        """Sleep a little, longer each time; False, at once, when there is no time left."""
        left = self.left
        if left <= 0:
            return False
        rest(min(self._next, left))
        self._next = min(self._next * GROWTH, LONGEST_REST)
        return True

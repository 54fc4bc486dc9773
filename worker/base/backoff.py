"""Waiting that ends: short rests at first, longer ones later, a deadline over all.

What waits is written once, as steps: a generator that yields the seconds of each rest and holds
nothing while it rests. A thread sleeps them (`take`), a coroutine awaits them (`awaiting.atake`).
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Steps: TypeAlias = Generator[float, None, T]
"""What comes to a value of type T, with rests in between."""

FIRST_REST = 0.002
LONGEST_REST = 0.05
GROWTH = 1.5


def rest(seconds: float) -> None:
    """Sleep. The one place where a reader does."""
    time.sleep(seconds)


def take(steps: Steps[T]) -> T:
    """Take the steps in this thread, sleeping in between; what they come to."""
    while True:
        try:
            pause = next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the generator returns
        rest(pause)


class Backoff:
    """A wait of so many seconds in all, from now on or `since` a moment of the monotonic clock."""

    def __init__(self, seconds: float, *, since: float | None = None) -> None:
        self.deadline = (time.monotonic() if since is None else since) + seconds
        self._next = FIRST_REST

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 when it has passed."""
        return max(0.0, self.deadline - time.monotonic())

    def pause(self) -> float | None:
        """How long to rest now, longer each time; None when there is no time left."""
        left = self.left
        if left <= 0:
            return None
        pause = min(self._next, left)
        self._next = min(self._next * GROWTH, LONGEST_REST)
        return pause

    def rest(self) -> bool:
        """Sleep a little, longer each time; False, at once, when there is no time left."""
        pause = self.pause()
        if pause is not None:
            rest(pause)
        return pause is not None

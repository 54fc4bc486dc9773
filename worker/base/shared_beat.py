"""Beat on redbeat: the schedule in Redis, for more than one beat."""

from __future__ import annotations

from redbeat import RedBeatScheduler

from worker.base.beat import Bounded


class SharedScheduler(Bounded, RedBeatScheduler):  # type: ignore[misc]  # redbeat has no types
    """The schedule in Redis: one of several beats sends, another goes on when it ends."""

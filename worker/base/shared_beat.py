"""Beat on redbeat: the schedule in Redis, for more than one beat."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab
from redbeat import RedBeatScheduler, RedBeatSchedulerEntry

from worker.base.beat import Bounded, Daily


class Entry(RedBeatSchedulerEntry):  # type: ignore[misc]  # redbeat has no types
    """An entry of the schedule, as Redis has it: there, a `Daily` is a crontab like any other."""

    @staticmethod
    def decode_definition(definition: str) -> dict[str, Any]:
        """What stands in Redis, with the hour of a day in our time zone."""
        decoded: dict[str, Any] = RedBeatSchedulerEntry.decode_definition(definition)
        if isinstance(given := decoded["schedule"], crontab):
            decoded["schedule"] = Daily(hour=given._orig_hour, minute=given._orig_minute)
        return decoded


class SharedScheduler(Bounded, RedBeatScheduler):  # type: ignore[misc]  # redbeat has no types
    """The schedule in Redis: one of several beats sends, another goes on when it ends."""

    Entry = Entry

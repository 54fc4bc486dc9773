"""The schedule, as this floor knows it: what runs by the clock, how often, and why.

The one table of it, `beat_schedule.py`, stands above all floors, since it names what lies on each
of them. It is looked up here by name, as the domains are.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple, cast

from celery.schedules import crontab

from worker.settings import DAY, get_settings

TABLE = "beat_schedule"


class Entry(NamedTuple):
    """One line of the schedule: every so many seconds, or once a day at an hour (UTC)."""

    task: str
    every: float
    why: str
    hour: int | None = None

    @classmethod
    def daily(cls, task: str, hour: int, why: str) -> Entry:
        """Once a day, at this hour."""
        return cls(task, DAY, why, hour)

    @property
    def when(self) -> str:
        """The period in words: `every 15 min`, `daily at 03:00 UTC`."""
        if self.hour is not None:
            return f"daily at {self.hour:02}:00 UTC"
        if self.every >= 120 and self.every % 60 == 0:
            return f"every {self.every / 60:g} min"
        return f"every {self.every:g} s"

    def to_celery(self) -> dict[str, Any]:
        """The entry as beat takes it. A message that waits too long is superseded by the next."""
        at = None if self.hour is None else crontab(hour=self.hour, minute=0)
        return {
            "task": self.task,
            "schedule": at or self.every,
            "kwargs": {"every": self.every},
            "options": {"expires": max(self.every, 1.0)},
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `every` in seconds."""
        return {**self._asdict(), "when": self.when}


def entries() -> Mapping[str, Entry]:
    """The schedule by name, as these settings have it."""
    table = import_module(TABLE)
    return cast("Mapping[str, Entry]", table.entries(get_settings()))

"""Beat, which does not fill a queue that nobody takes from.

    entry is due ─▶ fewer than MOST of its task wait ─▶ sent
                 └─▶ as many wait: one in LATER_MS   ─▶ sent, else skipped until it is due again

A message of beat's is counted when it is sent; whoever takes one of its task begins to count anew.
Nothing expires by the clock of another machine. Each slot is taken in the database (slots.py), so
that those that waited do nothing once one of them has run.

What runs once a day runs at an hour of `CQRS_TIME_ZONE`, once on every day of its calendar. Where
the clocks go forward over that hour it runs when they have; where they go back and the hour comes
twice, the first time. Celery's own time zone stays UTC: it adds countdowns to the time of a wall
clock, which an hour that comes twice would make an hour late.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from celery import signals
from celery.beat import PersistentScheduler
from celery.schedules import crontab

from worker.base import wake_ups
from worker.base.app import app
from worker.base.time_zone import zone


class Daily(crontab):  # type: ignore[misc]  # celery has no types
    """Once a day, at an hour of the settings' time zone."""

    @property
    def tz(self) -> tzinfo:
        """The zone of the hour."""
        return zone()


class Bounded:
    """A scheduler of Celery's that skips what enough messages wait for."""

    def apply_async(
        self, entry: Any, producer: Any = None, advance: bool = True, **options: Any
    ) -> Any:
        """Send an entry's message, unless enough of its task wait."""
        if wake_ups.raise_signal(_signal(entry.task), again=True):
            given: Any = super()
            return given.apply_async(entry, producer=producer, advance=advance, **options)
        if advance:
            self.reserve(entry)  # type: ignore[attr-defined]  # celery's
        return None


class FileScheduler(Bounded, PersistentScheduler):  # type: ignore[misc]  # celery has no types
    """The schedule in a file: for one beat."""


def _signal(task: str) -> str:
    return f"beat:{task}"


@signals.task_prerun.connect
def _taken(sender: Any, task: Any = None, **_: Any) -> None:
    if task is not None and task.app is app and (task.request.headers or {}).get(FROM_BEAT):
        wake_ups.lower_signal(_signal(task.name))


FROM_BEAT = "celery_beat_task"
"""The header that Celery's beat gives to what it sends."""

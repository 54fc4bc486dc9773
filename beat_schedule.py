"""The only schedule table: what runs by the clock, how often, and why.

Beat imports this module at start; `cqrs map` prints it. Periods come from the settings.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from worker.app import app
from worker.settings import Settings, get_settings


class Entry(NamedTuple):
    """One line of the schedule."""

    task: str
    seconds: float
    why: str


def entries(settings: Settings) -> dict[str, Entry]:
    """The schedule, by name."""
    return {
        "sweep": Entry(
            "cqrs.sweep",
            settings.sweep_interval,
            "sends lost wake-ups again: a lost message costs a second, not a command",
        ),
        "refresh-materialized-views": Entry(
            "cqrs.refresh_all",
            settings.refresh_interval,
            "keeps analytics at most this old when no event asks for a refresh",
        ),
    }


def schedule() -> dict[str, dict[str, Any]]:
    """The schedule as Celery's beat takes it. A message that waits too long is superseded."""
    return {
        name: {
            "task": entry.task,
            "schedule": entry.seconds,
            "options": {"expires": max(entry.seconds, 1.0), "ignore_result": True},
        }
        for name, entry in entries(get_settings()).items()
    }


@app.on_after_configure.connect
def _install(sender: Any, **_: Any) -> None:
    """Importing this module needs no servers; the schedule is there once the app is configured."""
    sender.conf.beat_schedule = schedule()


if app.configured:  # by whoever imported us late: then the signal has gone by
    _install(app)

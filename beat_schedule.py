"""The only schedule table: what runs by the clock, how often, and why.

Beat imports this module at start; `cqrs map` prints it. Periods come from the settings.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from celery.schedules import crontab

from worker.app import app
from worker.settings import Settings, get_settings

HOUR = 3_600.0
DAY = 86_400.0


class Entry(NamedTuple):
    """One line of the schedule: every so many seconds, or at a time of day."""

    task: str
    every: float
    why: str
    at: crontab | None = None


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
        "rebuild-read-models": Entry(
            "cqrs.maintenance.rebuild_all",
            DAY,
            "builds every read model anew beside the live one, and reports what had drifted",
            at=crontab(hour=settings.rebuild_hour, minute=0),
        ),
        "verify-read-models": Entry(
            "cqrs.maintenance.verify",
            HOUR,
            "folds a sample of the log again and compares, so that drift is known before night",
        ),
        "settle-changesets": Entry(
            "schema.settle",
            60.0,
            "marks changesets whose process died as failed, and hands over what they still owe",
        ),
        "prune": Entry(
            "cqrs.maintenance.prune",
            HOUR,
            "forgets receipts and histories that are older than their retention",
        ),
    }


def schedule() -> dict[str, dict[str, Any]]:
    """The schedule as Celery's beat takes it. A message that waits too long is superseded."""
    return {
        name: {
            "task": entry.task,
            "schedule": entry.at or entry.every,
            "kwargs": {"every": entry.every},
            "options": {"expires": max(entry.every, 1.0)},
        }
        for name, entry in entries(get_settings()).items()
    }


# Whether Celery was configured before this import or is so by this line: no server is needed yet.
app.conf.beat_schedule = schedule()

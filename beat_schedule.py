"""The only schedule table: what runs by the clock, how often, and why.

Beat imports this module at start; `cqrs map` prints it. Periods come from the settings.
"""

from __future__ import annotations

from worker.app import app
from worker.operating.schedule import Entry
from worker.settings import Settings, get_settings

HOUR = 3_600.0


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
        "rebuild-read-models": Entry.daily(
            "cqrs.maintenance.rebuild_all",
            settings.rebuild_hour,
            "builds every read model anew beside the live one, and reports what had drifted",
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


# Whether Celery was configured before this import or is so by this line: no server is needed yet.
app.conf.beat_schedule = {
    name: entry.to_celery() for name, entry in entries(get_settings()).items()
}

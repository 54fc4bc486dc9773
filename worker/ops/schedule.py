"""The schedule: what runs by the clock, how often, and why.

The engine's own entries stand here; a domain adds its own in a module `schedule` beside its
commands: `entries(settings)` gives them by name. The application's table is the module that
`[tool.cqrs] schedule` names, with a function `entries(settings)` as well: it has the last word.
Without such a table, the engine's entries and those of the domains run.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple, cast

from worker.base.beat import Daily
from worker.base.errors import BadSettings
from worker.base.project import FILE, import_named, project
from worker.base.registry import parts
from worker.base.settings import DAY, Settings, get_settings

HOUR = 3_600.0


class ScheduleEntry(NamedTuple):
    """One line of the schedule: every so many seconds, or once a day at an hour of the settings'
    time zone."""

    task: str
    every: float
    why: str
    hour: int | None = None

    @classmethod
    def daily(cls, task: str, hour: int, why: str) -> ScheduleEntry:
        """Once a day, at this hour."""
        return cls(task, DAY, why, hour)

    @property
    def when(self) -> str:
        """The period in words: `every 15 min`, `daily at 03:00 Europe/Berlin`."""
        if self.hour is not None:
            return f"daily at {self.hour:02}:00 {get_settings().time_zone}"
        if self.every >= 120 and self.every % 60 == 0:
            return f"every {self.every / 60:g} min"
        return f"every {self.every:g} s"

    def to_celery(self) -> dict[str, Any]:
        """The entry as beat takes it. No message expires: a worker's clock may be ahead. Those that
        nobody takes are bounded by beat itself (see worker/base/beat.py)."""
        at = None if self.hour is None else Daily(hour=self.hour, minute=0)
        return {
            "task": self.task,
            "schedule": at or self.every,
            "kwargs": {"every": self.every},
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `every` in seconds."""
        return {**self._asdict(), "when": self.when}


def entries() -> Mapping[str, ScheduleEntry]:
    """The schedule by name, as these settings have it."""
    settings = get_settings()
    if (named := project().schedule) is None:
        return engine_entries(settings) | domain_entries(settings)
    return _entries_of(import_named(named, f"[tool.cqrs] schedule in {FILE}"), settings)


def domain_entries(settings: Settings) -> dict[str, ScheduleEntry]:
    """What the domains of the settings run by the clock, by name.

    Raises BadSettings for a name that the engine or another domain has: one would silently not run.
    """
    entries: dict[str, ScheduleEntry] = {}
    engine = engine_entries(settings).keys()
    for module in parts("schedule"):
        own = _entries_of(module, settings)
        if taken := sorted(own.keys() & (entries.keys() | engine)):
            where = f"{taken[0]}, {module.__name__}"
            raise BadSettings(f"two entries of one name in the schedule ({where})")
        entries |= own
    return entries


def _entries_of(table: ModuleType, settings: Settings) -> Mapping[str, ScheduleEntry]:
    if not callable(entries := getattr(table, "entries", None)):
        raise BadSettings(f"a schedule has a function entries(settings) ({table.__name__})")
    return cast("Mapping[str, ScheduleEntry]", entries(settings))


def engine_entries(settings: Settings) -> dict[str, ScheduleEntry]:
    """What the engine itself runs by the clock, by name."""
    return {
        "sweep": ScheduleEntry(
            "cqrs.sweep",
            settings.sweep_interval,
            "sends lost wake-ups again: a lost message costs a second, not a command",
        ),
        "refresh-materialized-views": ScheduleEntry(
            "cqrs.refresh_all",
            settings.refresh_interval,
            "keeps analytics at most this old when no event asks for a refresh",
        ),
        "rebuild-read-models": ScheduleEntry.daily(
            "cqrs.maintenance.rebuild_all",
            settings.rebuild_hour,
            "builds every read model anew beside the live one, and reports what had drifted",
        ),
        "verify-read-models": ScheduleEntry(
            "cqrs.maintenance.verify",
            HOUR,
            "folds a sample of the log again and compares, so that drift is known before night",
        ),
        "settle-changesets": ScheduleEntry(
            "schema.settle",
            60.0,
            "marks changesets whose process died as failed, and hands over what they still owe",
        ),
        "prune": ScheduleEntry(
            "cqrs.maintenance.prune",
            HOUR,
            "forgets receipts and histories that are older than their retention",
        ),
    }

"""Which day it is, and when a day begins: by the clock of one place, `CQRS_TIME_ZONE`.

Everything that is stored is an instant, and says so (UTC). A day is not: the nightly hour, the slot
of what runs once a day, and "today" of a report are those of the people who use the system.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from worker.base.settings import get_settings


def zone() -> ZoneInfo:
    """The time zone of the settings."""
    return ZoneInfo(get_settings().time_zone)


def today(at: datetime | None = None) -> date:
    """The day that it is there now, or was at an instant (a time with a zone)."""
    return (at or datetime.now(UTC)).astimezone(zone()).date()

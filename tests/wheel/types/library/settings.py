"""The library's own settings, and what it does by the clock."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from worker import ScheduleEntry, Settings, declare_section, section


class Lending(BaseModel):
    days: int = 14


declare_section("library", Lending)


def entries(settings: Settings) -> Mapping[str, ScheduleEntry]:
    """Once a day."""
    days = section("library", Lending).days
    return {"library.remind": ScheduleEntry.daily("library.remind", 7, f"after {days} days")}

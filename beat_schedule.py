"""The schedule table of this application: what runs by the clock, how often, and why.

`[tool.cqrs] schedule` in pyproject.toml names this module; beat asks it at start, and `cqrs map`
prints it. Periods come from the settings. An entry of one's own goes behind the others:

    "say-good-morning": ScheduleEntry.daily("shop.say_good_morning", 7, "why it runs at all")
"""

from __future__ import annotations

from worker import ScheduleEntry, Settings, domain_entries, engine_entries


def entries(settings: Settings) -> dict[str, ScheduleEntry]:
    """The schedule, by name: the engine's own entries, and those of the domains."""
    return {**engine_entries(settings), **domain_entries(settings)}

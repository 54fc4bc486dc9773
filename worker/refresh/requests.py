"""Events ask for refreshes: at once for none, soon for all.

    event folded ─▶ request (a row, in the fold's transaction) ─▶ wake-up, after the rule's delay
                        ▲                                               │
                        └── asked for again meanwhile: once more ◀── refresh serves what it saw

A thousand events within the delay make one row and one wake-up. The wake-up is only a message; if
it is lost, or the delay is long, the sweep finds the row when its time has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from celery import signature

from models.base import Event
from worker import db, signalling
from worker.db import Connection
from worker.sql import statement

TASK = "cqrs.refresh_due"
LONGEST_COUNTDOWN = 60.0
"""Seconds; a longer delay is left to the sweep, so that no message waits in a worker's memory."""
DELAY = 1.0
"""Seconds between an event and the refresh that it asks for, unless its rule says otherwise."""

_delays: dict[str, dict[str, float]] = {}
"""By type of event: the views that it affects, and after how many seconds."""


def refresh_on(view: str, *events: type[Event], after: float = DELAY) -> None:
    """Declare that these events make a materialized view worth refreshing, `after` seconds later.

    The view is named with or without its schema, `query`. Declared beside the domain; some
    subscription must want the events. The shortest delay of a view and an event counts.
    """
    name = view if "." in view else f"query.{view}"
    for event in events:
        views = _delays.setdefault(event.type, {})
        views[name] = min(after, views.get(name, after))


def rules() -> dict[str, dict[str, float]]:
    """Every rule, for `cqrs map`: event type → view → seconds."""
    return {event: dict(views) for event, views in _delays.items()}


def delays(event_types: Iterable[str]) -> dict[str, float]:
    """The views that these events affect, each with its shortest delay in seconds."""
    found: dict[str, float] = {}
    for event in event_types:
        for view, seconds in _delays.get(event, {}).items():
            found[view] = min(seconds, found.get(view, seconds))
    return found


def delay(view: str) -> float:
    """The shortest delay of a view's rules, in seconds."""
    return min((views[view] for views in _delays.values() if view in views), default=DELAY)


def note_requests(connection: Connection, event_types: Iterable[str]) -> None:
    """Write down, in the caller's transaction, what these events ask for; it may be nothing."""
    wanted = delays(event_types)
    if wanted:
        what = {"views": list(wanted), "seconds": list(wanted.values())}
        connection.execute(statement("worker.refresh", "request"), what)


def wake_ups(event_types: Collection[str]) -> list[Any]:
    """Signatures for what these events have asked for, at most one waiting for each view."""
    return [
        wake_up(view, seconds)
        for view, seconds in delays(event_types).items()
        if seconds <= LONGEST_COUNTDOWN and signalling.raise_signal(f"{TASK}:{view}")
    ]


def wake_up(view: str, seconds: float) -> Any:
    """The message that has a view refreshed, if it is still asked for then."""
    return signature(TASK, args=(view,), countdown=seconds, immutable=True, ignore_result=True)


def wake_due() -> list[str]:
    """Wake whoever refreshes the views that are overdue; their names. For the sweep."""
    with db.writer() as connection:
        rows = connection.execute(statement("worker.refresh", "due"), {"view": None}).fetchall()
    overdue = [view for (view,) in rows if signalling.raise_signal(f"{TASK}:{view}")]
    for view in overdue:
        wake_up(view, 0).apply_async()
    return overdue

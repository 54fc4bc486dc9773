"""Events ask for refreshes: at once for none, soon for all.

    event folded ─▶ request (a row, in the fold's transaction) ─▶ wake-up, after the rule's wait
                        ▲                                               │
                        └── asked for again meanwhile: once more ◀── refresh serves what it saw

A thousand events within the wait make one row and one wake-up. The wake-up is only a message; if
it is lost, or the wait is long, the sweep finds the row when its time has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from celery import signature
from kombu.exceptions import OperationalError as BrokerError

from worker.base import db
from worker.base import wake_ups as signals
from worker.base.app import app
from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.refresh import invalidation_rules
from worker.refresh.views import SQL

log = get_logger(__name__)

TASK = "cqrs.refresh_due"
LONGEST_COUNTDOWN = 60.0
"""Seconds; a longer wait is left to the sweep, so that no message waits in a worker's memory."""
AGAIN = 1.0
"""Seconds until a view is refreshed that was asked for while it was being refreshed, if no rule
names it."""


def wait_of(view: str) -> float:
    """The shortest wait that a rule gives for a view, in seconds."""
    waits = (rule.refresh[view] for rule in invalidation_rules.rules if view in rule.refresh)
    return min(waits, default=AGAIN)


def note_consequences(
    connection: Connection,
    subscription: str,
    event_types: Collection[str],
    row_tags: Collection[str],
    position: int,
) -> bool:
    """Write down what follows from events that a subscription has handled; no crash loses any.

    The tags of its rows, and those of the invalidation rules, wait for the cache to hear of them,
    and materialized views for their refresh. Says whether there are tags.
    """
    stale, waits = invalidation_rules.due_after(subscription, event_types)
    stale.update(row_tags)
    if stale:
        note_invalidation(connection, subscription, stale, position)
    request(connection, waits)
    return bool(stale)


def note_invalidation(
    connection: Connection, subscription: str, tags: Iterable[str], position: int
) -> None:
    """Keep tags, in the caller's transaction, until the cache knows of them."""
    note = {"subscription": subscription, "position": position}
    connection.execute(SQL["note_invalidation"], note | {"tags": to_json(sorted(tags))})


def request(connection: Connection, waits: Mapping[str, float]) -> None:
    """Write down that views are to be refreshed, each after its wait in seconds."""
    if waits:
        what = {"views": list(waits), "seconds": list(waits.values())}
        connection.execute(SQL["request"], what)


def ask_for(view: str) -> None:
    """Have a view refreshed as soon as can be: somebody waits for it."""
    with db.sender() as connection:
        connection.execute(SQL["ask_for"], {"view": view})
    wake(view, 0.0)


def wake(view: str, seconds: float) -> bool:
    """Send the message, unless one waits already; if the broker is away, the sweep will."""
    name = f"{TASK}:{view}"
    if not signals.raise_signal(name):
        return False
    try:
        wake_up(view, seconds).apply_async()
    except (BrokerError, OSError) as error:
        signals.lower_signal(name)
        log.warning("refresh not sent; the sweep will", view=view, reason=str(error))
        return False
    return True


def wake_ups(event_types: Collection[str]) -> list[Any]:
    """Signatures for what these events have asked for, at most one waiting for each view."""
    return [
        wake_up(view, seconds)
        for view, seconds in invalidation_rules.refreshes_for(event_types).items()
        if seconds <= LONGEST_COUNTDOWN and signals.raise_signal(f"{TASK}:{view}")
    ]


def wake_up(view: str, seconds: float) -> Any:
    """The message that has a view refreshed, if it is still asked for then."""
    options = {"countdown": seconds, "immutable": True, "ignore_result": True}
    return signature(TASK, args=(view,), app=app, **options)


def wake_due() -> list[str]:
    """Wake whoever refreshes the views that are overdue; their names. For the sweep."""
    with db.writer() as connection:
        rows = connection.execute(SQL["due"], {"view": None}).fetchall()
    return [view for (view,) in rows if wake(view, 0.0)]

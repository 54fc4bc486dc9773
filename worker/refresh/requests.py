"""Events ask for refreshes: at once for none, soon for all.

    event folded ─▶ request (a row, in the fold's transaction) ─▶ wake-up, after the rule's wait
                        ▲                                               │
                        └── asked for again meanwhile: once more ◀── refresh serves what it saw

A thousand events within the wait make one row and one wake-up. The wake-up is only a message; if
it is lost, or the wait is long, the sweep finds the row when its time has come. Each view has its
own message: those of one rule are refreshed each at its time, whoever of them takes long.

Somebody who waits for a view to hold his event (`ask(after=…)`) is not made to wait for the rule's
time: his wake-up has a signal of its own, so that one which is to come later holds it up no more
than the sweep's. He asks again twice a second, and is served until he stops.
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
from worker.refresh.traces import SQL

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


def period_of(view: str) -> float | None:
    """The period of a view that has a schedule of its own, in seconds."""
    return invalidation_rules.periods().get(view)


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


def ask_for(view: str, position: int, *, again: bool = False) -> None:
    """Have a view refreshed as soon as can be: somebody waits for it to hold a position.

    `again`: he has asked before, and that message may be lost.
    """
    with db.sender() as connection:
        row = connection.execute(SQL["ask_for"], {"view": view, "upto": position}).fetchone()
    if row and row[0]:
        wake(view, 0.0, again=again)


def wake(view: str, seconds: float, *, again: bool = False) -> bool:
    """Send the message, unless one that comes as soon waits already; if the broker is away, the
    sweep will. `again` sends it all the same, unless many wait."""
    name = signal_of(view, later=seconds > 0)
    if not signals.raise_signal(name, again=again):
        return False
    try:
        wake_up(view, seconds).apply_async()
    except (BrokerError, OSError) as error:
        signals.lower_signal(name)
        log.warning("refresh not sent; the sweep will", view=view, reason=str(error))
        return False
    return True


def signal_of(view: str, *, later: bool) -> str:
    """The signal of a view's wake-up: those that come at once and those that come later do not hold
    each other up."""
    return f"{TASK}:{view}" if later else f"{TASK}:{view}:now"


def wake_ups(event_types: Collection[str]) -> list[str]:
    """Send for what these events have asked for, each view at its time; the views sent for."""
    return [
        view
        for view, seconds in invalidation_rules.refreshes_for(event_types).items()
        if seconds <= LONGEST_COUNTDOWN and wake(view, seconds)
    ]


def wake_up(view: str, seconds: float) -> Any:
    """The message that has a view refreshed, if it is still asked for then."""
    options = {"countdown": seconds or None, "immutable": True, "ignore_result": True}
    return signature(TASK, args=(view,), app=app, **options)


def wake_due() -> list[str]:
    """Wake whoever refreshes the views that are overdue; their names. For the sweep.

    Views with a schedule of their own are asked for here, when their period has passed.
    """
    periods = invalidation_rules.periods()
    by_clock = {"views": list(periods), "seconds": list(periods.values())}
    with db.writer() as connection:
        if periods:
            connection.execute(SQL["request_by_the_clock"], by_clock)
        rows = connection.execute(SQL["due"], {"view": None}).fetchall()
    return [view for (view,) in rows if wake(view, 0.0, again=True)]

"""What beat starts: the sweep, refreshes, pruning; rebuilds and changesets have tasks of their own.

The sweep is the net under every wake-up: it finds what waits although nobody says so.

Each takes `every`, its period in seconds, from the schedule, and with it a slot: sent by two beats,
it still happens once. Without `every`, as when a person sends it, it just runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker import event_log, refresh
from worker.base import db, slots, standing_failures
from worker.base.app import app
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.base.sql import statement
from worker.commands import after_commit
from worker.event_log.subscribers import subscriptions
from worker.ops import retention
from worker.reactions import deadlines

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Groups of subscriptions that lag; whether commands are due; whether tags wait."""

    groups: frozenset[str]
    commands: bool
    tags: bool


def find_work() -> Waiting:
    """Look at the log, the enqueued commands and the invalidations: three short statements."""
    groups = {subscriber.name: subscriber.group for subscriber in subscriptions}
    with db.writer() as connection:
        horizon = event_log.horizon(connection)
        lag = {"names": list(groups), "horizon": horizon}
        behind = connection.execute(statement("worker.ops", "lagging"), lag).fetchall()
        due = connection.execute(statement("worker.ops", "commands_are_due")).fetchone()
        tags = connection.execute(statement("worker.ops", "tags_wait")).fetchone()
    lagging = frozenset(groups[name] for (name,) in behind)
    return Waiting(lagging, bool(due and due[0]), bool(tags and tags[0]))


@app.task(name="cqrs.sweep", ignore_result=True)
def sweep(every: float | None = None) -> None:
    """Wake whoever has work and was not told: after a lost message, a crash, an emptied broker.

    What fails stops nothing else. Raises MaintenanceFailed at the end.
    """
    if slots.take("cqrs.sweep", every):
        parts = {
            "horizon": end_horizon_holders,
            "work": _wake,
            "refreshes": refresh.wake_due,
            "deadlines": deadlines.wake_due,
        }
        standing_failures.each("cqrs.sweep", parts)


def _wake() -> None:
    work = find_work()
    for group in work.groups:
        after_commit.wake("cqrs.project", group, force=True)
    if work.commands:
        after_commit.wake("cqrs.drain", force=True)
    if work.tags:
        after_commit.wake("cqrs.invalidate", force=True)


def end_horizon_holders() -> int:
    """End the sessions that have held the horizon for too long, if the settings allow it; how many.

    Each is said in the log: its transaction is rolled back, and somebody left it open.
    """
    settings = get_settings()
    if not settings.end_horizon_holders:
        return 0
    with db.writer() as connection:
        asked = {"patience": settings.horizon_patience}
        rows = connection.execute(statement("worker.ops", "end_horizon_holders"), asked).fetchall()
    for pid, user, name, held, ended in rows:
        what = "a session that held the horizon was ended" if ended else "cannot end a session"
        log.warning(what, pid=pid, user=user, application_name=name, held_seconds=round(held, 1))
    return sum(1 for row in rows if row[-1])


@app.task(name="cqrs.refresh_all")
def refresh_all(every: float | None = None) -> dict[str, float]:
    """Refresh every materialized view, each after those it is computed from; seconds by view."""
    return refresh.refresh_all() if slots.take("cqrs.refresh_all", every) else {}


@app.task(name="cqrs.maintenance.prune")
def prune(every: float | None = None) -> dict[str, int]:
    """Forget what the retention settings let go; rows deleted by table."""
    return retention.prune() if slots.take("cqrs.maintenance.prune", every) else {}


__all__ = ["Waiting", "end_horizon_holders", "find_work", "prune", "refresh_all", "sweep"]

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
from worker.base.sql import statement
from worker.commands import after_commit
from worker.event_log.subscribers import subscriptions
from worker.ops import retention
from worker.reactions import deadlines


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
        parts = {"work": _wake, "refreshes": refresh.wake_due, "deadlines": deadlines.wake_due}
        standing_failures.each("cqrs.sweep", parts)


def _wake() -> None:
    work = find_work()
    for group in work.groups:
        after_commit.wake("cqrs.project", group, force=True)
    if work.commands:
        after_commit.wake("cqrs.drain", force=True)
    if work.tags:
        after_commit.wake("cqrs.invalidate", force=True)


@app.task(name="cqrs.refresh_all")
def refresh_all(every: float | None = None) -> dict[str, float]:
    """Refresh every materialized view, each after those it is computed from; seconds by view."""
    return refresh.refresh_all() if slots.take("cqrs.refresh_all", every) else {}


@app.task(name="cqrs.maintenance.prune")
def prune(every: float | None = None) -> dict[str, int]:
    """Forget what the retention settings let go; rows deleted by table."""
    return retention.prune() if slots.take("cqrs.maintenance.prune", every) else {}


__all__ = ["Waiting", "find_work", "prune", "refresh_all", "sweep"]

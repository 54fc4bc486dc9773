"""What beat starts: the sweep, refreshes, rebuilds, verification, pruning.

Each takes `every`, its period in seconds, from the schedule, and with it a slot: sent by two beats,
it still happens once. Without `every`, as when a person sends it, it just runs.
"""

from __future__ import annotations

from worker import refresh
from worker.base import slots
from worker.base.app import app
from worker.commands import after_commit
from worker.ops import retention
from worker.ops.sweep import find_work
from worker.reactions import deadlines


@app.task(name="cqrs.sweep", ignore_result=True)
def sweep(every: float | None = None) -> None:
    """Wake whoever has work and was not told: after a lost message, a crash, an emptied broker."""
    if not slots.take("cqrs.sweep", every):
        return
    work = find_work()
    for group in work.groups:
        after_commit.wake("cqrs.project", group, force=True)
    if work.commands:
        after_commit.wake("cqrs.drain", force=True)
    if work.tags:
        after_commit.wake("cqrs.invalidate", force=True)
    refresh.wake_due()
    deadlines.wake_due()


@app.task(name="cqrs.refresh_all")
def refresh_all(every: float | None = None) -> dict[str, float]:
    """Refresh every materialized view, each after those it is computed from; seconds by view."""
    return refresh.refresh_all() if slots.take("cqrs.refresh_all", every) else {}


@app.task(name="cqrs.maintenance.prune")
def prune(every: float | None = None) -> dict[str, int]:
    """Forget what the retention settings let go; rows deleted by table."""
    return retention.prune() if slots.take("cqrs.maintenance.prune", every) else {}


__all__ = ["prune", "refresh_all", "sweep"]

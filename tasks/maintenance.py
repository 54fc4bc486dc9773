"""What beat starts: the sweep, refreshes, and the like."""

from __future__ import annotations

from worker import delivery, refresh, saga_deadlines
from worker.app import app
from worker.sweep import find_work


@app.task(name="cqrs.sweep", ignore_result=True)
def sweep() -> None:
    """Wake whoever has work and was not told: after a lost message, a crash, an emptied broker."""
    work = find_work()
    for group in work.groups:
        delivery.wake("cqrs.project", group, force=True)
    if work.commands:
        delivery.wake("cqrs.drain", force=True)
    if work.tags:
        delivery.wake("cqrs.invalidate", force=True)
    refresh.wake_due()
    saga_deadlines.wake_due()


@app.task(name="cqrs.refresh_all")
def refresh_all() -> dict[str, float]:
    """Refresh every materialized view, each after those it is computed from; seconds by view."""
    return refresh.refresh_all()


__all__ = ["refresh_all", "sweep"]

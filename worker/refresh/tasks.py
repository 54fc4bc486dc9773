"""The Celery tasks that refresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from worker import db, signalling
from worker.app import app
from worker.refresh.refreshing import all_done, in_order, refresh, time_limit
from worker.refresh.requests import TASK, wait_of, wake_up
from worker.refresh.run import Run
from worker.refresh.views import materialized_views
from worker.sql import statement


@app.task(name="cqrs.refresh")
def refresh_views(views: Sequence[str], if_stale: bool = False) -> list[dict[str, Any]]:
    """Refresh views by name, in dependency order; what became of each. Raises RefreshFailed."""
    return [asdict(one) for one in all_done(refresh(views, if_stale=if_stale))]


@app.task(name=TASK, ignore_result=True)
def refresh_due(view: str) -> None:
    """Refresh a view that events have asked for, if its time has come and nobody is at it."""
    signalling.lower_signal(f"{TASK}:{view}")
    with db.owner() as connection:
        due = statement("worker.refresh", "due")
        if connection.execute(due, {"view": view}).fetchone() is None:
            return
        known = materialized_views(connection)
        run = Run(connection, known, time_limit(), wait=False)
        in_order(run, [known.find(view)], if_stale=True)
        asked = connection.execute(statement("worker.refresh", "asked"), {"view": view}).fetchone()
    if asked and signalling.raise_signal(f"{TASK}:{view}"):
        wake_up(view, wait_of(view)).apply_async()


__all__ = ["refresh_due", "refresh_views"]

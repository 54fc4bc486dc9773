"""The Celery tasks that refresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from worker.base import db, wake_ups
from worker.base.app import app
from worker.base.db import Connection
from worker.base.sql import statement
from worker.refresh.refreshing import all_done, in_order, refresh, time_limit
from worker.refresh.requests import TASK, wait_of, wake
from worker.refresh.view_refresh import BUSY, RETRY, ViewRefresh
from worker.refresh.views import materialized_views


@app.task(name="cqrs.refresh")
def refresh_views(views: Sequence[str], if_stale: bool = False) -> list[dict[str, Any]]:
    """Refresh views by name, in dependency order; what became of each. Raises RefreshFailed."""
    return [asdict(one) for one in all_done(refresh(views, if_stale=if_stale))]


@app.task(name=TASK, ignore_result=True)
def refresh_due(view: str) -> None:
    """Refresh a view that events have asked for, if its time has come and nobody is at it."""
    wake_ups.lower_signal(f"{TASK}:{view}")
    with db.owner() as connection:
        if not _ask(connection, "due", view):
            return
        _put_off(connection, view, RETRY)  # the sweep need not come meanwhile
        known = materialized_views(connection)
        run = ViewRefresh(connection, known, time_limit(), wait=False)
        done = in_order(run, [known.find(view)], if_stale=True)
        if not _ask(connection, "asked", view):
            return
        if any(one.reason == BUSY for one in done):
            _put_off(connection, view, wait_of(view))
            return
    wake(view, wait_of(view))


def _ask(connection: Connection, block: str, view: str) -> bool:
    answer = connection.execute(statement("worker.refresh", block), {"view": view})
    return answer.fetchone() is not None


def _put_off(connection: Connection, view: str, seconds: float) -> None:
    what = {"view": view, "seconds": seconds}
    connection.execute(statement("worker.refresh", "put_off"), what)


__all__ = ["refresh_due", "refresh_views"]

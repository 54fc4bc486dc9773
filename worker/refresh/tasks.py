"""Several views, each after those that it reads: functions, and the Celery tasks that refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from celery import Task

from worker.base import db, standing_failures, wake_ups
from worker.base.app import app
from worker.base.db import Connection
from worker.base.errors import Transient
from worker.base.settings import get_settings
from worker.commands import after_commit
from worker.refresh.requests import TASK, signal_of, wait_of, wake
from worker.refresh.traces import SQL
from worker.refresh.view_refresh import BUSY, FAILING, RETRY, Refreshed, ViewRefresh
from worker.refresh.views import (
    MaterializedView,
    NoUniqueIndex,
    UnknownView,
    Views,
    materialized_views,
    relation_named,
    view_named,
    view_names,
)

SOURCES_WAIT = 0.5
"""Seconds that a refresh waits for a projection that has not folded yet what a reader waits for."""


@app.task(name="cqrs.refresh")
def refresh_views(views: Sequence[str], if_stale: bool = False) -> list[dict[str, Any]]:
    """Refresh views by name, in dependency order; what became of each. Raises RefreshFailed."""
    return [asdict(refreshed) for refreshed in all_done(refresh(views, if_stale=if_stale))]


@app.task(name=TASK, bind=True, ignore_result=True)
def refresh_due(self: Task, view: str) -> None:
    """Refresh a view that events or readers have asked for, if its time has come and nobody is at
    it. Raises RefreshFailed, and UnknownView for one that is gone; both stand in `cqrs status`."""
    wake_ups.lower_signal(signal_of(view, later=self.request.eta is not None))
    with db.owner() as connection:
        if not _is_asked(connection, "due", view):
            return
        _reschedule(connection, view, RETRY)  # the sweep need not come meanwhile
        known = materialized_views(connection)
        refresher = ViewRefresh(connection, known, _time_limit(), wait=False)
        found = _found(connection, known, view)
        refresher.let_sources_come(found, SOURCES_WAIT)
        done = _in_order(refresher, [found], if_stale=True)
        _go_on(connection, view, is_busy=any(one.reason == BUSY for one in done))
    all_done(done)


def _found(connection: Connection, known: Views, view: str) -> MaterializedView:
    """The view; that it is not there stands as a failure, since it is asked for."""
    try:
        found = known.find(view)
    except UnknownView as unknown:
        standing_failures.note(connection, FAILING, view, str(unknown))
        raise
    return found


def _go_on(connection: Connection, view: str, *, is_busy: bool) -> None:
    """See to it that whatever was asked for meanwhile is not forgotten: at once for who waits.

    A view that another worker refreshes, or that failed, has its time already, or gets it here.
    """
    if not _is_asked(connection, "asked", view):
        return
    waits = _is_asked(connection, "waits", view)
    if is_busy:
        _reschedule(connection, view, SOURCES_WAIT if waits else wait_of(view))
    elif _is_asked(connection, "due", view):
        wake(view, SOURCES_WAIT if waits else 0.0)  # who waits sends a message of his own, too
    elif not standing_failures.stands(connection, FAILING, view):
        wake(view, wait_of(view))


class RefreshFailed(Transient):
    """Some views were not refreshed; all that do not read them were. `failed` says why, by view."""

    def __init__(self, failed: Mapping[str, str | None]) -> None:
        super().__init__("; ".join(f"{reason} (view {view})" for view, reason in failed.items()))
        self.failed = dict(failed)


def refresh_all(*, if_stale: bool = True) -> dict[str, float]:
    """Refresh every materialized view, each after those that it reads; seconds by view.

    Views under which nothing has changed are skipped. Raises RefreshFailed, at the end.
    """
    with db.owner() as connection:
        names = sorted(view_names(connection))
    return {
        refreshed.view: refreshed.seconds
        for refreshed in all_done(refresh(names, if_stale=if_stale))
    }


def refresh(
    views: Sequence[str],
    *,
    if_stale: bool = False,
    concurrently: bool | None = None,
    timeout: float | None = None,
) -> list[Refreshed]:
    """Refresh materialized views by name, and before each the stale ones among those it reads.

    `timeout` bounds each view, in seconds (default: below a task's time limit). `concurrently`
    insists (True) or forbids (False); None takes it where it is possible. A view that fails says so
    by its outcome, and so do those that read it; the others are refreshed.
    Raises UnknownView and NoUniqueIndex before anything is refreshed.
    """
    with db.owner() as connection:
        known = materialized_views(connection)
        named = [view_named(connection, known, name) for name in views]
        for view in named:
            if concurrently and not view.key:
                raise NoUniqueIndex(view.name)
        refresher = ViewRefresh(connection, known, timeout or _time_limit(), concurrently)
        return _in_order(refresher, named, if_stale=if_stale)


def refresh_over(
    relations: Sequence[str],
    *,
    if_stale: bool = False,
    concurrently: bool | None = None,
    timeout: float | None = None,
) -> list[Refreshed]:
    """Refresh every view that is computed from some tables or views, at any depth.

    The rest is as for `refresh`. Raises UnknownRelation too.
    """
    with db.owner() as connection:
        named = [relation_named(connection, refreshed) for refreshed in relations]
        names = [view.name for view in materialized_views(connection).over(named)]
    return refresh(names, if_stale=if_stale, concurrently=concurrently, timeout=timeout)


def all_done(done: list[Refreshed]) -> list[Refreshed]:
    """The same, if nothing failed. Raises RefreshFailed."""
    failed = {one.view: one.reason for one in done if one.outcome == "failed"}
    if failed:
        raise RefreshFailed(failed)
    return done


def _time_limit() -> float:
    """How long a task may take over one view, in seconds."""
    return get_settings().task_soft_time_limit * 0.9


def _in_order(
    refresher: ViewRefresh, named: Sequence[MaterializedView], *, if_stale: bool
) -> list[Refreshed]:
    """Refresh views, and before each what it reads and is stale; those of the latter if skipped
    are left out of the answer."""
    known = refresher.views
    asked = {view.name for view in named}
    needed = asked.union(*({lower.name for lower in known.below(view)} for view in named))
    done: dict[str, Refreshed] = {}
    failed: set[str] = set()
    for view in known.values():
        if view.name not in needed:
            continue
        broken = sorted(view.views & failed)
        if broken:
            refreshed = refresher.fail(view, f"it reads a view that was not refreshed, {broken[0]}")
        else:
            refreshed = refresher.refresh(view, if_stale=if_stale or view.name not in asked)
        done[view.name] = refreshed
        if refreshed.outcome == "failed":
            failed.add(view.name)
    if any(refreshed.outcome == "refreshed" for refreshed in done.values()):
        after_commit.wake("cqrs.invalidate")
    return [
        refreshed
        for refreshed in done.values()
        if refreshed.view in asked or refreshed.outcome != "skipped"
    ]


def _is_asked(connection: Connection, block: str, view: str) -> bool:
    answer = connection.execute(SQL[block], {"view": view})
    return answer.fetchone() is not None


def _reschedule(connection: Connection, view: str, seconds: float) -> None:
    connection.execute(SQL["reschedule"], {"view": view, "seconds": seconds})

"""Several views, each after those that it reads: functions, and the Celery tasks that refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from worker.base import db, wake_ups
from worker.base.app import app
from worker.base.db import Connection
from worker.base.errors import Transient
from worker.base.settings import get_settings
from worker.commands import after_commit
from worker.refresh.requests import TASK, wait_of, wake
from worker.refresh.view_refresh import BUSY, RETRY, Refreshed, ViewRefresh
from worker.refresh.views import (
    SQL,
    MaterializedView,
    NoUniqueIndex,
    materialized_views,
    relation_named,
    view_named,
)


@app.task(name="cqrs.refresh")
def refresh_views(views: Sequence[str], if_stale: bool = False) -> list[dict[str, Any]]:
    """Refresh views by name, in dependency order; what became of each. Raises RefreshFailed."""
    return [asdict(refreshed) for refreshed in all_done(refresh(views, if_stale=if_stale))]


@app.task(name=TASK, ignore_result=True)
def refresh_due(view: str) -> None:
    """Refresh a view that events have asked for, if its time has come and nobody is at it."""
    wake_ups.lower_signal(f"{TASK}:{view}")
    with db.owner() as connection:
        if not _is_asked(connection, "due", view):
            return
        _reschedule(connection, view, RETRY)  # the sweep need not come meanwhile
        known = materialized_views(connection)
        refresher = ViewRefresh(connection, known, _time_limit(), wait=False)
        done = _in_order(refresher, [known.find(view)], if_stale=True)
        if not _is_asked(connection, "asked", view):
            return
        if any(refreshed.reason == BUSY for refreshed in done):
            _reschedule(connection, view, wait_of(view))
            return
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
        names = list(materialized_views(connection))
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

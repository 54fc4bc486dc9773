"""Refreshes of several views, each after those that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.base import db
from worker.base.errors import Transient
from worker.base.settings import get_settings
from worker.commands import after_commit
from worker.refresh.run import Refreshed, Run
from worker.refresh.views import (
    MaterializedView,
    NoUniqueIndex,
    materialized_views,
    relation_named,
)


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
    return {one.view: one.seconds for one in all_done(refresh(names, if_stale=if_stale))}


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
        named = [known.find(name) for name in views]
        for view in named:
            if concurrently and not view.key:
                raise NoUniqueIndex(view.name)
        run = Run(connection, known, timeout or time_limit(), concurrently)
        return in_order(run, named, if_stale=if_stale)


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
        named = [relation_named(connection, one) for one in relations]
        names = [view.name for view in materialized_views(connection).over(named)]
    return refresh(names, if_stale=if_stale, concurrently=concurrently, timeout=timeout)


def all_done(done: list[Refreshed]) -> list[Refreshed]:
    """The same, if nothing failed. Raises RefreshFailed."""
    failed = {one.view: one.reason for one in done if one.outcome == "failed"}
    if failed:
        raise RefreshFailed(failed)
    return done


def time_limit() -> float:
    """How long a task may take over one view, in seconds."""
    return get_settings().task_soft_time_limit * 0.9


def in_order(run: Run, named: Sequence[MaterializedView], *, if_stale: bool) -> list[Refreshed]:
    """Refresh views, and before each what it reads and is stale; those of the latter if skipped
    are left out of the answer."""
    known = run.views
    asked = {view.name for view in named}
    needed = asked.union(*({lower.name for lower in known.below(view)} for view in named))
    done: dict[str, Refreshed] = {}
    failed: set[str] = set()
    for view in known.values():
        if view.name not in needed:
            continue
        broken = sorted(view.views & failed)
        if broken:
            one = run.fail(view, f"it reads a view that was not refreshed, {broken[0]}")
        else:
            one = run.one(view, if_stale=if_stale or view.name not in asked)
        done[view.name] = one
        if one.outcome == "failed":
            failed.add(view.name)
    if any(one.outcome == "refreshed" for one in done.values()):
        after_commit.wake("cqrs.invalidate")
    return [one for one in done.values() if one.view in asked or one.outcome != "skipped"]

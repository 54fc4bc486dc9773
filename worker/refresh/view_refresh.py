"""ViewRefresh: one materialized view is refreshed, in one transaction, by one worker at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import psycopg
from psycopg import errors as pg
from psycopg import sql

from worker import event_log
from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.cache import source_tag
from worker.refresh.requests import note_invalidation, wait_of
from worker.refresh.views import SQL, MaterializedView, Views

log = get_logger(__name__)

READERS_WAIT = 1.0
"""Seconds that a refresh which is not CONCURRENTLY waits for its lock: readers queue behind it."""
RETRY = 30.0
"""Seconds until a view that was asked for is tried again after a failure."""

BUSY = "another worker refreshes it"

Outcome: TypeAlias = Literal["refreshed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one view, and why.

    `horizon` is the position up to which it is computed now, `seconds` what that took, `rows` how
    many it has (None when it was not refreshed).
    """

    view: str
    outcome: Outcome
    reason: str | None = None
    horizon: int = 0
    seconds: float = 0.0
    rows: int | None = None
    concurrent: bool = False


@dataclass(frozen=True, slots=True)
class ViewState:
    """A view before its refresh: what it holds, and what there is to hold.

    `requested` counts how often events have asked for it; `reach` is the position up to which a
    refresh would compute it now, `changed` whether that would differ from what it holds.
    """

    requested: int
    reach: int
    changed: bool


@dataclass(slots=True)
class ViewRefresh:
    """Refreshes on one connection; `limit` bounds each, in seconds.

    `concurrently` insists (True), forbids (False), or takes it where it is possible.
    """

    connection: Connection
    views: Views
    limit: float
    concurrently: bool | None = None
    wait: bool = True

    def refresh(self, view: MaterializedView, *, if_stale: bool) -> Refreshed:
        """Refresh a view, after another worker who has it, or without `wait` not at all then.

        A failure is an outcome, not an exception.
        """
        started_at, started = datetime.now(UTC), time.monotonic()
        try:
            with self.connection.transaction():
                refreshed = self._refresh_if_due(view, if_stale)
                refreshed = replace(refreshed, seconds=time.monotonic() - started)
                if refreshed.reason != BUSY:
                    self._note(refreshed, started_at)
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            return self.fail(view, _reason(error), time.monotonic() - started)
        return refreshed

    def fail(self, view: MaterializedView, reason: str, seconds: float = 0.0) -> Refreshed:
        """Write down that a view was not refreshed."""
        log.warning("refresh failed", view=view.name, reason=reason)
        refreshed = Refreshed(view.name, "failed", reason, seconds=seconds)
        with self.connection.transaction():
            self._note(refreshed, datetime.now(UTC))
            self._do("reschedule", view=view.name, seconds=RETRY)
        return refreshed

    def _refresh_if_due(self, view: MaterializedView, if_stale: bool) -> Refreshed:
        self._bound(locks=self.limit)
        alone = self._do("try_view", view=view.name)[0][0]
        if not alone and not self.wait:
            return Refreshed(view.name, "skipped", BUSY)
        if not alone:
            self._do("take_view", view=view.name)
        state = self._look(view)
        if state.changed or (alone and not if_stale):
            refreshed = self._refresh(view, state.reach)
        else:
            refreshed = Refreshed(
                view.name, "skipped", "nothing that it reads has changed", state.reach
            )
        again = refreshed.outcome == "refreshed"
        self._do("note_refreshed", view=view.name, horizon=state.reach, again=again)
        if again:
            tags = [source_tag(view.name)]
            note_invalidation(self.connection, view.name, tags, position=state.reach)
        self._do("serve", view=view.name, requested=state.requested, seconds=wait_of(view.name))
        return refreshed

    def _look(self, view: MaterializedView) -> ViewState:
        """What the view holds and what it reads, in this order of statements.

        A view holds every effect up to its horizon. What has not changed since then, it still
        holds, and so it holds everything up to where that has come by now.
        """
        ((before, requested, populated),) = self._do("state", view=view.name)
        since = before or 0
        under = [*self.views.below(view), view]
        names = sorted({name for lower in under for name in lower.keepers})
        sources = {row[0]: row[1:] for row in self._do("sources", names=names)}
        changed = any(at > since or position < since for position, at in sources.values())
        moved, log_at = self._log(since)
        changed |= moved and any(lower.reads_other_tables for lower in under)
        changed |= any(lower.reads_untold_tables for lower in under)
        reached = [sources.get(name, (0, 0))[0] for name in view.keepers]
        reached += self._lower(view)
        if view.reads_other_tables or not reached:
            reached.append(log_at)
        return ViewState(requested, min(reached), changed or before is None or not populated)

    def _lower(self, view: MaterializedView) -> list[int]:
        horizons = dict(self._do("horizons", views=sorted(view.views)))
        return [horizons.get(name, 0) for name in view.views]

    def _log(self, since: int) -> tuple[bool, int]:
        """Whether anything was logged since, and up to where; the log's horizon may step back."""
        upto = max(event_log.horizon(self.connection), since)
        return self._do("log_moved", after=since, upto=upto)[0][0], upto

    def _refresh(self, view: MaterializedView, reach: int) -> Refreshed:
        concurrently = view.concurrently and self.concurrently is not False
        self._bound(locks=get_settings().lock_timeout if concurrently else READERS_WAIT)
        name = sql.Identifier(*view.name.split(".", 1))
        how = SQL["refresh_concurrently" if concurrently else "refresh"]
        self.connection.execute(sql.SQL(how).format(view=name))
        count = sql.SQL(SQL["count_rows"]).format(view=name)
        rows = self.connection.execute(count).fetchall()[0][0]
        return Refreshed(view.name, "refreshed", None, reach, 0.0, rows, concurrently)

    def _bound(self, locks: float) -> None:
        """How long a statement of this transaction may take, and wait for a lock, in seconds."""
        limits = {"lock": f"{locks * 1000:.0f}", "statement": f"{self.limit * 1000:.0f}"}
        self._do("limit", **limits)

    def _note(self, refreshed: Refreshed, started_at: datetime) -> None:
        line: Mapping[str, Any] = {
            field.name: getattr(refreshed, field.name) for field in fields(refreshed)
        }
        self._do("note_outcome", **line, started_at=started_at)

    def _do(self, block: str, **parameters: Any) -> list[Any]:
        cursor = self.connection.execute(SQL[block], parameters)
        return cursor.fetchall() if cursor.description else []


def _reason(error: psycopg.Error) -> str:
    if isinstance(error, pg.LockNotAvailable):
        return "others hold it for too long: a lock was not to be had in time"
    if isinstance(error, pg.QueryCanceled):
        return "it takes longer than it may: see the timeout of the refresh"
    return " ".join(str(error).split())

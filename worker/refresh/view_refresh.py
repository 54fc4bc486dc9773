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
from worker.base import standing_failures
from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.cache import source_tag
from worker.refresh.requests import note_invalidation, period_of, wait_of
from worker.refresh.traces import SQL, Tracing, fingerprint, traces
from worker.refresh.views import MaterializedView, Views

log = get_logger(__name__)

READERS_WAIT = 1.0
"""Seconds that a refresh which is not CONCURRENTLY waits for its lock: readers queue behind it."""
RETRY = 30.0
"""Seconds until a view that was asked for is tried again after a failure."""

BUSY = "another worker refreshes it"
UNCHANGED = "nothing that it reads has changed"
NOT_YET = "it has a schedule of its own, and its time has not come"
FAILING = "cqrs.refresh"
"""What a view's refresh is called among the failures that stand, whoever tried it."""

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
class SourcePositions:
    """How far everything that a view may read had come at one moment, before its refresh.

    `log` is the log's horizon; `changed` says at which position a subscription last changed rows.
    """

    log: int
    reached: Mapping[str, int]
    changed: Mapping[str, int]
    views: Mapping[str, int]

    def reach(self, view: MaterializedView, views: Views) -> int:
        """The position of which a refresh after this moment holds every effect."""
        reached = [self.reached.get(name, 0) for name in view.keepers]
        reached += [self.views.get(name, 0) for name in view.views]
        if view.reads_other_tables or not reached:
            reached.append(self.log)
        if view.is_untraced:  # it may read anything but what is computed from it
            below = [v.name for v in views.values() if v is not view and view not in views.below(v)]
            kept = {name for names in view.kept.values() for name in names}
            reached += [self.reached.get(name, 0) for name in kept]
            reached += [self.views.get(name, 0) for name in below if name != view.name]
        return min(reached)


@dataclass(frozen=True, slots=True)
class ViewState:
    """A view before its refresh: what it holds, and what there is to hold.

    `requested` counts how often it was asked for, `wanted` is the position that somebody waits for.
    `horizon` is what it holds, None before its first refresh, which was `seconds` ago. `changed`:
    something that it reads has changed since; `unsteady`: it may differ all the same.
    """

    requested: int
    wanted: int
    horizon: int | None
    seconds: float | None
    at: SourcePositions
    fingerprint: str
    changed: bool
    unsteady: bool

    def is_due(self, period: float | None) -> bool:
        """Whether a refresh might give another result; `period` is an unsteady view's own, in
        seconds: until it has passed, only who waits for an event is reason enough."""
        if self.changed or not self.unsteady:
            return self.changed
        assert self.horizon is not None
        waiting = self.wanted > self.horizon
        return waiting or period is None or self.seconds is None or self.seconds >= period


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

    def let_sources_come(self, view: MaterializedView, seconds: float) -> None:
        """Wait a moment for what somebody waits for: a refresh that begins before its projection
        has folded that takes its time, and then all of it once more."""
        until = time.monotonic() + seconds
        while waits := self._do("waits", view=view.name):
            at, _ = self._positions(0)
            under = [*self.views.below(view), view]
            reached = [at.reached.get(name, 0) for lower in under for name in lower.keepers]
            reached += [at.log for lower in under if lower.reads_other_tables]
            if min(reached, default=waits[0][0]) >= waits[0][0] or time.monotonic() > until:
                return
            time.sleep(0.02)

    def fail(self, view: MaterializedView, reason: str, seconds: float = 0.0) -> Refreshed:
        """Write down that a view was not refreshed; the reason says so if it has failed before."""
        log.warning("refresh failed", view=view.name, reason=reason)
        refreshed = Refreshed(view.name, "failed", reason, seconds=seconds)
        with self.connection.transaction():
            self._note(refreshed, datetime.now(UTC))
            self._do("reschedule", view=view.name, seconds=RETRY)
            standing = standing_failures.note(self.connection, FAILING, view.name, reason)
        return replace(refreshed, reason=standing.sentence)

    def _refresh_if_due(self, view: MaterializedView, if_stale: bool) -> Refreshed:
        self._bound(locks=self.limit)
        alone = self._do("try_view", view=view.name)[0][0]
        if not alone and not self.wait:
            return Refreshed(view.name, "skipped", BUSY)
        if not alone:
            self._do("take_view", view=view.name)
        tracing = Tracing(self.connection, view.id, text=view.text)
        with tracing.without_trace():
            self.views = self.views.traced(traces(self.connection))  # others may have refreshed
            view = self.views[view.name]
            state = self._look(view)
        if state.is_due(period_of(view.name)) or (alone and not if_stale):
            refreshed = self._refresh(view, state, tracing)
        else:
            refreshed = self._skip(view, state)
        self._store(view, state, refreshed)
        return refreshed

    def _skip(self, view: MaterializedView, state: ViewState) -> Refreshed:
        """The view's horizon moves only if a refresh is known to change nothing."""
        if state.unsteady:
            return Refreshed(view.name, "skipped", NOT_YET, state.horizon or 0)
        return Refreshed(view.name, "skipped", UNCHANGED, state.at.reach(view, self.views))

    def _store(self, view: MaterializedView, state: ViewState, refreshed: Refreshed) -> None:
        again, horizon = refreshed.outcome == "refreshed", refreshed.horizon
        self._do("note_refreshed", view=view.name, horizon=horizon, again=again)
        if again:
            tags = [source_tag(view.name)]
            note_invalidation(self.connection, view.name, tags, position=horizon)
        served = {"requested": state.requested, "horizon": horizon}
        self._do("serve", view=view.name, seconds=wait_of(view.name), **served)
        standing_failures.mend(self.connection, FAILING, view.name)

    def _look(self, view: MaterializedView) -> ViewState:
        """What the view holds and what it may read, in this order of statements.

        A view holds every effect up to its horizon. What has not changed since then, it still
        holds, and so it holds everything up to where that has come by now.
        """
        row = self._do("state", view=view.name)[0]
        before, requested, wanted, seconds, populated = row
        since = before or 0
        hangs_on = fingerprint(self.connection, text=view.text)
        under = [*self.views.below(view), view]
        names = {name for lower in under for name in lower.keepers}
        at, moved = self._positions(since)
        changed = before is None or not populated or view.is_untraced
        changed |= view.trace is None or view.trace.fingerprint != hangs_on
        changed |= any(
            at.changed[n] > since or at.reached[n] < since for n in names & at.reached.keys()
        )
        changed |= moved and any(lower.reads_other_tables for lower in under)
        unsteady = any(lower.unsteady for lower in under)
        return ViewState(requested, wanted, before, seconds, at, hangs_on, changed, unsteady)

    def _positions(self, since: int) -> tuple[SourcePositions, bool]:
        """How far everything is; and whether anything was logged since that position."""
        sources = self._do("sources")
        horizons = dict(self._do("horizons"))
        upto = max(event_log.horizon(self.connection), since)  # the log's horizon may step back
        moved = self._do("log_moved", after=since, upto=upto)[0][0]
        reached = {name: position for name, position, _ in sources}
        changed = {name: at for name, _, at in sources}
        return SourcePositions(upto, reached, changed, horizons), moved

    def _refresh(self, view: MaterializedView, state: ViewState, tracing: Tracing) -> Refreshed:
        concurrently = view.concurrently and self.concurrently is not False
        self._bound(locks=get_settings().lock_timeout if concurrently else READERS_WAIT)
        name = sql.Identifier(*view.name.split(".", 1))
        how = SQL["refresh_concurrently" if concurrently else "refresh"]
        tracing.begin()
        self.connection.execute(sql.SQL(how).format(view=name))
        traced = replace(view, trace=tracing.write(view.name, state.fingerprint))
        count = sql.SQL(SQL["count_rows"]).format(view=name)
        rows = self.connection.execute(count).fetchall()[0][0]
        reach = state.at.reach(traced, self.views)
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

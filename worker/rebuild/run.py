"""Starting a rebuild, going on with one, and cancelling."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from celery.exceptions import SoftTimeLimitExceeded

from worker import event_log
from worker.base import db, standing_failures
from worker.base.db import Connection
from worker.base.errors import Transient
from worker.base.logs import get_logger
from worker.rebuild import belongings, copy_unchanged, shadow
from worker.rebuild import journal as journals
from worker.rebuild.compare import Drift
from worker.rebuild.coverage import SQL, excluded_events
from worker.rebuild.errors import (
    TIME_IS_UP,
    AnotherRebuild,
    CodeTooOld,
    RebuildCancelled,
    RebuildFailed,
    RebuildRunning,
    RebuildUnfinished,
    must_name_all_types,
    projection_named,
)
from worker.rebuild.fingerprint import fingerprint
from worker.rebuild.jobs import ProgressCallback
from worker.rebuild.journal import RebuildJournal, abandon, drop_replaced
from worker.rebuild.migrating import migration_of
from worker.rebuild.part import EVENTS_BETWEEN, ROWS_KEPT
from worker.rebuild.state_machine import RebuildRun, finish, is_current_version
from worker.rebuild.together import moved_together
from worker.subscriptions import checkpoints
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.projection import Projection
from worker.subscriptions.registration import must_register

log = get_logger(__name__)

SMALL = 50_000
"""Positions of the log; to read fewer, no processes are started."""
FAR_BEHIND = 100_000
"""Positions; a live table that is so far behind is not waited for, but overtaken."""
REBUILD = "cqrs.rebuild"
"""What a projection's rebuild is called among the failures that stand, whoever tried it."""
DRIFT = "cqrs.drift"
"""What rows that differ from the log are called there: a rebuild, or a look at all, ends it."""
FOLDS_CHANGED = "the folds have changed since it began, so it is begun anew"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to: `differing` of the live table's rows were wrong, `drift` shows some.

    `differing` is None where there was nothing to compare with: no live table of this version, or
    one that was behind. `table` is the table that is live now. `seconds` passed from its begin to
    its end, in however many calls.
    """

    name: str
    table: str
    events: int
    rows: int
    differing: int | None
    drift: Sequence[Drift]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def rebuild(
    name: str,
    *,
    progress: ProgressCallback | None = None,
    from_position: int = 0,
    jobs: int = 2,
    seconds: float | None = None,
    goes_live: bool = True,
    continues: int | None = None,
    may_go_back: bool = True,
    rows_kept: int = ROWS_KEPT,
    events_between: int = EVENTS_BETWEEN,
) -> Rebuilt:
    """Build a projection's table anew beside the live one, compare the two, and swap them.

    A rebuild that was killed goes on where it was, unless the folds have changed since: then it is
    begun anew. With `from_position`, rows that no event after
    that position touches are taken over from the live table, and the others are folded anew: see
    copy_unchanged.py for what that promises. `jobs` is the number of processes. With `seconds`,
    RebuildUnfinished is raised when time is up: call again to go on. With `goes_live=False` the two
    are only compared. `progress` is called about twice a second.

    With `continues`, the number of a rebuild from RebuildUnfinished, only that one goes on; if it
    has ended meanwhile, what it came to is returned or raised, and none is begun.

    Projections that are declared to move together (`moves_with=`) are all rebuilt, and swapped in
    one transaction; what is returned is about the one that was named.

    A table of a lower version than the live one's goes live only if it `may_go_back`: that is for
    whoever rolls a release back, not for a worker that the new release has not reached yet.

    Raises UnknownProjection, NoSuchPosition, CannotStartThere, TypesLost, NotRegistered,
    CannotCarryOver, RebuildRunning, AnotherRebuild, CodeTooOld, RebuildCancelled, RebuildFailed,
    ViewInUse, and what a fold raises.
    """
    group = moved_together(projection_named(name))
    until = time.monotonic() + (seconds if seconds is not None else 1e9)
    limits = {"rows_kept": rows_kept, "events_between": events_between}
    with ExitStack() as held:
        runs: list[RebuildRun] = []
        for projection in group if goes_live else group[:1]:
            connection = held.enter_context(db.owner())
            held.enter_context(journals.rebuild_lock(connection, projection.name))
            if not may_go_back:
                _must_not_go_back(connection, projection)
            drop_replaced(connection, projection)
            request = _RebuildRequest(connection, projection, goes_live, from_position, jobs)
            journal = request.journal(None if runs else continues)
            if journal is None:  # the one that was to go on has ended
                return _ended(connection, continues or 0)
            runs.append(RebuildRun(connection, projection, journal, jobs, until, progress, limits))
        _run(runs)
        done = _ended(runs[0].connection, runs[0].journal.rebuild_id)
        for run in runs if goes_live else ():
            for failing in (REBUILD, DRIFT):
                standing_failures.mend(run.connection, failing, run.projection.name)
        return done


def cancel(name: str) -> bool:
    """Stop the rebuild of a projection and drop what it has built; False when there is none.

    One that is running stops within a second or so; of one that was killed, the rest is cleared.
    Raises UnknownProjection.
    """
    group = moved_together(projection_named(name))
    told = [_cancel(projection) for projection in group]
    return any(told)


def _cancel(projection: Projection) -> bool:
    name = projection.name
    with db.owner() as connection:
        if not journals.ask_to_cancel(connection, name):
            return False
        try:
            with journals.rebuild_lock(connection, name):
                left = journals.unfinished(connection, name)
                if left is not None:
                    abandon(connection, projection, left, "cancelled")
        except RebuildRunning:
            log.info("rebuild is told to stop", projection=name)
    return True


def _must_not_go_back(connection: Connection, projection: Projection) -> None:
    """Raise CodeTooOld if the live table is of a higher version than this code's."""
    live = max(
        (at.table_version or 0 for at in checkpoints.of(connection, projection.name)),
        default=0,
    )
    if live > projection.version:
        raise CodeTooOld(projection.name, live, projection.version)


def _run(runs: Sequence[RebuildRun]) -> None:
    """As far as time allows; what cannot succeed by going on is given up, with all that was to move
    with it."""
    try:
        for run in runs:
            run.build()
        if runs[0].journal.goes_live:
            finish(runs)
        else:
            runs[0].end_here()
    except RebuildCancelled:
        _give_up(runs, "cancelled")
        raise
    except SoftTimeLimitExceeded:
        name, rebuild_id = runs[0].projection.name, runs[0].journal.rebuild_id
        raise RebuildUnfinished(name, TIME_IS_UP, rebuild_id) from None
    except RebuildUnfinished as unfinished:
        raise RebuildUnfinished(
            runs[0].projection.name, unfinished.why, runs[0].journal.rebuild_id
        ) from unfinished
    except (Transient, psycopg.OperationalError):
        raise
    except Exception as error:
        _give_up(runs, "failed", in_one_line(error))
        raise


def _give_up(runs: Sequence[RebuildRun], state: str, why: str | None = None) -> None:
    for run in runs:
        run.connection.rollback()
        abandon(run.connection, run.projection, run.journal, state, why)


def _ended(connection: Connection, rebuild_id: int) -> Rebuilt:
    """What a rebuild came to. Raises RebuildCancelled, RebuildFailed."""
    row = connection.execute(SQL["ended"], {"rebuild_id": rebuild_id}).fetchone()
    assert row is not None
    name, table, events, rows, differing, drift, seconds, state, error = row
    if state == "cancelled":
        raise RebuildCancelled(name)
    if state == "failed":
        raise RebuildFailed(name, error)
    shown = [Drift.of(plain) for plain in drift]
    return Rebuilt(name, table, events, rows, differing, shown, seconds)


@dataclass(frozen=True, slots=True)
class _RebuildRequest:
    """What is wanted, before it is known whether a rebuild is begun or gone on with."""

    connection: Connection
    projection: Projection
    goes_live: bool
    position: int
    jobs: int

    def journal(self, continues: int | None) -> RebuildJournal | None:
        """The rebuild to go on with, or a new one; None if `continues` has ended meanwhile."""
        if continues is not None:
            return self.same(continues)
        return self.going_on() or self.begin()

    def same(self, rebuild_id: int) -> RebuildJournal | None:
        """This very rebuild, unless it has ended; begun anew if the folds have changed since."""
        left = journals.unfinished(self.connection, self.projection.name)
        if left is None or left.rebuild_id != rebuild_id:
            return None
        if self._is_our_code(left):
            return left
        self._put_aside(left)
        return self.begin()

    def going_on(self) -> RebuildJournal | None:
        """The rebuild that was left unfinished, if it is the wanted one; another one is put aside.

        Raises AnotherRebuild for one that is worth more than the wanted one.
        """
        left = journals.unfinished(self.connection, self.projection.name)
        if left is None or (self._is_wanted(left) and self._is_there(left)):
            return left
        self._put_aside(left)
        return None

    def _is_wanted(self, left: RebuildJournal) -> bool:
        same = self._is_our_code(left) and left.goes_live == self.goes_live
        return same and self.position in (0, left.checkpoint)

    def _is_our_code(self, left: RebuildJournal) -> bool:
        """Rows that other folds have made must not go live with those that ours make."""
        return left.folds == fingerprint(self.projection)

    def _put_aside(self, left: RebuildJournal) -> None:
        """Give it up for another one, and say why. Raises AnotherRebuild."""
        self._must_not_matter(left)
        changed = left.version == self.projection.version and not self._is_our_code(left)
        why = FOLDS_CHANGED if changed else "another rebuild was started instead"
        abandon(self.connection, self.projection, left, "failed", why)
        log.warning("rebuild is put aside", projection=left.name, reason=why)

    def _is_there(self, left: RebuildJournal) -> bool:
        return shadow.exists(self.connection, self.projection.table, left.shadow)

    def _must_not_matter(self, left: RebuildJournal) -> None:
        if left.version > self.projection.version:
            reason = (
                f"version {left.version} is being built, this code has {self.projection.version}"
            )
            raise AnotherRebuild(self.projection.name, reason)
        if left.goes_live and not self.goes_live:
            raise AnotherRebuild(self.projection.name, "a rebuild has begun and not ended")

    def begin(self) -> RebuildJournal:
        """A new rebuild, with its empty table. Raises NoSuchPosition, CannotStartThere,
        TypesLost, NotRegistered."""
        connection, projection = self.connection, self.projection
        must_register(connection, projection)
        with connection.transaction():
            live = shadow.live_table(connection, projection.table)
            if self.position:
                copy_unchanged.must_tell(connection, projection, live, self.position)
            if self.goes_live:
                must_name_all_types(connection, projection)
            migrated = migration_of(connection, projection) if live and self.goes_live else None
            alike = is_current_version(connection, projection)
            upto = self._upto(alike)
            name = shadow.next_name(connection, projection.table)
            shadow.create(connection, projection.table, name, live, alike=alike)
            if live is not None and self.goes_live:
                belongings.try_to_carry_over(connection, projection.table, live, name)
            return journals.begin(
                connection,
                projection,
                shadow=name,
                goes_live=self.goes_live,
                checkpoint=self.position,
                upto=upto,
                parts=self.jobs if projection.keyed and upto > SMALL else 1,
                excluded=excluded_events(connection, projection.name),
                migrated_from=migrated,
            )

    def _upto(self, alike: bool) -> int:
        """The live table's place, so that the two can be compared; or the log's end."""
        horizon = event_log.horizon(self.connection)
        lowest = min(at.position for at in checkpoints.of(self.connection, self.projection.name))
        return lowest if alike and horizon - lowest <= FAR_BEHIND else horizon

"""The course of a rebuild, from the first row to the swap."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
import structlog
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg

from worker import db, delivery, event_log
from worker.db import Connection
from worker.errors import Transient
from worker.projection import Projection
from worker.rebuild import journal as journals
from worker.rebuild import shadow
from worker.rebuild.compare import Drift
from worker.rebuild.errors import (
    TIME_IS_UP,
    NoSuchPosition,
    RebuildCancelled,
    RebuildRunning,
    RebuildUnfinished,
    projection_named,
)
from worker.rebuild.following import Follower
from worker.rebuild.jobs import run_parts
from worker.rebuild.journal import SQL, Journal
from worker.rebuild.left_out import left_out
from worker.rebuild.part import EVENTS_BETWEEN, ROWS_KEPT, Share
from worker.rebuild.progress import Callback, Meter
from worker.rebuild.reached import Reached
from worker.refresh import wake_due
from worker.running import checkpoints, read_tables
from worker.running.sieve import in_one_line

log = structlog.get_logger(__name__)

SMALL = 50_000
"""Positions of the log; to read fewer, no processes are started."""
FAR_BEHIND = 100_000
"""Positions; a live table that is so far behind is not waited for, but overtaken."""
SWAP_SECONDS = 300.0
"""How long a swap is tried, seconds."""
GRACE = 1.0
"""Seconds between the swap and the end of the old table: who learnt its name before is done."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to: `differing` of the live table's rows were wrong, `drift` shows some.

    `differing` is None where there was nothing to compare with: no live table of this shape, or one
    that was behind. `table` is the table that is live now.
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
    progress: Callback | None = None,
    from_position: int = 0,
    jobs: int = 2,
    seconds: float | None = None,
    goes_live: bool = True,
    rows_kept: int = ROWS_KEPT,
    events_between: int = EVENTS_BETWEEN,
) -> Rebuilt:
    """Build a projection's table anew beside the live one, compare the two, and swap them.

    A rebuild that was killed goes on where it was. `from_position` leaves out the events up to that
    position, for read models whose rows need nothing from before. `jobs` is the number of
    processes. With `seconds`, RebuildUnfinished is raised when time is up: call again to go on.
    With `goes_live=False` the two are only compared. `progress` is called about twice a second.

    Raises UnknownProjection, NoSuchPosition, RebuildRunning, RebuildCancelled, RebuildFailed,
    ViewInUse, and what a fold raises.
    """
    one = projection_named(name)
    until = time.monotonic() + (seconds if seconds is not None else 1e9)
    limits = {"rows_kept": rows_kept, "events_between": events_between}
    with db.owner() as connection, journals.turn(connection, name):
        drop_replaced(connection, one)
        run = _Run(connection, one, jobs, until, progress, limits)
        return run.go(from_position, goes_live)


def cancel(name: str) -> bool:
    """Stop the rebuild of a projection and drop what it has built; False when there is none.

    One that is running stops within a second or so; of one that was killed, the rest is cleared.
    Raises UnknownProjection.
    """
    one = projection_named(name)
    with db.owner() as connection:
        if not journals.ask_to_cancel(connection, name):
            return False
        try:
            with journals.turn(connection, name):
                left = journals.unfinished(connection, name)
                if left is not None:
                    give_up(connection, one, left, "cancelled")
        except RebuildRunning:
            log.info("rebuild is told to stop", projection=name)
    return True


def give_up(
    connection: Connection, one: Projection, journal: Journal, state: str, why: str | None = None
) -> None:
    """End a rebuild that leads nowhere, with its table."""
    with connection.transaction():
        shadow.drop(connection, one.table, journal.shadow)
        journal.end(state, error=why)


def drop_replaced(connection: Connection, one: Projection) -> None:
    """Drop tables that were live once; one that somebody built upon directly stays for now."""
    for rebuild_id, table in connection.execute(SQL["replaced"], {"name": one.name}).fetchall():
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '5s'")
                shadow.drop(connection, one.table, table)
                connection.execute(SQL["forget_replaced"], {"rebuild_id": rebuild_id})
        except (pg.LockNotAvailable, pg.DependentObjectsStillExist) as error:
            log.warning("old table stays for now", table=table, reason=in_one_line(error))


@dataclass(slots=True)
class _Run:
    """One call of `rebuild`, on a connection that has the turn."""

    connection: Connection
    one: Projection
    jobs: int
    until: float
    progress: Callback | None
    limits: Mapping[str, int]
    began: float = field(default_factory=time.monotonic)

    def go(self, first: int, goes_live: bool) -> Rebuilt:
        """The whole course; what cannot succeed by going on is given up."""
        journal = self._resume(first, goes_live) or self._begin(first, goes_live)
        try:
            return self._course(journal)
        except RebuildCancelled:
            give_up(self.connection, self.one, journal, "cancelled")
            raise
        except (Transient, SoftTimeLimitExceeded, psycopg.OperationalError):
            raise
        except Exception as error:
            self.connection.rollback()
            give_up(self.connection, self.one, journal, "failed", in_one_line(error))
            raise

    def _course(self, journal: Journal) -> Rebuilt:
        live = shadow.live_table(self.connection, self.one.table)
        meter = self._build(journal)
        if journal.state != "following":
            journal.enter("indexing")
            meter.tell()
            shadow.add_indexes(self.connection, self.one.table, journal.shadow, live)
            journal.note_reached(Reached((journal.upto,)), journal.left_out, journal.events)
            journal.enter("following")
            meter.tell()
        comparable = live if self._has_our_shape() else None
        follower = Follower(self.connection, self.one, journal, comparable, live)
        follower.follow()
        rows = shadow.count_rows(self.connection, self.one.table, journal.shadow)
        found = follower.compare()
        if found is not None:
            journal.note_drift(rows, found[1], found[0])
        if journal.goes_live:
            self._swap(follower, changed=found is None or found[0] > 0)
        else:
            give_up(self.connection, self.one, journal, "done")
        table = journal.shadow if journal.goes_live else str(live)
        differing, drift = found if found is not None else (None, ())
        seconds = time.monotonic() - self.began
        return Rebuilt(self.one.name, table, journal.events, rows, differing, drift, seconds)

    def _resume(self, first: int, goes_live: bool) -> Journal | None:
        left = journals.unfinished(self.connection, self.one.name)
        if left is None:
            return None
        same = (left.shape, left.goes_live) == (self.one.version, goes_live)
        if same and first in (0, left.first) and self._is_there(left.shadow):
            return left
        give_up(self.connection, self.one, left, "failed", "another rebuild was started instead")
        return None

    def _begin(self, first: int, goes_live: bool) -> Journal:
        connection, one = self.connection, self.one
        connection.execute(checkpoints.SQL["add"], read_tables.first([one]))
        with connection.transaction():
            upto = self._upto()
            if not 0 <= first <= upto:
                raise NoSuchPosition(first, upto)
            live = shadow.live_table(connection, one.table)
            name = shadow.next_name(connection, one.table)
            shadow.create(connection, one.table, name, live, alike=self._has_our_shape())
            return journals.begin(
                connection,
                one,
                shadow=name,
                goes_live=goes_live,
                first=first,
                upto=upto,
                parts=self.jobs if one.keyed and upto - first > SMALL else 1,
                left_out=left_out(connection, one.name),
            )

    def _upto(self) -> int:
        """The live table's place, so that the two can be compared; or the log's end."""
        horizon = event_log.horizon(self.connection)
        places = checkpoints.of(self.connection, self.one.name)
        lowest = min(place.position for place in places)
        near = horizon - lowest <= FAR_BEHIND
        return lowest if near and self._has_our_shape() else horizon

    def _has_our_shape(self) -> bool:
        places = checkpoints.of(self.connection, self.one.name)
        return all(place.shape == self.one.version for place in places)

    def _is_there(self, table: str) -> bool:
        return shadow.exists(self.connection, self.one.table, table)

    def _build(self, journal: Journal) -> Meter:
        parts = journal.parts()
        meter = Meter(journal, self.progress, dict(parts))
        run_parts(self._shares(journal, parts), self.jobs, meter.advance)
        meter.tell()
        journal.events = meter.events
        if any(position < journal.upto for position in journal.parts().values()):
            raise RebuildUnfinished(self.one.name, TIME_IS_UP)
        return meter

    def _shares(self, journal: Journal, parts: Mapping[int, int]) -> list[Share]:
        return [
            Share(
                rebuild_id=journal.rebuild_id,
                name=journal.name,
                shadow=journal.shadow,
                part=part,
                parts=len(parts),
                first=journal.first,
                after=position,
                upto=journal.upto,
                left_out=journal.left_out.to_json(),
                seconds=self.until - time.monotonic(),
                **self.limits,
            )
            for part, position in parts.items()
            if position < journal.upto
        ]

    def _swap(self, follower: Follower, *, changed: bool) -> None:
        follower.swap(min(SWAP_SECONDS, self.until - time.monotonic()), changed=changed)
        if changed:
            delivery.wake("cqrs.invalidate")
            wake_due()
        time.sleep(GRACE)
        drop_replaced(self.connection, self.one)

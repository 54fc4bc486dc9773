"""The state machine of a rebuild, as far as one call gets.

    seeding ─▶ marking ─▶ building ─▶ indexing ─▶ following ─▶ comparing ─▶ swapping ─▶ done
    only from a checkpoint               ▲
    seeding, of migrated rows ───────────┘ (migrating.py)

Each state can be entered again: what it has done already it finds done. No state needs more time at
once than a task has, except where a single fold, or a range of rows, takes so long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import errors as pg

from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.commands import after_commit
from worker.rebuild import belongings, shadow
from worker.rebuild.compare import SHOWN, KeyRange, count_rows, key_ranges
from worker.rebuild.copy_unchanged import UnchangedRows
from worker.rebuild.coverage import PositionVector
from worker.rebuild.errors import TIME_IS_UP, RebuildUnfinished
from worker.rebuild.following import Follower
from worker.rebuild.jobs import ProgressCallback, ProgressMeter, run_parts
from worker.rebuild.journal import RebuildJournal, abandon, drop_replaced
from worker.rebuild.migrating import MigratedRows
from worker.rebuild.part import PartPlan
from worker.rebuild.sessions import run_detached
from worker.rebuild.swapping import Swap, swap
from worker.refresh import wake_due
from worker.subscriptions import checkpoints
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.projection import Projection

log = get_logger(__name__)

SWAP_SECONDS = 300.0
"""How long a swap is tried, seconds."""
GRACE = 1.0
"""Seconds between the swap and the end of the old table: who learnt its name before is done."""
DOES_NOT_FIT = (pg.UndefinedColumn, pg.UndefinedFunction, pg.UndefinedObject, pg.DatatypeMismatch)
"""What an index says that the live table has and the new one cannot have: its columns differ."""


@dataclass(slots=True)
class RebuildRun:
    """One call's share of a rebuild, on a connection that has the rebuild's lock, until `until`."""

    connection: Connection
    projection: Projection
    journal: RebuildJournal
    jobs: int
    until: float
    progress: ProgressCallback | None
    limits: Mapping[str, int]
    _meter: ProgressMeter = field(init=False)
    _live: str | None = field(init=False)
    _follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self._meter = ProgressMeter(self.journal, self.progress, self.journal.parts())
        self._live = shadow.live_table(self.connection, self.projection.table)
        comparable = self._live if is_current_version(self.connection, self.projection) else None
        context = (self.connection, self.projection, self.journal)
        self._follower = Follower(*context, comparable, self._in_time)

    def build(self) -> None:
        """Go on from the state it is in, up to the swap. Raises RebuildUnfinished,
        RebuildCancelled, RebuildFailed, and what a fold raises."""
        steps: dict[str, Callable[[], None]] = {
            "seeding": self._copy_unchanged,
            "marking": self._mark,
            "building": self._build,
            "indexing": self._index,
            "following": self._follow,
            "comparing": self._compare,
            "swapping": lambda: None,
        }
        states = list(steps)
        for state in states[states.index(self.journal.state) :]:
            if states.index(state) < states.index(self.journal.state):
                continue  # migrated rows are not built
            if self.journal.state != state:
                self.journal.enter(state)
            self._meter.tell()
            steps[state]()

    def _copy_unchanged(self) -> None:
        if self.journal.migrated_from is not None:
            self._migrated_rows().copy()
            return
        self._unchanged_rows().copy()

    def _migrated_rows(self) -> MigratedRows:
        assert self._live is not None
        context = (self.connection, self.projection, self.journal)
        return MigratedRows(*context, self._live, self.until, self._in_time)

    def _mark(self) -> None:
        self._unchanged_rows().mark()

    def _unchanged_rows(self) -> UnchangedRows:
        assert self._live is not None
        return UnchangedRows(
            self.connection, self.projection, self.journal, self._live, self._in_time
        )

    def _build(self) -> None:
        run_parts(self._part_plans(), self.jobs, self._meter.advance)
        self._meter.tell()
        self.journal.events = self._meter.events
        if any(position < self.journal.upto for position in self.journal.parts().values()):
            raise self._unfinished()
        self.journal.forget_marks()

    def _part_plans(self) -> list[PartPlan]:
        journal, parts = self.journal, self.journal.parts()
        return [
            PartPlan(
                rebuild_id=journal.rebuild_id,
                name=journal.name,
                shadow=journal.shadow,
                part=part,
                parts=len(parts),
                after=position,
                upto=journal.upto,
                excluded=journal.excluded.to_json(),
                folds=journal.folds,
                marked=journal.checkpoint > 0,
                seconds=self.until - time.monotonic(),
                **self.limits,
            )
            for part, position in parts.items()
            if position < journal.upto
        ]

    def _index(self) -> None:
        name, table = self.journal.shadow, self.projection.table
        for text in shadow.declared_indexes(self.connection, table, name):
            run_detached(text, self._in_time_and_wanted)
        shadow.add_key(self.connection, table, name)
        if self._live is not None:
            self._carry_over(self._live)
            if self.journal.goes_live:
                belongings.carry_over(self.connection, table, self._live, name, belongings.CALM)
        for text in shadow.missing_statistics(self.connection, table, name):
            run_detached(text, self._in_time_and_wanted)
        if self.journal.migrated_from is not None:
            return  # they are of where the live table was then
        begun = PositionVector((self.journal.upto,))
        self.journal.note_reached(begun, self.journal.excluded, self.journal.events)

    def _carry_over(self, live: str) -> None:
        """Make the indexes that only the live table has; one that makes no sense is left out."""
        facts = (self.connection, self.projection.table, self.journal.shadow, live)
        for index, text in shadow.missing_indexes(*facts).items():
            try:
                run_detached(text, self._in_time_and_wanted)
            except DOES_NOT_FIT as error:
                log.warning("index not carried over", index=index, reason=in_one_line(error))

    def _follow(self) -> None:
        self._follower.follow()

    def _compare(self) -> None:
        walk = key_ranges(
            self.connection, self.projection.table, self.journal.shadow, self.journal.walked
        )
        for key_range in walk:
            self._follower.follow()
            self._compare_range(key_range)
            self._in_time()

    def _compare_range(self, key_range: KeyRange) -> None:
        """Add a key range to what is known; once that cannot be told, nothing is known."""
        journal = self.journal
        rows = count_rows(self.connection, self.projection.table, journal.shadow, key_range)
        compared = self._follower.compare(key_range) if self._can_be_told(key_range) else None
        differing, drift = (None, ()) if compared is None else compared
        known = None if differing is None else (journal.differing or 0) + differing
        shown = [] if known is None else [*journal.drift, *drift][:SHOWN]
        with self.connection.transaction():
            journal.note_compared(key_range.upto, (journal.rows or 0) + rows, known, shown)
            if key_range.upto is None:
                journal.enter("swapping")  # or else the end would be counted twice

    def _can_be_told(self, key_range: KeyRange) -> bool:
        return key_range.after is None or self.journal.differing is not None

    def end_here(self) -> None:
        """The two tables were to be compared, and no more."""
        abandon(self.connection, self.projection, self.journal, "done")

    @property
    def changed(self) -> bool:
        """Whether readers see other rows than before, or may."""
        return self.journal.differing != 0

    def ending(self) -> Swap:
        """What puts the table in its place. Raises MigrationDiffers."""
        if self.journal.migrated_from is not None:
            self._migrated_rows().examine()
        context = (self.connection, self.projection, self.journal, self._follower)
        return Swap(*context, self._live, self.changed)

    def _in_time(self) -> None:
        """Raise RebuildUnfinished when time is up."""
        if time.monotonic() > self.until:
            raise self._unfinished()

    def _in_time_and_wanted(self) -> None:
        """The same; and RebuildCancelled, where nothing else is noted that would notice."""
        self.journal.note_progress(self.journal.upto, self.journal.events)
        self._in_time()

    def _unfinished(self) -> RebuildUnfinished:
        return RebuildUnfinished(self.projection.name, TIME_IS_UP, self.journal.rebuild_id)


def finish(runs: Sequence[RebuildRun]) -> None:
    """Let the tables of rebuilds that are to be swapped take their places, all at once."""
    until = min(runs[0].until, time.monotonic() + SWAP_SECONDS)
    swap([run.ending() for run in runs], until)
    if any(run.changed for run in runs):
        after_commit.wake("cqrs.invalidate")
        wake_due()
    time.sleep(GRACE)
    for run in runs:
        drop_replaced(run.connection, run.projection)


def is_current_version(connection: Connection, projection: Projection) -> bool:
    """Whether the live table is of the version that this code declares."""
    return all(
        at.table_version == projection.version for at in checkpoints.of(connection, projection.name)
    )

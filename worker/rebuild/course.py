"""The course of one rebuild, state by state, as far as one call gets.

    seeding ─▶ marking ─▶ building ─▶ indexing ─▶ following ─▶ comparing ─▶ swapping ─▶ done
    only from a checkpoint

Each state can be entered again: what it has done already it finds done. No state needs more time at
a stretch than a task has, except where a single fold, or a stretch of rows, takes so long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from psycopg import errors as pg

from worker.base.db import Connection
from worker.commands import after_commit
from worker.rebuild import shadow
from worker.rebuild.cleanup import drop_replaced, give_up
from worker.rebuild.compare import SHOWN, count_rows
from worker.rebuild.copy_unchanged import Seeds
from worker.rebuild.detached_statement import alone
from worker.rebuild.errors import TIME_IS_UP, RebuildUnfinished
from worker.rebuild.following import Follower
from worker.rebuild.jobs import run_parts
from worker.rebuild.journal import Journal
from worker.rebuild.key_ranges import Stretch, stretches
from worker.rebuild.part import Share
from worker.rebuild.position_vector import PositionVector
from worker.rebuild.progress import Meter, ProgressCallback
from worker.rebuild.swapping import Swap
from worker.refresh import wake_due
from worker.subscriptions import checkpoints
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.projection import Projection

log = structlog.get_logger(__name__)

SWAP_SECONDS = 300.0
"""How long a swap is tried, seconds."""
GRACE = 1.0
"""Seconds between the swap and the end of the old table: who learnt its name before is done."""
NOT_OF_USE = (pg.UndefinedColumn, pg.UndefinedFunction, pg.UndefinedObject, pg.DatatypeMismatch)
"""What an index says that the live table has and the new one cannot have: its columns differ."""


@dataclass(slots=True)
class Course:
    """One call's share of a rebuild, on a connection that has the turn, until `until`."""

    connection: Connection
    one: Projection
    journal: Journal
    jobs: int
    until: float
    progress: ProgressCallback | None
    limits: Mapping[str, int]
    _meter: Meter = field(init=False)
    _live: str | None = field(init=False)
    _follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self._meter = Meter(self.journal, self.progress, self.journal.parts())
        self._live = shadow.live_table(self.connection, self.one.table)
        comparable = self._live if has_our_shape(self.connection, self.one) else None
        facts = (self.connection, self.one, self.journal)
        self._follower = Follower(*facts, comparable, self._in_time)

    def run(self) -> None:
        """Go on from the state it is in. Raises RebuildUnfinished, RebuildCancelled, ViewInUse,
        RebuildFailed, and what a fold raises."""
        ways: dict[str, Callable[[], None]] = {
            "seeding": self._seed,
            "marking": self._mark,
            "building": self._build,
            "indexing": self._index,
            "following": self._follow,
            "comparing": self._compare,
            "swapping": self._swap,
        }
        states = list(ways)
        for state in states[states.index(self.journal.state) :]:
            if self.journal.state != state:
                self.journal.enter(state)
            self._meter.tell()
            ways[state]()

    def _seed(self) -> None:
        self._seeds().copy()

    def _mark(self) -> None:
        self._seeds().mark()

    def _seeds(self) -> Seeds:
        assert self._live is not None
        return Seeds(self.connection, self.one, self.journal, self._live, self._in_time)

    def _build(self) -> None:
        run_parts(self._shares(), self.jobs, self._meter.advance)
        self._meter.tell()
        self.journal.events = self._meter.events
        if any(position < self.journal.upto for position in self.journal.parts().values()):
            raise self._unfinished()
        self.journal.forget_marks()

    def _shares(self) -> list[Share]:
        journal, parts = self.journal, self.journal.parts()
        return [
            Share(
                rebuild_id=journal.rebuild_id,
                name=journal.name,
                shadow=journal.shadow,
                part=part,
                parts=len(parts),
                after=position,
                upto=journal.upto,
                left_out=journal.left_out.to_json(),
                folds=journal.folds,
                marked=journal.checkpoint > 0,
                seconds=self.until - time.monotonic(),
                **self.limits,
            )
            for part, position in parts.items()
            if position < journal.upto
        ]

    def _index(self) -> None:
        name, table = self.journal.shadow, self.one.table
        for text in shadow.declared_indexes(self.connection, table, name):
            alone(text, self._in_time_and_wanted)
        shadow.add_key(self.connection, table, name)
        if self._live is not None:
            self._carry_over(self._live)
        for text in shadow.missing_statistics(self.connection, table, name):
            alone(text, self._in_time_and_wanted)
        begun = PositionVector((self.journal.upto,))
        self.journal.note_reached(begun, self.journal.left_out, self.journal.events)

    def _carry_over(self, live: str) -> None:
        """Make the indexes that only the live table has; one that makes no sense is left out."""
        facts = (self.connection, self.one.table, self.journal.shadow, live)
        for index, text in shadow.missing_indexes(*facts).items():
            try:
                alone(text, self._in_time_and_wanted)
            except NOT_OF_USE as error:
                log.warning("index not carried over", index=index, reason=in_one_line(error))

    def _follow(self) -> None:
        self._follower.follow()

    def _compare(self) -> None:
        walk = stretches(self.connection, self.one.table, self.journal.shadow, self.journal.walked)
        for stretch in walk:
            self._follower.follow()
            self._compare_stretch(stretch)
            self._in_time()

    def _compare_stretch(self, stretch: Stretch) -> None:
        """Add a stretch to what is known; once that cannot be told, nothing is known."""
        journal = self.journal
        rows = count_rows(self.connection, self.one.table, journal.shadow, stretch)
        found = self._follower.compare(stretch) if self._can_be_told(stretch) else None
        differing, drift = (None, ()) if found is None else found
        known = None if differing is None else (journal.differing or 0) + differing
        shown = [] if known is None else [*journal.drift, *drift][:SHOWN]
        with self.connection.transaction():
            journal.note_compared(stretch.upto, (journal.rows or 0) + rows, known, shown)
            if stretch.upto is None:
                journal.enter("swapping")  # or else the end would be counted twice

    def _can_be_told(self, stretch: Stretch) -> bool:
        return stretch.after is None or self.journal.differing is not None

    def _swap(self) -> None:
        if not self.journal.goes_live:
            give_up(self.connection, self.one, self.journal, "done")
            return
        changed = self.journal.differing != 0
        facts = (self.connection, self.one, self.journal, self._follower)
        Swap(*facts, self._live, changed).swap(min(self.until, time.monotonic() + SWAP_SECONDS))
        if changed:
            after_commit.wake("cqrs.invalidate")
            wake_due()
        time.sleep(GRACE)
        drop_replaced(self.connection, self.one)

    def _in_time(self) -> None:
        """Raise RebuildUnfinished when time is up."""
        if time.monotonic() > self.until:
            raise self._unfinished()

    def _in_time_and_wanted(self) -> None:
        """The same; and RebuildCancelled, where nothing else is noted that would notice."""
        self.journal.note_progress(self.journal.upto, self.journal.events)
        self._in_time()

    def _unfinished(self) -> RebuildUnfinished:
        return RebuildUnfinished(self.one.name, TIME_IS_UP, self.journal.rebuild_id)


def has_our_shape(connection: Connection, one: Projection) -> bool:
    """Whether the live table is of the version that this code declares."""
    return all(place.table_version == one.version for place in checkpoints.of(connection, one.name))

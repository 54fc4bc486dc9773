"""A shadow table that is built follows the log, is compared with the live one, and takes its place.

    follow, page by page ─▶ compare in one snapshot ─▶ swap ─ lock not to be had ─▶ a moment later
          ▲                                                          │
          └──────────────────────────────────────────────────────────┘

- The two tables are compared at one position: in a snapshot in which the live table is wherever its
  checkpoints say, the shadow is brought to the very same place, and put back afterwards. Nobody is
  held up by it.
- The swap holds the checkpoints, folds what came last, turns the view and moves the checkpoints'
  `read_table`, in one transaction. It waits for a lock no longer than `PATIENCE`: readers of the
  view that arrive meanwhile queue for so long and no longer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import errors as pg

from worker import checkpoints, event_log, parking
from worker.cache import source_tag
from worker.checkpoints import Checkpoint
from worker.db import Connection
from worker.event_log import StoredEvent
from worker.projection import Batch, Projection
from worker.rebuild import view
from worker.rebuild.compare import Drift, compare
from worker.rebuild.errors import RebuildUnfinished
from worker.rebuild.journal import SQL, Journal
from worker.rebuild.left_out import LeftOut, left_out, parked_events
from worker.rebuild.shadow import schema_of
from worker.refresh import materialized_views, request

PAGE = 5_000
"""Events that are folded at once."""
PATIENCE = 0.1
"""Seconds that a swap waits for a lock before it lets everybody pass and tries again."""


@dataclass(slots=True)
class Follower:
    """The shadow table of one rebuild, behind the live one of the same projection.

    `live` is None where there is nothing to compare with: no table, or one of another shape.
    `replaces` is the table behind the view, of whatever shape.
    """

    connection: Connection
    one: Projection
    journal: Journal
    live: str | None
    replaces: str | None

    def follow(self) -> None:
        """Fold what the live table has folded since, until at most a page is left."""
        while True:
            upto = self._target()
            page = self._page(self.journal.position, upto)
            full = len(page) == PAGE
            with self.connection.transaction():
                now = left_out(self.connection, self.one.name)
                self._fold(page, now)
                self.journal.note_left_out(now)
                end = page[-1].position if full else upto
                self.journal.note_progress(end, self.journal.events + len(page))
            if not full:
                return

    def compare(self) -> tuple[int, Sequence[Drift]] | None:
        """How many rows of the live table differ, and some of these; None if it cannot be told."""
        if self.live is None:
            return None
        with self.connection.transaction(force_rollback=True):  # the shadow stays where it is
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            places = checkpoints.of(self.connection, self.one.name)
            if any(place.position < self.journal.position for place in places):
                return None
            self._reach(places)
            return compare(self.connection, self.one.table, self.live, self.journal.shadow)

    def swap(self, seconds: float, *, changed: bool) -> None:
        """Put the shadow table behind the view. Raises RebuildUnfinished after `seconds`.

        `changed`: cached answers and materialized views are to be computed anew.
        """
        until = time.monotonic() + seconds
        while not self._try_swap(changed):
            if time.monotonic() > until:
                raise RebuildUnfinished(self.one.name, "the view or its checkpoints are never free")
            time.sleep(PATIENCE * (1 + random.random()))  # noqa: S311  # spreads the tries, no secret
            self.follow()

    def _try_swap(self, changed: bool) -> bool:
        self.connection.execute(SQL["be_patient"], {"lock": f"{PATIENCE * 1000:.0f}"})
        try:
            with checkpoints.held(self.connection, self.one.name) as places:
                self._go_live(places, changed)
        except (pg.LockNotAvailable, pg.DeadlockDetected):
            return False
        finally:
            self.connection.execute("RESET lock_timeout")
        return True

    def _go_live(self, places: Sequence[Checkpoint], changed: bool) -> None:
        self._supersede(self._reach(places))
        view.show(self.connection, self.one.table, self.journal.shadow)
        here = {"subscription": self.one.name, "position": self.journal.position}
        table = {"table": self.journal.shadow, "shape": self.one.version}
        self.connection.execute(SQL["go_live"], here | table | {"changed": changed})
        parking.count(self.connection, [place.name for place in places])
        if changed:
            self._tell()
        self.journal.end("done", replaced=self.replaces)

    def _supersede(self, now: LeftOut) -> None:
        streams = self.journal.left_out.overtaken(now, self.journal.position)
        if streams:
            which = {"subscription": self.one.name, "streams": streams}
            self.connection.execute(SQL["supersede"], which)

    def _tell(self) -> None:
        """What was computed from the table as it was is to be computed anew."""
        tags = {"subscription": self.one.name, "tags": [source_tag(self.one.name)]}
        self.connection.execute(
            SQL["note_invalidation"], tags | {"position": self.journal.position}
        )
        read = f"{schema_of(self.one.table)}.{self.one.table.name}"
        views = materialized_views(self.connection).over([read])
        request(self.connection, {one.name: 0.0 for one in views})

    def _target(self) -> int:
        """Where the shadow is to go: to the live table, or to the log's end if there is none."""
        places = checkpoints.of(self.connection, self.one.name)
        lowest = min((place.position for place in places), default=0)
        upto = lowest if self.live is not None else event_log.horizon(self.connection)
        return max(upto, self.journal.position)

    def _reach(self, places: Sequence[Checkpoint]) -> LeftOut:
        """Bring the shadow to exactly where the live table is; each partition has its own place."""
        now = left_out(self.connection, self.one.name)
        after, types = self.journal.position, self.one.event_types
        last = max((place.position for place in places), default=after)
        self._fold([], now)
        while page := self._page(after, last):
            after = page[-1].position
            own = {
                e.position for p in places for e in p.own(page, types) if e.position <= p.position
            }
            self._fold([event for event in page if event.position in own], now, released=False)
        return now

    def _fold(self, events: Sequence[StoredEvent], now: LeftOut, *, released: bool = True) -> None:
        """Fold events into the shadow, except those left out; and those that are so no longer."""
        back = self._released(now) if released else []
        kept = now.keep([*back, *events])
        if kept:
            batch = Batch(self.one, kept, self.journal.shadow)
            batch.request(self.connection)
            batch.fold()
            batch.write(self.connection)

    def _released(self, now: LeftOut) -> list[StoredEvent]:
        found = self.journal.left_out.released(now, self.journal.position)
        return [
            event
            for stream, (first, last) in found.items()
            for event in parked_events(self.connection, self.one, stream, first, last)
        ]

    def _page(self, after: int, upto: int) -> list[StoredEvent]:
        types = sorted(self.one.event_types)
        return event_log.read(self.connection, after=after, upto=upto, types=types, limit=PAGE)

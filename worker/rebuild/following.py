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

import psycopg
import structlog
from psycopg import errors as pg

from worker import checkpoints, event_log, parking
from worker.cache import source_tag
from worker.checkpoints import Checkpoint
from worker.db import Connection
from worker.dead_letters import events_of_stream
from worker.event_log import StoredEvent
from worker.projection import Batch, Projection
from worker.rebuild import view
from worker.rebuild.compare import Drift, compare
from worker.rebuild.errors import RebuildUnfinished
from worker.rebuild.journal import SQL, Journal
from worker.rebuild.left_out import LeftOut, left_out
from worker.refresh import materialized_views, request

log = structlog.get_logger(__name__)

PAGE = 5_000
"""Events that are folded at once."""
PATIENCE = 0.1
"""Seconds that a swap waits for a lock before it lets everybody pass and tries again."""


@dataclass(slots=True)
class Follower:
    """The shadow table of one rebuild, behind the live one of the same projection."""

    connection: Connection
    one: Projection
    journal: Journal
    live: str | None

    def follow(self) -> None:
        """Fold what the live table has folded since. Returns when it is at most a page behind."""
        while True:
            upto = self._target()
            behind = self._page(self.journal.position, upto)
            with self.connection.transaction():
                self._fold(behind, left_out(self.connection, self.one.name))
                end = behind[-1].position if len(behind) == PAGE else upto
                end = max(end, self.journal.position)
                self.journal.note_progress(end, self.journal.events + len(behind))
            if len(behind) < PAGE:
                return

    def compare(self) -> tuple[int, Sequence[Drift]] | None:
        """How many rows of the live table differ, and some of these; None if it cannot be told.

        It cannot when there is no live table of this shape, or when it is behind the shadow.
        """
        if self.live is None:
            return None
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            places = self._places()
            if not self._comparable(places):
                return None
            self._reach(places)
            found = compare(self.connection, self.one.table, self.live, self.journal.shadow)
            raise psycopg.Rollback  # the shadow goes on from where it was
        return found

    def swap(self, seconds: float, *, changed: bool) -> None:
        """Put the shadow table behind the view. Raises RebuildUnfinished after `seconds`.

        `changed`: cached answers and materialized views are to be computed anew.
        """
        until = time.monotonic() + seconds
        while not self._try_swap(changed):
            if time.monotonic() > until:
                raise RebuildUnfinished(self.one.name, "the view or its checkpoints are never free")
            time.sleep(PATIENCE * (1 + random.random()))  # noqa: S311  # no secret: it spreads tries
            self.follow()

    def _try_swap(self, changed: bool) -> bool:
        try:
            with self.connection.transaction():
                self.connection.execute(SQL["be_patient"], {"lock": f"{PATIENCE * 1000:.0f}"})
                self._go_live(changed)
        except (pg.LockNotAvailable, pg.DeadlockDetected):
            self.connection.execute(SQL["leave_no_mark"], {"subscription": self.one.name})
            return False
        return True

    def _go_live(self, changed: bool) -> None:
        places = checkpoints.hold(self.connection, self.one.name)
        self._reach(places)
        view.show(self.connection, self.one.table, self.journal.shadow)
        here = {"subscription": self.one.name, "position": self.journal.position}
        table = {"table": self.journal.shadow, "shape": self.one.version}
        self.connection.execute(SQL["go_live"], here | table | {"changed": changed})
        parking.count(self.connection, [place.name for place in places])
        if changed:
            self._tell()
        self.journal.end("done", replaced=self.live)

    def _tell(self) -> None:
        tags = {"tags": [source_tag(self.one.name)]}
        here = {"subscription": self.one.name, "position": self.journal.position}
        self.connection.execute(SQL["note_invalidation"], here | tags)
        read = f"{self.one.table.schema or 'query'}.{self.one.table.name}"
        views = materialized_views(self.connection).over([read])
        request(self.connection, {one.name: 0.0 for one in views})

    def _reach(self, places: Sequence[Checkpoint]) -> None:
        """Bring the shadow to exactly where the live table is: each partition has its own place."""
        now = left_out(self.connection, self.one.name)
        after = self.journal.position
        last = max((place.position for place in places), default=after)
        while page := self._page(after, last):
            self._fold(
                [
                    event
                    for event in page
                    if any(event.position <= p.position and p.owns(event) for p in places)
                ],
                now,
            )
            after = page[-1].position
        self._fold([], now)
"""
"""

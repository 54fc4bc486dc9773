"""A shadow table that is built follows the log, is compared with the live one, and takes its place.

    follow, page by page ─▶ compare in one snapshot ─▶ swap ─ not possible now ─▶ a moment later
          ▲                                                          │
          └──────────────────────────────────────────────────────────┘

- The two tables are compared at one place: in a snapshot in which the live table is wherever its
  checkpoints say, the shadow is brought there too, and put back. Nobody is held up by it.
- The swap holds the checkpoints, so that the live table stands still, and brings the shadow to the
  same place. Then it waits for every transaction whose snapshot is older than that: to such a
  snapshot the view would show the new table as it was then, with rows missing (a report under
  REPEATABLE READ, say, that looks at the view for the first time after the swap). At last it turns
  the view and the checkpoints' `read_table` in one transaction.
- It waits for old snapshots and for locks a moment and no longer, lets everybody pass, and tries
  again: the projection stands still for `STILL` seconds at most, and readers that come while it
  waits for the view's lock queue for `PATIENCE`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from psycopg import errors as pg

from worker import db, event_log
from worker.cache import source_tag
from worker.db import Connection
from worker.event_log import StoredEvent
from worker.projection import Batch, Projection
from worker.rebuild import view
from worker.rebuild.compare import Drift, compare
from worker.rebuild.errors import RebuildUnfinished
from worker.rebuild.journal import SQL, Journal
from worker.rebuild.left_out import LeftOut, left_out, parked_events
from worker.rebuild.reached import Reached
from worker.rebuild.shadow import schema_of
from worker.refresh import materialized_views, request
from worker.running import checkpoints, parking
from worker.running.checkpoints import Checkpoint

PAGE = 5_000
"""Events that are folded at once."""
PATIENCE = 0.1
"""Seconds that a swap waits for a lock."""
STILL = 0.5
"""Seconds that a swap waits for old snapshots."""


class _NotNow(Exception):
    """The swap has to be tried again: a signal inside this module. It says what is in the way."""


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
        """Fold what the live table has folded since; to the log's end, where there is none."""
        while True:
            goal = self._goal()
            page = self._page(self.journal.reached.lowest, goal.highest)
            last = page[-1].position if len(page) == PAGE else goal.highest
            with self.connection.transaction():
                self._advance(page, Reached(tuple(min(at, last) for at in goal.positions)))
            if len(page) < PAGE:
                return

    def compare(self) -> tuple[int, Sequence[Drift]] | None:
        """How many rows of the live table differ, and some of these; None if it cannot be told."""
        if self.live is None:
            return None
        with self.journal.unchanged(), self.connection.transaction(force_rollback=True):
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            goal = Reached.by(checkpoints.of(self.connection, self.one.name))
            if not self.journal.reached.is_behind(goal):
                return None
            self._reach(goal)
            return compare(self.connection, self.one.table, self.live, self.journal.shadow)

    def swap(self, seconds: float, *, changed: bool) -> None:
        """Put the shadow table behind the view. Raises RebuildUnfinished after `seconds`.

        `changed`: cached answers and materialized views are to be computed anew.
        """
        until = time.monotonic() + seconds
        while (obstacle := self._try_swap(changed)) is not None:
            if time.monotonic() > until:
                raise RebuildUnfinished(self.one.name, f"the swap found no gap: {obstacle}")
            time.sleep(PATIENCE * (1 + random.random()))  # noqa: S311  # spreads the tries, no secret
            self.follow()

    def _try_swap(self, changed: bool) -> str | None:
        """Swap; or what is in the way."""
        with db.owner() as holder:
            holder.execute(SQL["be_patient"], {"lock": f"{PATIENCE * 1000:.0f}"})
            try:
                with checkpoints.held(holder, self.one.name) as places:
                    with self.connection.transaction():
                        self._reach(self._meeting(Reached.by(places)))
                    self._wait_for_old_snapshots(holder)
                    self._go_live(holder, places, changed)
            except (pg.LockNotAvailable, pg.DeadlockDetected, _NotNow) as error:
                return " ".join(str(error).split())
            finally:
                if not holder.closed:
                    holder.rollback()
                    holder.execute("RESET lock_timeout")
        return None

    def _wait_for_old_snapshots(self, holder: Connection) -> None:
        """Return when nobody sees the shadow table as it was. Raises _NotNow."""
        own = {holder.info.backend_pid}
        until = time.monotonic() + STILL
        old = self._snapshots(own)
        while old:
            if time.monotonic() > until:
                pid, application = next(iter(old.values()))
                raise _NotNow(f"process {pid} ({application}) keeps an old snapshot")
            time.sleep(0.005)
            now = self._snapshots(own)
            old = {each: old[each] for each in old if each in now}

    def _snapshots(self, own: set[int]) -> dict[str, tuple[int, str]]:
        rows = self.connection.execute(SQL["snapshots"]).fetchall()
        return {each: (pid, name) for each, pid, name in rows if pid not in own}

    def _go_live(self, holder: Connection, places: Sequence[Checkpoint], changed: bool) -> None:
        view.show(holder, self.one.table, self.journal.shadow)
        self._close_letters(holder)
        reached = list(self.journal.reached.positions)
        here = {"subscription": self.one.name, "reached": reached}
        table = {"table": self.journal.shadow, "shape": self.one.version}
        holder.execute(SQL["go_live"], here | table | {"changed": changed})
        parking.count(holder, [place.name for place in places])
        if changed:
            self._tell(holder)
        replace(self.journal, connection=holder).end("done", replaced=self.replaces)

    def _close_letters(self, holder: Connection) -> None:
        """Those that hold nothing back any more, since the new table has what they wait for."""
        held_back = self.journal.left_out.letters
        streams = [s for s in left_out(holder, self.one.name).letters if s not in held_back]
        holder.execute(SQL["supersede"], {"subscription": self.one.name, "streams": streams})

    def _tell(self, holder: Connection) -> None:
        """What was computed from the table as it was is to be computed anew."""
        tags = {"subscription": self.one.name, "tags": [source_tag(self.one.name)]}
        position = {"position": self.journal.reached.lowest}
        holder.execute(SQL["note_invalidation"], tags | position)
        read = f"{schema_of(self.one.table)}.{self.one.table.name}"
        request(holder, {one.name: 0.0 for one in materialized_views(holder).over([read])})

    def _goal(self) -> Reached:
        """Where the shadow is to go: to the live table, or to the log's end if there is none."""
        if self.live is None:
            return self.journal.reached.upto(event_log.horizon(self.connection))
        live = Reached.by(checkpoints.of(self.connection, self.one.name))
        return live if self.journal.reached.is_behind(live) else self.journal.reached

    def _meeting(self, live: Reached) -> Reached:
        """Where the shadow takes over: no checkpoint goes back."""
        reached = self.journal.reached
        if self.live is not None and reached.is_behind(live):
            return live
        return reached.upto(live.highest)

    def _reach(self, goal: Reached) -> None:
        """Bring the shadow exactly there, in the open transaction."""
        after = self.journal.reached.lowest
        while page := self._page(after, goal.highest):
            after = page[-1].position
            here = Reached(tuple(min(at, after) for at in goal.positions))
            self._advance(page, here)
        self._advance([], goal)

    def _advance(self, page: Sequence[StoredEvent], goal: Reached) -> None:
        """Fold those of a page that lie before the goal; and what is left out no longer."""
        journal, now = self.journal, left_out(self.connection, self.one.name)
        goal = goal.at_least(journal.reached)
        new = journal.reached.between(goal, page)
        events = now.keep([*self._released(now), *new])
        if events:
            batch = Batch(self.one, events, journal.shadow)
            batch.request(self.connection)
            batch.fold()
            batch.write(self.connection)
        still = journal.left_out.after(now, journal.reached)
        journal.note_reached(goal, still, journal.events + len(new))

    def _released(self, now: LeftOut) -> list[StoredEvent]:
        found = self.journal.left_out.released(now, self.journal.reached)
        return [
            event
            for stream, (first, last) in found.items()
            for event in parked_events(self.connection, self.one, stream, first, last)
        ]

    def _page(self, after: int, upto: int) -> list[StoredEvent]:
        types = sorted(self.one.event_types)
        return event_log.read(self.connection, after=after, upto=upto, types=types, limit=PAGE)

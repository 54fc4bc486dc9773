"""A shadow table that is built follows the live one, or the log where there is none to follow.

It is compared with the live table at one position, key range by key range: in a snapshot in which
the live table is wherever its checkpoints say, the shadow is brought there too, and put back.
Nobody is held up by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker import event_log
from worker.base.db import Connection
from worker.event_log import StoredEvent
from worker.rebuild.compare import Drift, KeyRange, compare
from worker.rebuild.coverage import ExcludedEvents, PositionVector, excluded_events, parked_events
from worker.rebuild.journal import RebuildJournal
from worker.subscriptions import checkpoints
from worker.subscriptions.projection import Projection, ProjectionBatch

PAGE = 5_000
"""Events that are folded at once."""


@dataclass(slots=True)
class Follower:
    """The shadow table of one rebuild, behind the live one of the same projection.

    `live` is None where there is nothing to compare with: no table, or one of another version.
    `look` is called after every page, and leaves by raising.
    """

    connection: Connection
    projection: Projection
    journal: RebuildJournal
    live: str | None
    look: Callable[[], None]

    def follow(self) -> None:
        """Fold what the live table has folded since; to the log's end, where there is none."""
        while True:
            goal = self._goal()
            page = self._page(self.journal.reached.lowest, goal.highest)
            last = page[-1].position if len(page) == PAGE else goal.highest
            with self.connection.transaction():
                self._advance(page, PositionVector(tuple(min(at, last) for at in goal.positions)))
            if len(page) < PAGE:
                return
            self.look()

    def compare(self, key_range: KeyRange) -> tuple[int, Sequence[Drift]] | None:
        """How many rows of the live table differ, and some of these; None if it cannot be told."""
        if self.live is None:
            return None
        with self.journal.unchanged(), self.connection.transaction(force_rollback=True):
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            goal = PositionVector.by(checkpoints.of(self.connection, self.projection.name))
            if not self.journal.reached.is_behind(goal):
                return None
            self._reach(goal)
            table, shadow = self.projection.table, self.journal.shadow
            return compare(self.connection, table, self.live, shadow, key_range=key_range)

    def meet(self, live: PositionVector) -> None:
        """Bring the shadow to where it can take over from a live table that stands still."""
        with self.connection.transaction():
            self._reach(self._meeting(live))

    def _goal(self) -> PositionVector:
        """Where the shadow is to go: to the live table, or to the log's end if there is none."""
        if self.live is None:
            return self.journal.reached.upto(event_log.horizon(self.connection))
        live = PositionVector.by(checkpoints.of(self.connection, self.projection.name))
        return live if self.journal.reached.is_behind(live) else self.journal.reached

    def _meeting(self, live: PositionVector) -> PositionVector:
        """Where the shadow takes over: no checkpoint goes back."""
        reached = self.journal.reached
        if self.live is not None and reached.is_behind(live):
            return live
        if len(reached.positions) != len(live.positions):
            return PositionVector((max(reached.highest, live.highest),))
        return reached.upto(live.highest)

    def _reach(self, goal: PositionVector) -> None:
        """Bring the shadow exactly there, in the open transaction."""
        after = self.journal.reached.lowest
        while page := self._page(after, goal.highest):
            after = page[-1].position
            here = PositionVector(tuple(min(at, after) for at in goal.positions))
            self._advance(page, here)
        self._advance([], goal)

    def _advance(self, page: Sequence[StoredEvent], goal: PositionVector) -> None:
        """Fold those of a page that lie before the goal; and what is left out no longer."""
        journal, now = self.journal, excluded_events(self.connection, self.projection.name)
        goal = goal.at_least(journal.reached)
        new = journal.reached.between(goal, page)
        events = now.keep([*self._released(now), *new])
        if events:
            batch = ProjectionBatch(self.projection, events, journal.shadow)
            batch.request(self.connection)
            batch.fold()
            batch.write(self.connection)
        still = journal.excluded.after(now, journal.reached)
        journal.note_reached(goal, still, journal.events + len(new))

    def _released(self, now: ExcludedEvents) -> list[StoredEvent]:
        released = self.journal.excluded.released(now, self.journal.reached)
        return [
            event
            for stream, (first, last) in released.items()
            for event in parked_events(self.connection, self.projection, stream, first, last)
        ]

    def _page(self, after: int, upto: int) -> list[StoredEvent]:
        types = sorted(self.projection.event_types)
        return event_log.read(self.connection, after=after, upto=upto, types=types, limit=PAGE)

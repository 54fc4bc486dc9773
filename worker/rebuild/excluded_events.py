"""Events that dead letters keep out of the live table, and so out of the rebuilt one.

A rebuild does not decide about dead letters. What was discarded stays out, and a stream that waits
behind an open letter waits in the new table too, where its letter can be retried. When a letter is
closed while the rebuild runs, what it held back is folded into the shadow table as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.base.db import Connection
from worker.base.sql import statement
from worker.event_log import StoredEvent, stored_events
from worker.rebuild.position_vector import Reached
from worker.subscriptions import parking
from worker.subscriptions.projection import Projection


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Streams that wait, each from a position on; and positions that were discarded."""

    letters: dict[str, int] = field(default_factory=dict)
    discarded: frozenset[int] = frozenset()

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> LeftOut:
        """From plain JSON values."""
        return cls(dict(plain["letters"]), frozenset(plain["discarded"]))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"letters": self.letters, "discarded": sorted(self.discarded)}

    def keep(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """The events that are to be folded."""
        if not self.letters and not self.discarded:
            return events
        return [event for event in events if self._keeps(event)]

    def _keeps(self, event: StoredEvent) -> bool:
        waits_from = self.letters.get(event.stream)
        waits = waits_from is not None and event.position >= waits_from
        return not waits and event.position not in self.discarded

    def released(self, now: LeftOut, reached: Reached) -> dict[str, tuple[int, int]]:
        """What waited then and does not now, of what has been reached: by stream, from where to
        where."""
        found: dict[str, tuple[int, int]] = {}
        for stream, first in self.letters.items():
            last = min(now.letters.get(stream, 2**62) - 1, reached.of(stream))
            if last >= first:
                found[stream] = (first, last)
        return found

    def after(self, now: LeftOut, reached: Reached) -> LeftOut:
        """What is left out now of a table that left this out and is as far as `reached`."""
        letters = {
            stream: first
            for stream, first in now.letters.items()
            if stream in self.letters or not reached.holds(stream, first)
        }
        return LeftOut(letters, now.discarded)


def left_out(connection: Connection, subscription: str) -> LeftOut:
    """What is left out at this moment."""
    rows = connection.execute(
        statement("worker.rebuild", "left_out"), {"subscription": subscription}
    ).fetchall()
    letters = {stream: position for stream, position, is_open in rows if is_open}
    return LeftOut(letters, frozenset(position for _, position, is_open in rows if not is_open))


def parked_events(
    connection: Connection, one: Projection, stream: str, first: int, last: int
) -> list[StoredEvent]:
    """A stream's events between two positions, both included."""
    what = {"stream": stream, "types": sorted(one.event_types), "first": first, "last": last}
    rows = connection.execute(parking.SQL["events_of_stream"], what).fetchall()
    return stored_events(rows)

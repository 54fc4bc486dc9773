"""Parking: what the runner knows of dead letters, in the transaction that holds the checkpoint.

While a letter is open, every later event of its stream is left out by its subscription. What is
left out is not copied: it is what the log has of that stream between the letter and the checkpoint.
See dead_letters.py for how a stream gets out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker.base.db import Connection
from worker.base.sql import blocks
from worker.event_log import StoredEvent
from worker.subscriptions import checkpoints
from worker.subscriptions.bisect import BadEvent

SQL = blocks("worker.subscriptions", "dead_letters.sql")
MOST_OPEN = 1_000
"""Open letters of one subscription; with more of them it is the subscription that is at fault."""


def park(connection: Connection, checkpoint: str, bad: Iterable[BadEvent]) -> None:
    """Open letters in the open transaction, which holds the checkpoint."""
    for one in bad:
        event = one.event
        letter = {"checkpoint": checkpoint, "error": one.error, "attempts": one.attempts}
        place = {"position": event.position, "stream": event.stream, "type": event.type}
        connection.execute(SQL["park"], letter | place)
    count(connection, [checkpoint])


def count(connection: Connection, names: Sequence[str]) -> None:
    """Let these checkpoints know how many letters they have to mind."""
    connection.execute(checkpoints.SQL["count_letters"], {"names": list(names)})


def parked_streams(
    connection: Connection, subscription: str, events: Iterable[StoredEvent]
) -> set[str]:
    """Those of these events' streams that wait behind an open letter."""
    streams = list({event.stream for event in events})
    where = {"subscription": subscription, "streams": streams}
    return {stream for (stream,) in connection.execute(SQL["parked_streams"], where)}


def without_discarded(
    connection: Connection, subscription: str, events: Sequence[StoredEvent]
) -> list[StoredEvent]:
    """Events without those that were dropped for good: they come up again after a reset."""
    if not events:
        return []
    first, last = events[0].position - 1, events[-1].position
    dropped = discarded_positions(connection, subscription, after=first, upto=last)
    return [event for event in events if event.position not in dropped]


def discarded_positions(
    connection: Connection, subscription: str, *, after: int = 0, upto: int
) -> set[int]:
    """The positions of a stretch of the log that were dropped for good, for this subscription."""
    where = {"subscription": subscription, "after": after, "upto": upto}
    return {position for (position,) in connection.execute(SQL["discarded_positions"], where)}


def room(connection: Connection, subscription: str) -> int:
    """How many more letters may be opened."""
    row = connection.execute(SQL["open_count"], {"subscription": subscription}).fetchone()
    return max(0, MOST_OPEN - (row[0] if row else 0))


def supersede(connection: Connection, subscription: str, *, after: int, by: str) -> None:
    """Close the letters after a position in the open transaction: their events come anew.

    The transaction holds the subscription's checkpoints, at or before that position.
    """
    where = {"subscription": subscription, "position": after, "by": by}
    connection.execute(SQL["supersede"], where)

"""Dead letters: events that a subscription could not handle, and what is parked behind them.

    bad event ─▶ open: the event and all later ones of its stream wait; other streams flow
                  ├─ retry     they are replayed in order, in one transaction: all of them or none
                  ├─ discard   the bad event is dropped for good, the others are replayed
                  └─ reset or rebuild of the subscription: superseded, the events come anew

While a dead letter is open, every later event of its stream is left out by its subscription. The
checkpoint moves past them all the same, so what is parked are the events of that stream from the
dead letter's position up to the checkpoint: nothing is copied, and nothing can be forgotten. Who
reads a row of a parked stream with `after=` reads it as it was before the bad event.

A discarded event stays discarded for its subscription, after a reset too: see
`discarded_positions`, which is what a rebuild leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from worker.base import db
from worker.base.db import Connection
from worker.base.sql import blocks
from worker.commands import after_commit
from worker.event_log import StoredEvent, stored_events, stored_types
from worker.event_log.subscribers import Subscriber, subscriptions
from worker.refresh import note_consequences
from worker.subscriptions import checkpoints, read_tables
from worker.subscriptions.bisect import BadEvent, Bisection
from worker.subscriptions.checkpoints import Checkpoint, partition_of
from worker.subscriptions.errors import (
    DeadLetterIsClosed,
    OtherTableVersion,
    RetryFailed,
    UndeclaredSubscription,
    UnknownDeadLetter,
)

SQL = blocks("worker.subscriptions", "dead_letters.sql")
MOST_OPEN = 1_000
"""Open dead letters of one subscription; with more of them it is the subscription that is at
fault."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter: the bad event, what went wrong, how often and when, and what became of it.

    `state` is open, retried, discarded or superseded.
    """

    id: int
    subscription: str
    position: int
    stream: str
    type: str
    error: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    state: str
    closed_at: datetime | None
    closed_by: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the times."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A dead letter with its events: the bad one first, then what is parked behind it."""

    letter: DeadLetter
    events: Sequence[StoredEvent]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the times."""
        return {**self.letter.to_json(), "events": [event._asdict() for event in self.events]}


@dataclass(frozen=True, slots=True)
class Repair:
    """What a retry or a discard came to: events replayed, and where the stream is parked again."""

    letter: DeadLetter
    replayed: int
    parked_again: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the times."""
        return asdict(self)


# ------------------------------------------------- in the transaction that holds the checkpoint
def park(connection: Connection, checkpoint: str, bad: Iterable[BadEvent]) -> None:
    """Open dead letters in the open transaction, which holds the checkpoint."""
    for letter in bad:
        event = letter.event
        failure = {"checkpoint": checkpoint, "error": letter.error, "attempts": letter.attempts}
        what = {"position": event.position, "stream": event.stream, "type": event.type}
        connection.execute(SQL["park"], failure | what)
    count(connection, [checkpoint])


def count(connection: Connection, names: Sequence[str]) -> None:
    """Let these checkpoints know how many dead letters they have to mind."""
    connection.execute(checkpoints.SQL["count_dead_letters"], {"names": list(names)})


def parked_streams(
    connection: Connection, subscription: str, events: Iterable[StoredEvent]
) -> set[str]:
    """Those of these events' streams that wait behind an open dead letter."""
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
    """The positions of a range of the log that were dropped for good, for this subscription."""
    where = {"subscription": subscription, "after": after, "upto": upto}
    return {position for (position,) in connection.execute(SQL["discarded_positions"], where)}


def openable(connection: Connection, subscription: str) -> int:
    """How many more dead letters may be opened."""
    row = connection.execute(SQL["open_count"], {"subscription": subscription}).fetchone()
    return max(0, MOST_OPEN - (row[0] if row else 0))


def supersede(connection: Connection, subscription: str, *, after: int, by: str) -> None:
    """Close the dead letters after a position, in the open transaction: their events come anew.

    The transaction holds the subscription's checkpoints, at or before that position.
    """
    where = {"subscription": subscription, "position": after, "by": by}
    connection.execute(SQL["supersede"], where)


def stream_events(
    connection: Connection, stream: str, types: Collection[str], first: int, last: int
) -> list[StoredEvent]:
    """Events of one stream, of these types, between two positions, both included."""
    where = {"stream": stream, "types": stored_types(types), "first": first, "last": last}
    rows = connection.execute(SQL["events_of_stream"], where).fetchall()
    return stored_events(rows)


# ------------------------------------------------------------------------------- for people
def find(
    subscription: str | None = None, *, closed: bool = False, limit: int = 100
) -> list[DeadLetter]:
    """Dead letters, the newest first: the open ones, or with `closed` all of them."""
    where = {"subscription": subscription, "closed": closed, "limit": limit}
    with db.writer() as connection:
        return [DeadLetter(*row) for row in connection.execute(SQL["find"], where)]


def contents(letter_id: int) -> ParkedStream:
    """A dead letter and its events. Raises UnknownDeadLetter."""
    with db.writer() as connection:
        letter = _letter(connection, "by_number", letter_id)
        if letter.state != "open":
            return ParkedStream(letter, _events(connection, letter, letter.position))
        upto = _upto(checkpoints.of(connection, letter.subscription), letter)
        return ParkedStream(letter, _events(connection, letter, upto))


def retry(letter_id: int, *, by: str) -> Repair:
    """Replay a dead letter's events in order, in one transaction, and close it.

    Raises RetryFailed if one of them cannot be handled, with nothing done but the attempt counted;
    UnknownDeadLetter, DeadLetterIsClosed, UndeclaredSubscription.
    """
    with db.writer() as connection:
        connection.execute(SQL["count_attempt"], {"letter": letter_id})
        try:
            return _repair(connection, letter_id, "retried", by)
        except RetryFailed as failure:
            note = {"letter": letter_id, "error": failure.error}
            connection.execute(SQL["note_failure"], note)
            raise


def retry_all(subscription: str, *, by: str) -> list[Repair | RetryFailed]:
    """Retry every open dead letter of a subscription, the oldest first; what became of each."""
    with db.writer() as connection:
        rows = connection.execute(SQL["open_numbers"], {"subscription": subscription}).fetchall()
    done: list[Repair | RetryFailed] = []
    for (letter,) in rows:
        try:
            done.append(retry(letter, by=by))
        except RetryFailed as failure:
            done.append(failure)
    return done


def discard(letter_id: int, *, by: str) -> Repair:
    """Drop a dead letter's bad event for good, and replay what is parked behind it.

    An event of these that cannot be handled either opens a dead letter of its own.
    Raises UnknownDeadLetter, DeadLetterIsClosed, UndeclaredSubscription.
    """
    with db.writer() as connection:
        return _repair(connection, letter_id, "discarded", by)


def _repair(connection: Connection, letter_id: int, outcome: str, by: str) -> Repair:
    subscriber = _subscriber(_letter(connection, "by_number", letter_id))
    with checkpoints.held(connection, subscriber.name) as held:
        letter = _letter(connection, "lock", letter_id)
        if letter.state != "open":
            raise DeadLetterIsClosed(letter.id, letter.state, letter.closed_by)
        _must_know_table(subscriber, held[0])
        upto = _upto(held, letter)
        bisection = Bisection(connection, subscriber)
        bisection.handle(_events(connection, letter, upto)[0 if outcome == "retried" else 1 :])
        if bisection.bad and outcome == "retried":
            bad = bisection.bad[0]
            raise RetryFailed(letter.to_json(), bad.event.position, bad.error)
        connection.execute(SQL["close"], {"letter": letter.id, "state": outcome, "by": by})
        park(connection, held[0].name, bisection.bad)
        count(connection, [at.name for at in held])
        connection.execute(checkpoints.SQL["change"], {"subscription": subscriber.name})
        types = {event.type for event in bisection.handled}
        tags = note_consequences(connection, subscriber.name, types, bisection.tags, upto)
        closed = _letter(connection, "by_number", letter.id)
    bisection.committed()
    if tags:
        after_commit.wake("cqrs.invalidate")
    parked_again = bisection.bad[0].event.position if bisection.bad else None
    return Repair(closed, len(bisection.handled), parked_again)


def _letter(connection: Connection, statement: str, letter_id: int) -> DeadLetter:
    row = connection.execute(SQL[statement], {"letter": letter_id}).fetchone()
    if row is None:
        raise UnknownDeadLetter(letter_id)
    return DeadLetter(*row)


def _subscriber(letter: DeadLetter) -> Subscriber:
    subscriber = subscriptions.get(letter.subscription)
    if subscriber is None:
        raise UndeclaredSubscription(letter.subscription)
    return subscriber


def _must_know_table(subscriber: Subscriber, at: Checkpoint) -> None:
    """Learn which table is live. Raises OtherTableVersion if this code has another version."""
    if not read_tables.learn(subscriber, subscriber.name, at.read_table, at.table_version):
        raise OtherTableVersion(subscriber.name)


def _upto(held: Sequence[Checkpoint], letter: DeadLetter) -> int:
    """How far the log has been read for the dead letter's stream."""
    wanted = partition_of(letter.stream, len(held))
    return next(at.position for at in held if at.partition == wanted)


def _events(connection: Connection, letter: DeadLetter, upto: int) -> list[StoredEvent]:
    """The bad event, and what is parked behind it."""
    types = _subscriber(letter).event_types
    return stream_events(connection, letter.stream, types, letter.position, upto)

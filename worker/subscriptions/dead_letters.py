"""Dead letters: events that a subscription could not handle, and what is parked behind them.

    bad event ─▶ open: the event and all later ones of its stream wait; other streams flow
                  ├─ retry     they are replayed in order, in one transaction: all of them or none
                  ├─ discard   the bad event is dropped for good, the others are replayed
                  └─ reset or rebuild of the subscription: superseded, the events come anew

The checkpoint has moved past what is parked, so a letter's events are those of its stream from its
position up to the checkpoint: nothing is copied, and nothing can be forgotten. Who reads a row of a
parked stream with `after=` reads it as it was before the letter.

A discarded event stays discarded for its subscription, after a reset too: see
`parking.discarded_positions`, which is what a rebuild leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from worker.base import db
from worker.base.db import Connection
from worker.base.errors import Permanent
from worker.commands import after_commit
from worker.event_log import StoredEvent, stored_events
from worker.event_log.subscribers import Subscriber, subscriptions
from worker.subscriptions import checkpoints, parking, read_tables
from worker.subscriptions.batch import follow_up
from worker.subscriptions.bisect import Sieve
from worker.subscriptions.checkpoints import Checkpoint, partition_of
from worker.subscriptions.parking import SQL


@dataclass(frozen=True, slots=True)
class Letter:
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
class Contents:
    """A letter with its events: the bad one first, then what is parked behind it."""

    letter: Letter
    events: Sequence[StoredEvent]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the times."""
        return {**self.letter.to_json(), "events": [event._asdict() for event in self.events]}


@dataclass(frozen=True, slots=True)
class Repair:
    """What a retry or a discard came to: events replayed, and the letter opened by one of them."""

    letter: Letter
    replayed: int
    parked_again: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values but for the times."""
        return asdict(self)


class UnknownLetter(Permanent):
    """No dead letter has this number."""

    def __init__(self, letter: int) -> None:
        super().__init__(f"no such dead letter (letter {letter})")
        self.letter = letter


class LetterIsClosed(Permanent):
    """A dead letter was retried, discarded or superseded already."""

    def __init__(self, letter: int, state: str, closed_by: str | None) -> None:
        super().__init__(f"the dead letter is closed: {state} by {closed_by} (letter {letter})")
        self.letter, self.state, self.closed_by = letter, state, closed_by


class RetryFailed(Permanent):
    """A parked event cannot be handled yet; nothing was changed but the letter's attempts."""

    def __init__(self, letter: Mapping[str, Any], position: int, error: str) -> None:
        super().__init__(
            f"the retry failed, nothing was changed: {error} (letter {letter['id']},"
            f" stream {letter['stream']}, position {position})"
        )
        self.letter, self.position, self.error = dict(letter), position, error


class OtherVersion(Permanent):
    """A letter's projection has another version in this code than its live table has."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "the live table has the shape of another version of the code: use that version,"
            f" or rebuild (subscription {name})"
        )
        self.subscription = name


class NotInCode(Permanent):
    """A letter's subscription is not declared by any domain that is loaded."""

    def __init__(self, name: str) -> None:
        hint = subscriptions.hint(name)
        super().__init__(f"no domain declares this subscription{hint} (subscription {name})")
        self.subscription = name


def letters(
    subscription: str | None = None, *, closed: bool = False, limit: int = 100
) -> list[Letter]:
    """Dead letters, the newest first: the open ones, or with `closed` all of them."""
    where = {"subscription": subscription, "closed": closed, "limit": limit}
    with db.writer() as connection:
        return [Letter(*row) for row in connection.execute(SQL["letters"], where)]


def show(letter_id: int) -> Contents:
    """A letter and its events. Raises UnknownLetter."""
    with db.writer() as connection:
        letter = _find(connection, "letter", letter_id)
        if letter.state != "open":
            return Contents(letter, _events(connection, letter, letter.position))
        upto = _upto(checkpoints.of(connection, letter.subscription), letter)
        return Contents(letter, _events(connection, letter, upto))


def retry(letter_id: int, *, by: str) -> Repair:
    """Replay a letter's events in order, in one transaction, and close it.

    Raises RetryFailed if one of them cannot be handled, with nothing done but the attempt counted;
    UnknownLetter, LetterIsClosed, NotInCode.
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
    """Retry every open letter of a subscription, the oldest first; what became of each."""
    with db.writer() as connection:
        rows = connection.execute(SQL["open_letters"], {"subscription": subscription}).fetchall()
    done: list[Repair | RetryFailed] = []
    for (letter,) in rows:
        try:
            done.append(retry(letter, by=by))
        except RetryFailed as failure:
            done.append(failure)
    return done


def discard(letter_id: int, *, by: str) -> Repair:
    """Drop a letter's bad event for good, and replay what is parked behind it.

    An event of these that cannot be handled either opens a letter of its own. Raises UnknownLetter,
    LetterIsClosed, NotInCode.
    """
    with db.writer() as connection:
        return _repair(connection, letter_id, "discarded", by)


def _repair(connection: Connection, letter_id: int, outcome: str, by: str) -> Repair:
    subscriber = _subscriber(_find(connection, "letter", letter_id))
    with checkpoints.held(connection, subscriber.name) as places:
        letter = _find(connection, "hold_letter", letter_id)
        if letter.state != "open":
            raise LetterIsClosed(letter.id, letter.state, letter.closed_by)
        _must_know_table(subscriber, places[0])
        upto = _upto(places, letter)
        sieve = Sieve(connection, subscriber)
        sieve.take(_events(connection, letter, upto)[0 if outcome == "retried" else 1 :])
        if sieve.bad and outcome == "retried":
            bad = sieve.bad[0]
            raise RetryFailed(letter.to_json(), bad.event.position, bad.error)
        connection.execute(SQL["close"], {"letter": letter.id, "state": outcome, "by": by})
        parking.park(connection, places[0].name, sieve.bad)
        parking.count(connection, [place.name for place in places])
        connection.execute(checkpoints.SQL["change"], {"subscription": subscriber.name})
        tags = follow_up(connection, subscriber.name, sieve.handled, sieve.tags, upto)
        closed = _find(connection, "letter", letter.id)
    sieve.committed()
    if tags:
        after_commit.wake("cqrs.invalidate")
    return Repair(closed, len(sieve.handled), sieve.bad[0].event.position if sieve.bad else None)


def _find(connection: Connection, statement: str, letter_id: int) -> Letter:
    row = connection.execute(SQL[statement], {"letter": letter_id}).fetchone()
    if row is None:
        raise UnknownLetter(letter_id)
    return Letter(*row)


def _subscriber(letter: Letter) -> Subscriber:
    subscriber = subscriptions.get(letter.subscription)
    if subscriber is None:
        raise NotInCode(letter.subscription)
    return subscriber


def _must_know_table(subscriber: Subscriber, place: Checkpoint) -> None:
    """Learn which table is live. Raises OtherVersion if this code has rows of another shape."""
    if not read_tables.learn(subscriber, subscriber.name, place.read_table, place.shape):
        raise OtherVersion(subscriber.name)


def _upto(places: Sequence[Checkpoint], letter: Letter) -> int:
    """How far the log has been read for the letter's stream."""
    wanted = partition_of(letter.stream, len(places))
    return next(place.position for place in places if place.partition == wanted)


def _events(connection: Connection, letter: Letter, upto: int) -> list[StoredEvent]:
    """The letter's event, and what is parked behind it."""
    types = sorted(_subscriber(letter).event_types)
    stretch = {"stream": letter.stream, "types": types, "first": letter.position, "last": upto}
    return stored_events(connection.execute(SQL["events_of_stream"], stretch))

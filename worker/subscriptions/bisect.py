"""Bisection: finds the events of a batch that cannot be handled, and handles all the others.

    try the batch under a savepoint ─ fails ─▶ try its halves, the first one first
                  │                                   │ down to a single event: that is a bad one,
                  ▼                                   ▼ and from here on its stream is left out
              handled                              parked

One bad event among two thousand costs some twenty attempts. Only what an event can be blamed for
is bisected: when the server is away, in conflict, full, or lacks the table, the whole batch fails,
for no event would do any better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg

from worker.base.db import Connection
from worker.base.errors import Transient
from worker.event_log import StoredEvent
from worker.event_log.subscribers import EventBatch, Subscriber
from worker.subscriptions.errors import TooManyDeadLetters, in_one_line

_AN_EVENTS_FAULT = (pg.DataError, pg.IntegrityError, pg.RaiseException, pg.CardinalityViolation)


@dataclass(frozen=True, slots=True)
class BadEvent:
    """An event that cannot be handled, and why, in one line."""

    event: StoredEvent
    error: str
    attempts: int = 1


def blames_an_event(error: Exception) -> bool:
    """Whether another event might do better than the one that failed like this."""
    if isinstance(error, psycopg.Error):
        return isinstance(error, _AN_EVENTS_FAULT)
    return not isinstance(error, SoftTimeLimitExceeded | Transient)


class Bisection:
    """Handles events in a transaction that is open, except the bad ones and what follows them.

    `most` bad events are too many: then the subscription is at fault, not they.
    """

    def __init__(
        self,
        connection: Connection,
        subscriber: Subscriber,
        *,
        parked: Iterable[str] = (),
        most: int | None = None,
    ) -> None:
        self.connection = connection
        self.subscriber = subscriber
        self.parked = set(parked)
        self.most = most
        self.bad: list[BadEvent] = []
        self.handled: list[StoredEvent] = []
        self.batches: list[EventBatch] = []

    @property
    def tags(self) -> set[str]:
        """What cached answers have to be told of."""
        return set().union(*(batch.tags for batch in self.batches))

    def handle(self, events: Sequence[StoredEvent]) -> None:
        """Handle what can be handled, in order. Raises what no event is to blame for."""
        events = [event for event in events if event.stream not in self.parked]
        if not events:
            return
        try:
            self._handle(events)
        except Exception as error:
            if not blames_an_event(error):
                raise
            self._split(events, error)

    def committed(self) -> None:
        """Tell whoever waits for it."""
        for batch in self.batches:
            batch.committed()

    def _handle(self, events: Sequence[StoredEvent]) -> None:
        with self.connection.transaction():
            batch = self.subscriber.batch(events)
            batch.request(self.connection)
            batch.fold()
            batch.write(self.connection)
        self.batches.append(batch)
        self.handled.extend(events)

    def _split(self, events: Sequence[StoredEvent], error: Exception) -> None:
        if len(events) > 1:
            middle = len(events) // 2
            self.handle(events[:middle])
            self.handle(events[middle:])
            return
        if self.most is not None and len(self.bad) >= self.most:
            raise TooManyDeadLetters(self.subscriber.name, in_one_line(error)) from error
        self.bad.append(BadEvent(events[0], in_one_line(error)))
        self.parked.add(events[0].stream)

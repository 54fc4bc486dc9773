"""One batch of one subscription in one transaction: the short way, and the careful one.

    take the checkpoint ─┬─ somebody else's: go away
                         ├─ the last who took it died: count that, make the batch smaller
                         ├─ handle all at once, move the checkpoint, commit          two round trips
                         │        └ fails ─┐
                         └─ dead letters ──┴▶ sift: handle what can be handled, park the rest, move

What is promised:

- Order within a stream. From a bad event on, a stream waits in its dead letter (dead_letters.py);
  the other streams flow, and the checkpoint moves on.
- An event that cannot be handled is parked also when it kills its process, and attempts are counted
  before handling, in a way that costs nothing: **the row lock is the mark**. Taking a checkpoint
  (FOR UPDATE) writes the taker's transaction id into the row's `xmax`, and it stays there when that
  transaction is over. Whoever lives commits it, even if there was nothing to do; and who has to
  roll back takes the row again or writes it anew in the same breath. Hence a checkpoint whose last
  taker was rolled back was taken by somebody who did not get to that: its process died, or its
  connection.
- Nobody is taken for dead who was merely late. A checkpoint that is moved between the snapshot of a
  `take` and its lock is locked all the same, as it is now, and only then found to be another: that
  lock too ends with a commit. For its moment others saw the checkpoint held and went away, so
  whoever comes too late looks once more.
- Each death makes the next batch sixteen times smaller, so that the killer is alone after four at
  most, and the fifth parks it. Batches grow again behind the events that were under suspicion.

The mark may be wrong, and that is harmless: an innocent death (a worker killed by hand, a database
restarted) makes batches smaller for a while; a mark that a vacuum has cleaned away makes the killer
strike once more. Counting with an UPDATE before each batch would cost a commit a batch, and leave
one more dead row version each; counting in Redis would not survive its flush.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from psycopg import Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from worker.base.db import Connection
from worker.event_log import StoredEvent
from worker.event_log.subscribers import Subscriber
from worker.refresh import note_consequences
from worker.subscriptions import dead_letters, read_tables
from worker.subscriptions.bisect import BadEvent, Bisection, blames_an_event
from worker.subscriptions.checkpoints import SQL, Checkpoint
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.partitions import must_still_be_divisible

log = structlog.get_logger(__name__)

MOST_DEATHS = 5
"""Processes that may die over one event before it is parked; the last of them had it alone."""


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """A batch: from where a subscription is, over these events of its, up to a position."""

    subscriber: Subscriber
    at: Checkpoint
    upto: int
    events: Sequence[StoredEvent]


class BatchOutcome(NamedTuple):
    """What a batch did: events handled, and whether tags wait to be invalidated."""

    handled: Sequence[StoredEvent] = ()
    tags: bool = False


def advance(connection: Connection, step: PendingBatch) -> BatchOutcome | None:
    """Handle a batch and move its checkpoint; None if somebody else was faster.

    Raises what no event is to blame for; the connection may be in a transaction that failed.
    """
    if step.at.partitions > 1:
        must_still_be_divisible(step.at, step.subscriber)
    if step.at.mark:
        return _after_a_death(connection, step)
    if step.at.dead_letters:
        return _carefully(connection, step)
    try:
        return _at_once(connection, step)
    except Exception as error:
        if not blames_an_event(error):
            raise
        count, why = len(step.events), in_one_line(error)
        log.warning("batch fails", subscription=step.at.name, events=count, error=why)
        return _carefully(connection, step)


def _at_once(connection: Connection, step: PendingBatch) -> BatchOutcome | None:
    """Handle all the events; two round trips, however many they are."""
    batch = step.subscriber.batch(step.events)
    with connection.pipeline():
        taken = _take(connection, step)
        batch.request(connection)
    parked = _dead_letters(taken)
    if parked is None:
        _let_go(connection)
        return None
    if parked:
        return _carefully(connection, step)
    batch.fold()
    with connection.pipeline():
        batch.write(connection)
        tags = _move(connection, step, step.events, batch.tags)
        connection.execute("COMMIT")
    batch.committed()
    return BatchOutcome(step.events, tags)


def _carefully(connection: Connection, step: PendingBatch) -> BatchOutcome | None:
    """Handle what can be handled; park bad events and what follows them in their streams."""
    if not _has_it(connection, step):
        _let_go(connection)
        return None
    name = step.at.subscription
    events = dead_letters.without_discarded(connection, name, step.events)
    bisection = Bisection(
        connection,
        step.subscriber,
        parked=dead_letters.parked_streams(connection, name, events),
        most=dead_letters.openable(connection, name),
    )
    bisection.handle(events)
    tags = _move(connection, step, bisection.handled, bisection.tags)
    dead_letters.park(connection, step.at.name, bisection.bad)
    connection.execute("COMMIT")
    bisection.committed()
    return BatchOutcome(bisection.handled, tags)


def _after_a_death(connection: Connection, step: PendingBatch) -> BatchOutcome | None:
    """Make the next batch smaller; or park the event that is alone and kills its process."""
    if _dead_letters(_take(connection, step)) is None:
        _let_go(connection)  # another has seen to it
        return None
    deaths = step.at.deaths + 1
    log.warning("a process died over a batch", subscription=step.at.name, deaths=deaths)
    if deaths < MOST_DEATHS or len(step.events) > 1:
        connection.execute(SQL["note_death"], {"name": step.at.name, "upto": step.upto})
    else:
        reason = f"its process ended every time ({deaths} times)"
        waiting = dead_letters.parked_streams(connection, step.at.subscription, step.events)
        killers = [event for event in step.events if event.stream not in waiting]
        _move(connection, step, (), ())
        bad = [BadEvent(event, reason, deaths) for event in killers]
        dead_letters.park(connection, step.at.name, bad)
    connection.execute("COMMIT")
    return BatchOutcome()


def begin(connection: Connection) -> None:
    """Begin a transaction that need not reach the disk at once: see subscription.py."""
    connection.execute("BEGIN")
    connection.execute("SET LOCAL synchronous_commit = off")


def _has_it(connection: Connection, step: PendingBatch) -> bool:
    """Whether the checkpoint is this transaction's, after a failure too: then it is taken again."""
    if connection.info.transaction_status is TransactionStatus.INTRANS:
        return True
    with after_rollback(connection):
        taken = _take(connection, step)
    return _dead_letters(taken) is not None


@contextmanager
def after_rollback(connection: Connection) -> Iterator[None]:
    """End a transaction that failed and go on in the same breath, so that no mark is found.

    Nothing is prepared meanwhile: the driver drops what it has prepared when it sees the rollback,
    and would drop what it prepares behind it in the pipeline.
    """
    threshold, connection.prepare_threshold = connection.prepare_threshold, None
    try:
        with connection.pipeline():
            if connection.info.transaction_status is not TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
            yield
    finally:
        connection.prepare_threshold = threshold


def _let_go(connection: Connection) -> None:
    """End a transaction that came too late; a rollback would look like a death."""
    connection.execute("COMMIT")


def _take(connection: Connection, step: PendingBatch) -> Cursor[TupleRow]:
    """Begin a transaction that has the checkpoint."""
    begin(connection)
    at = step.at
    here = {"name": at.name, "position": at.position}
    still = {"partitions": at.partitions, "deaths": at.deaths, "mark": at.mark}
    table = {"table": read_tables.live(at.subscription)}
    return connection.execute(SQL["take"], here | still | table)


def _dead_letters(taken: Cursor[TupleRow]) -> int | None:
    """How many dead letters this batch has to mind; None if the checkpoint was not to be had."""
    row = taken.fetchone()
    return None if row is None else int(row[0])


def _move(
    connection: Connection,
    step: PendingBatch,
    handled: Sequence[StoredEvent],
    tags: Collection[str],
) -> bool:
    """Move the checkpoint, and note what follows; whether tags wait to be invalidated now."""
    types = {event.type for event in handled}
    waiting = note_consequences(connection, step.at.subscription, types, tags, step.upto)
    connection.execute(SQL["move"], {"name": step.at.name, "position": step.upto})
    return waiting

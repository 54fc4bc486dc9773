"""One batch of one subscription in one transaction: at once, or by bisection.

    take the checkpoint ─┬─ somebody else's: go away
                         ├─ the last who took it died: count that, make the batch smaller
                         ├─ handle all at once, move the checkpoint, commit          two round trips
                         │        └ fails ─┐
                         └─ dead letters ──┴▶ bisect: handle what can be handled, park the rest

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
strike once more. What it asks for is that nobody rolls back a transaction that has locked a
checkpoint, and `advance` refuses a connection that is in a transaction already.

Why not a plain attempt counter, an UPDATE with a commit of its own before each batch? Measured,
sent in the round trip that takes the checkpoint. With the five projections of one order (5
alternating rounds of 400 orders): 6.4 KB of WAL an order instead of 5.4, 13 row versions instead of
8, 3.6 ms to catch up instead of 3.3 (10th percentile, median of the rounds). Catching up with
150,000 events (4 alternating rounds): 40,000 events/s instead of 49,000, each within the other's
spread. So the price does not decide. Between the counter's commit and the lock, whoever is about to
begin looks like whoever died, and a second mark would have to tell them apart: which process, and
does it live? The lock tells both at once. Counting in Redis would not survive its flush.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from psycopg import Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.event_log import StoredEvent
from worker.event_log.subscribers import Subscriber
from worker.refresh import note_consequences
from worker.subscriptions import dead_letters, read_tables
from worker.subscriptions.bisect import BadEvent, Bisection, blames_an_event
from worker.subscriptions.checkpoints import SQL, Checkpoint
from worker.subscriptions.errors import InTransaction, in_one_line
from worker.subscriptions.partitions import must_still_be_divisible

log = get_logger(__name__)

MOST_DEATHS = 5
"""Processes that may die over one event before it is parked; the last of them had it alone."""


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """A batch to be handled: from a checkpoint, over these events of its, up to a position."""

    subscriber: Subscriber
    at: Checkpoint
    upto: int
    events: Sequence[StoredEvent]


class BatchOutcome(NamedTuple):
    """What a batch did: events handled, and whether tags wait to be invalidated."""

    handled: Sequence[StoredEvent] = ()
    tags: bool = False


def advance(connection: Connection, pending: PendingBatch) -> BatchOutcome | None:
    """Handle a batch and move its checkpoint; None if somebody else was faster.

    Raises what no event is to blame for; the connection may be in a transaction that failed.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise InTransaction(pending.at.name)
    if pending.at.partitions > 1:
        must_still_be_divisible(pending.at, pending.subscriber)
    if pending.at.mark:
        return _after_a_death(connection, pending)
    if pending.at.dead_letters:
        return _bisect(connection, pending)
    try:
        return _at_once(connection, pending)
    except Exception as error:
        if not blames_an_event(error):
            raise
        count, why = len(pending.events), in_one_line(error)
        log.warning("batch fails", subscription=pending.at.name, events=count, error=why)
        return _bisect(connection, pending)


def _at_once(connection: Connection, pending: PendingBatch) -> BatchOutcome | None:
    """Handle all the events; two round trips, however many they are."""
    batch = pending.subscriber.batch(pending.events)
    with connection.pipeline():
        taken = _take(connection, pending)
        batch.request(connection)
    parked = _dead_letters(taken)
    if parked is None:
        _release(connection)
        return None
    if parked:
        return _bisect(connection, pending)
    batch.fold()
    with connection.pipeline():
        batch.write(connection)
        tags = _move(connection, pending, pending.events, batch.tags)
        connection.execute("COMMIT")
    batch.committed()
    return BatchOutcome(pending.events, tags)


def _bisect(connection: Connection, pending: PendingBatch) -> BatchOutcome | None:
    """Handle what can be handled; park bad events and what follows them in their streams."""
    if not _holds_checkpoint(connection, pending):
        _release(connection)
        return None
    name = pending.at.subscription
    events = dead_letters.without_discarded(connection, name, pending.events)
    bisection = Bisection(
        connection,
        pending.subscriber,
        parked=dead_letters.parked_streams(connection, name, events),
        most=dead_letters.openable(connection, name),
    )
    bisection.handle(events)
    tags = _move(connection, pending, bisection.handled, bisection.tags)
    dead_letters.park(connection, pending.at.name, bisection.bad)
    connection.execute("COMMIT")
    bisection.committed()
    return BatchOutcome(bisection.handled, tags)


def _after_a_death(connection: Connection, pending: PendingBatch) -> BatchOutcome | None:
    """Make the next batch smaller; or park the event that is alone and kills its process."""
    if _dead_letters(_take(connection, pending)) is None:
        _release(connection)  # another has seen to it
        return None
    deaths = pending.at.deaths + 1
    log.warning("a process died over a batch", subscription=pending.at.name, deaths=deaths)
    if deaths < MOST_DEATHS or len(pending.events) > 1:
        connection.execute(SQL["note_death"], {"name": pending.at.name, "upto": pending.upto})
    else:
        reason = f"its process ended every time ({deaths} times)"
        parked = dead_letters.parked_streams(connection, pending.at.subscription, pending.events)
        killers = [event for event in pending.events if event.stream not in parked]
        _move(connection, pending, (), ())
        bad = [BadEvent(event, reason, deaths) for event in killers]
        dead_letters.park(connection, pending.at.name, bad)
    connection.execute("COMMIT")
    return BatchOutcome()


def begin(connection: Connection) -> None:
    """Begin a transaction that need not reach the disk at once: see runner.py."""
    connection.execute("BEGIN")
    connection.execute("SET LOCAL synchronous_commit = off")


def _holds_checkpoint(connection: Connection, pending: PendingBatch) -> bool:
    """Whether the checkpoint is this transaction's, after a failure too: then it is taken again."""
    if connection.info.transaction_status is TransactionStatus.INTRANS:
        return True
    with after_rollback(connection):
        taken = _take(connection, pending)
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


def _release(connection: Connection) -> None:
    """End a transaction that came too late; a rollback would look like a death."""
    connection.execute("COMMIT")


def _take(connection: Connection, pending: PendingBatch) -> Cursor[TupleRow]:
    """Begin a transaction that has the checkpoint."""
    begin(connection)
    at = pending.at
    here = {"name": at.name, "position": at.position}
    unchanged = {"partitions": at.partitions, "deaths": at.deaths, "mark": at.mark}
    table = {"table": read_tables.live(at.subscription)}
    return connection.execute(SQL["take"], here | unchanged | table)


def _dead_letters(taken: Cursor[TupleRow]) -> int | None:
    """How many dead letters this batch has to mind; None if the checkpoint was not to be had."""
    row = taken.fetchone()
    return None if row is None else int(row[0])


def _move(
    connection: Connection,
    pending: PendingBatch,
    handled: Sequence[StoredEvent],
    tags: Collection[str],
) -> bool:
    """Move the checkpoint, and note what follows; whether tags wait to be invalidated now."""
    types = {event.type for event in handled}
    waiting = note_consequences(connection, pending.at.subscription, types, tags, pending.upto)
    connection.execute(SQL["move"], {"name": pending.at.name, "position": pending.upto})
    return waiting

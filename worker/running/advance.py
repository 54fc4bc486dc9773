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
  transaction is gone without a trace. A commit that moves the checkpoint writes the row anew, by
  the same transaction (`xmax` is `xmin` or 0), and so does noting an error (`xmax` is 0). Hence a
  checkpoint that is free but has another `xmax` was taken by somebody who neither finished nor
  failed in good order: its process died, or its connection.
- Each death makes the next batch sixteen times smaller, so that the killer is alone after four at
  most, and the fifth parks it. Batches grow again behind the events that were under suspicion.

The mark may be wrong, and that is harmless: an innocent death (a worker killed by hand, a database
restarted) makes batches smaller for a while; a mark that a vacuum has cleaned away makes the killer
strike once more. Counting with an UPDATE before each batch would cost a commit a batch, and leave
one more dead row version each; counting in Redis would not survive its flush.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from psycopg import Cursor
from psycopg.rows import TupleRow

from worker import refresh, rules
from worker.db import Connection
from worker.encoding import to_json
from worker.event_log import StoredEvent
from worker.running import parking, read_tables
from worker.running.checkpoints import SQL, Checkpoint
from worker.running.sieve import BadEvent, Sieve, blames_an_event, in_one_line
from worker.running.subscribers import Subscriber

log = structlog.get_logger(__name__)

MOST_DEATHS = 5
"""Processes that may die over one event before it is parked; the last of them had it alone."""


@dataclass(frozen=True, slots=True)
class Step:
    """A batch: from where a subscription is, over these events of its, up to a position."""

    subscriber: Subscriber
    at: Checkpoint
    upto: int
    events: Sequence[StoredEvent]


class Moved(NamedTuple):
    """What a batch did: events handled, and whether tags wait to be invalidated."""

    handled: Sequence[StoredEvent] = ()
    tags: bool = False


def advance(connection: Connection, step: Step) -> Moved | None:
    """Handle a batch and move its checkpoint; None if the checkpoint is somebody else's.

    Raises what no event is to blame for; the connection is then in a transaction that failed.
    """
    if step.at.taken:
        return _after_a_death(connection, step)
    if step.at.letters:
        return _carefully(connection, step)
    try:
        return _at_once(connection, step)
    except Exception as error:
        if not blames_an_event(error):
            raise
        count, why = len(step.events), in_one_line(error)
        log.warning("batch fails", subscription=step.at.name, events=count, error=why)
        connection.rollback()
        return _carefully(connection, step)


def _at_once(connection: Connection, step: Step) -> Moved | None:
    """Handle all the events; two round trips, however many they are."""
    batch = step.subscriber.batch(step.events)
    with connection.pipeline():
        taken = _take(connection, step)
        batch.request(connection)
    letters = _letters(taken)
    if letters is None or letters:
        connection.rollback()
        return None if letters is None else _carefully(connection, step)
    batch.fold()
    with connection.pipeline():
        batch.write(connection)
        _move(connection, step, step.events, batch.tags)
        connection.execute("COMMIT")
    batch.committed()
    return Moved(step.events, bool(batch.tags))


def _carefully(connection: Connection, step: Step) -> Moved | None:
    """Handle what can be handled; park bad events and what follows them in their streams."""
    if _letters(_take(connection, step)) is None:
        connection.rollback()
        return None
    name = step.at.subscription
    events = parking.without_discarded(connection, name, step.events)
    sieve = Sieve(
        connection,
        step.subscriber,
        parked=parking.parked_streams(connection, name, events),
        most=parking.room(connection, name),
    )
    sieve.take(events)
    _move(connection, step, sieve.handled, sieve.tags)
    parking.park(connection, step.at.name, sieve.bad)
    connection.execute("COMMIT")
    sieve.committed()
    return Moved(sieve.handled, bool(sieve.tags))


def _after_a_death(connection: Connection, step: Step) -> Moved | None:
    """Make the next batch smaller; or park the event that is alone and kills its process."""
    if _letters(_take(connection, step)) is None:
        connection.rollback()  # the taker is alive, or another has seen to it
        return None
    deaths = step.at.deaths + 1
    log.warning("a process died over a batch", subscription=step.at.name, deaths=deaths)
    if deaths < MOST_DEATHS or len(step.events) > 1:
        connection.execute(SQL["note_death"], {"name": step.at.name, "upto": step.upto})
    else:
        reason = f"its process ended every time ({deaths} times)"
        waiting = parking.parked_streams(connection, step.at.subscription, step.events)
        killers = [event for event in step.events if event.stream not in waiting]
        _move(connection, step, (), ())
        bad = [BadEvent(event, reason, deaths) for event in killers]
        parking.park(connection, step.at.name, bad)
    connection.execute("COMMIT")
    return Moved()


def _take(connection: Connection, step: Step) -> Cursor[TupleRow]:
    """Begin a transaction that has the checkpoint. It need not reach the disk at once."""
    connection.execute("BEGIN")
    connection.execute("SET LOCAL synchronous_commit = off")
    at = step.at
    here = {"name": at.name, "position": at.position}
    still = {"partitions": at.partitions, "deaths": at.deaths}
    table = {"table": read_tables.live(at.subscription)}
    return connection.execute(SQL["take"], here | still | table)


def _letters(taken: Cursor[TupleRow]) -> int | None:
    """How many dead letters this batch has to mind; None if the checkpoint was not to be had."""
    row = taken.fetchone()
    return None if row is None else int(row[0])


def _move(
    connection: Connection, step: Step, handled: Sequence[StoredEvent], tags: Collection[str]
) -> None:
    follow_up(connection, step.at.subscription, handled, tags, step.upto)
    connection.execute(SQL["move"], {"name": step.at.name, "position": step.upto})


def follow_up(
    connection: Connection,
    subscription: str,
    handled: Sequence[StoredEvent],
    tags: Collection[str],
    position: int,
) -> None:
    """Write down what follows from events that were handled, so that a crash loses none of it.

    `tags` wait for the cache to hear of them, and materialized views for their refresh.
    """
    types = {event.type for event in handled}
    stale = {*tags, *rules.tags_for(subscription, types)}
    if stale:
        note = {"subscription": subscription, "position": position}
        connection.execute(SQL["note_tags"], note | {"tags": to_json(sorted(stale))})
    refresh.note_requests(connection, types)

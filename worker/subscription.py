"""Subscriptions: read the log in order, from a checkpoint, and never twice.

    wake-up ─▶ lower the signal ─▶ horizon ─▶ read a page ─▶ each subscription:
                                                   lock the checkpoint · fold · write · move it
                      ▲                                             │
                      └──────────── until nobody lags ◀─────────────┘
               then, if there is work for them:  invalidate tags ─▶ schedule refreshes

Messages only wake; the order comes from the log. What is promised:

- The checkpoint moves in the transaction that wrote what it stands for, so a batch is folded
  exactly once, whoever is killed when.
- A wake-up that finds a subscription taken goes away: the one who has it looks at the horizon once
  more after its commit, and so sees whatever the wake-up was about.
- Commits here need not reach the disk before they are acknowledged: lost ones lose the checkpoint
  with them and are folded again.
- A subscription that fails keeps its place, with the error in `cqrs.subscriptions`, and holds up
  no other; the sweep tries again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog
from celery import chain

from worker import cache, db, event_log, read_tables, refresh, signalling
from worker.app import app
from worker.event_log import StoredEvent
from worker.settings import get_settings
from worker.sql import statement
from worker.subscribers import Subscriber, subscriptions

log = structlog.get_logger(__name__)

TURN = 20.0
"""Seconds after which a runner hands over to the next one."""
PATIENCE = 0.02
"""Seconds that a runner waits for an appender that is about to commit."""


@dataclass(slots=True)
class Progress:
    """What a run did: events folded per subscription, and whether tags wait to be invalidated."""

    folded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    types: set[str] = field(default_factory=set)
    tags: bool = False
    caught_up: bool = True


@app.task(name="cqrs.project", ignore_result=True)
def project(group: str) -> None:
    """Bring a group of subscriptions up to the horizon, then invalidate what depends on it."""
    time.sleep(get_settings().wake_up_distance)  # what commits meanwhile rides along
    signalling.lower_signal(f"cqrs.project:{group}")
    done = catch_up(group=group, seconds=TURN)
    if not done.caught_up:
        app.send_task("cqrs.project", args=(group,), ignore_result=True)
    links = [invalidate.si()] if done.tags else []
    links += refresh.wake_ups(done.types)
    if links:
        chain(*links).apply_async(ignore_result=True)


@app.task(name="cqrs.invalidate", ignore_result=True)
def invalidate() -> None:
    """Tell the cache about every tag that waits, and tick them off."""
    with db.writer() as connection:
        rows = connection.execute(statement("worker", "waiting_invalidations")).fetchall()
        for _, tags, position in rows:
            cache.invalidate(tags, position)
        if rows:
            ids = [row[0] for row in rows]
            connection.execute(statement("worker", "tick_off_invalidations"), {"ids": ids})


def catch_up(
    names: Collection[str] | None = None, *, group: str | None = None, seconds: float = 60.0
) -> Progress:
    """Bring subscriptions up to the horizon: those named, or those of a group, or all.

    Returns when none lags, or when those that do are another runner's or fail, or after `seconds`.
    """
    wanted = {one.name: one for one in _chosen(names, group)}
    done, until = Progress(), time.monotonic() + seconds
    with db.writer() as connection:
        _add_new(connection, wanted.values())
        runner = _Runner(connection, wanted, done)
        while runner.pass_once():
            if time.monotonic() > until:
                done.caught_up = False
                break
    return done


def _chosen(names: Collection[str] | None, group: str | None) -> Iterator[Subscriber]:
    for one in subscriptions:
        if (names is None or one.name in names) and (group is None or one.group == group):
            yield one


_added: set[tuple[str, str]] = set()


def _add_new(connection: db.Connection, ones: Iterable[Subscriber]) -> None:
    where = connection.info.dsn
    new = [one for one in ones if (where, one.name) not in _added]
    if new:
        connection.execute(statement("worker", "add_subscriptions"), read_tables.first(new))
        _added.update((where, one.name) for one in new)


class _Runner:
    """Passes over the log for a set of subscriptions until none of them lags."""

    def __init__(
        self, connection: db.Connection, wanted: dict[str, Subscriber], done: Progress
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.done = done
        self.failed: set[str] = set()

    def pass_once(self) -> bool:
        """Fold one page for every subscription that lags; False when there is nothing to do."""
        horizon = self._horizon()
        lagging = self._lagging(horizon)
        moved = [
            self._advance(position, horizon, together) for position, together in lagging.items()
        ]
        return any(moved)

    def _horizon(self) -> int:
        """The horizon; if it is held below the log's end, wait a moment for the commit."""
        until = time.monotonic() + PATIENCE
        while True:
            horizon = event_log.horizon(self.connection)
            row = self.connection.execute(statement("worker", "last_position")).fetchone()
            if row is None or row[0] <= horizon or time.monotonic() > until:
                return horizon
            time.sleep(0.001)

    def _lagging(self, horizon: int) -> dict[int, list[Subscriber]]:
        names = [name for name in self.wanted if name not in self.failed]
        rows = self.connection.execute(statement("worker", "places"), {"names": names})
        lagging: dict[int, list[Subscriber]] = defaultdict(list)
        for name, position, table, shape in rows:
            one = self.wanted[name]
            if read_tables.learn(one, name, table, shape) and position < horizon:
                lagging[position].append(one)
        return lagging

    def _advance(self, position: int, horizon: int, together: Sequence[Subscriber]) -> bool:
        """Move subscriptions that are at one position over the next page of events."""
        limit = get_settings().projection_batch_size
        types = sorted(frozenset().union(*(one.event_types for one in together)))
        page = event_log.read(
            self.connection, after=position, upto=horizon, types=types, limit=limit
        )
        upto = page[-1].position if len(page) == limit else horizon
        seen = {event.type for event in page}
        idle = [one.name for one in together if seen.isdisjoint(one.event_types)]
        moved = bool(idle) and self._pass_over(idle, position, upto)
        for one in together:
            if one.name not in idle:
                moved |= self._fold(one, position, upto, page)
        return moved

    def _pass_over(self, names: Sequence[str], position: int, upto: int) -> bool:
        where = {"names": list(names), "position": position, "upto": upto}
        return bool(self.connection.execute(statement("worker", "pass_over"), where).fetchall())

    def _fold(
        self, one: Subscriber, position: int, upto: int, page: Sequence[StoredEvent]
    ) -> bool:
        events = [event for event in page if event.type in one.event_types]
        try:
            tags = fold_batch(self.connection, one, position, upto, events)
        except Exception as error:
            self.connection.rollback()
            self.failed.add(one.name)
            self._note(one.name, error)
            return False
        if tags is None:
            return False
        self.done.folded[one.name] += len(events)
        self.done.types.update(event.type for event in events)
        self.done.tags |= bool(tags)
        return True

    def _note(self, name: str, error: Exception) -> None:
        log.exception("subscription fails", subscription=name)
        text = f"{type(error).__name__}: {error}"
        self.connection.execute(statement("worker", "note_error"), {"name": name, "error": text})


def fold_batch(
    connection: db.Connection,
    one: Subscriber,
    position: int,
    upto: int,
    events: Sequence[StoredEvent],
) -> set[str] | None:
    """Apply events to what they concern and move the checkpoint, in one transaction.

    It takes two round trips, however many events. Returns the tags of the rows that changed; None
    if the subscription is somebody else's.
    """
    batch = one.batch(events)
    with connection.pipeline() as pipeline:
        connection.execute("BEGIN")
        connection.execute("SET LOCAL synchronous_commit = off")
        here = {"name": one.name, "position": position, "table": read_tables.live(one.name)}
        mine = connection.execute(statement("worker", "lock_checkpoint"), here)
        batch.request(connection)
        pipeline.sync()
    if mine.fetchone() is None:
        connection.rollback()
        return None
    batch.fold()
    with connection.pipeline():
        batch.write(connection)
        if batch.tags:
            note = {"subscription": one.name, "tags": sorted(batch.tags), "position": upto}
            connection.execute(statement("worker", "note_invalidation"), note)
        refresh.note_requests(connection, {event.type for event in events})
        there = {"name": one.name, "position": upto}
        connection.execute(statement("worker", "move_checkpoint"), there)
        connection.execute("COMMIT")
    batch.committed()
    return batch.tags

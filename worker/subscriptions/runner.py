"""Subscriptions: read the log in order, from a checkpoint, and never twice.

    wake-up ─▶ lower the signal ─▶ horizon ─▶ read a page ─▶ each subscription:
                                                   take the checkpoint · fold · write · move it
                      ▲                                             │
                      └──────────── until nobody lags ◀─────────────┘
               then, if there is work for them:  invalidate tags · schedule refreshes

Messages only wake; the order comes from the log. What is promised:

- The checkpoint moves in the transaction that wrote what it stands for, so a batch is folded
  exactly once, whoever is killed when.
- A wake-up that finds a subscription held goes away: the one who has it looks at the horizon once
  more after its commit, and so sees whatever the wake-up was about.
- Commits here need not reach the disk before they are acknowledged: lost ones lose the checkpoint
  with them and are folded again.
- An event that cannot be handled, or that kills its process, is parked, and with it the later
  events of its stream: see batch.py and dead_letters.py. The others flow.
- An event of a type that a subscription named once and names no longer is not passed over: it stops
  there, by name, until the code names the type again, or says that it forgets it.
- A subscription that fails and cannot blame an event keeps its place, with the error in
  `cqrs.subscriptions`, and holds up no other; the sweep tries again.
- Partitions of one subscription are taken one by one, so that several workers share them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from worker import cache, event_log, refresh
from worker.base import db, gc_pause, wake_ups
from worker.base.app import app
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.event_log import StoredEvent
from worker.event_log.subscribers import Subscriber, subscriptions
from worker.subscriptions import checkpoints, read_tables
from worker.subscriptions.batch import PendingBatch, advance, after_rollback, begin
from worker.subscriptions.checkpoints import SQL, Checkpoint
from worker.subscriptions.errors import (
    CannotPartition,
    TooManyDeadLetters,
    TypeNotNamed,
    in_one_line,
)
from worker.subscriptions.registration import register, unnamed_types

log = get_logger(__name__)

TURN_SECONDS = 20.0
"""Seconds after which a runner hands over to the next one."""
COMMIT_WAIT = 0.02
"""Seconds that a runner waits for an appender that is about to commit."""


@dataclass(slots=True)
class CatchUpResult:
    """What a run did: events folded per subscription, and whether tags wait to be invalidated."""

    folded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    types: set[str] = field(default_factory=set)
    tags: bool = False
    caught_up: bool = True


@app.task(name="cqrs.project", ignore_result=True, default_retry_delay=1)
def project(group: str) -> None:
    """Bring a group of subscriptions up to the horizon, then invalidate what depends on it."""
    time.sleep(get_settings().wake_up_distance)  # what commits meanwhile rides along
    wake_ups.lower_signal(f"cqrs.project:{group}")
    done = catch_up(group=group, seconds=min(TURN_SECONDS, get_settings().task_soft_time_limit / 3))
    if not done.caught_up:
        app.send_task("cqrs.project", args=(group,), ignore_result=True)
    if done.tags:
        invalidate.si().apply_async(ignore_result=True)
    refresh.wake_ups(done.types)


@app.task(name="cqrs.invalidate", ignore_result=True)
def invalidate() -> None:
    """Tell the cache about every tag that waits, and tick them off."""
    with db.writer() as connection:
        rows = connection.execute(SQL["waiting_invalidations"]).fetchall()
        for _, tags, position, subscription in rows:
            cache.invalidate(tags, position, subscription)
        if rows:
            ids = [row[0] for row in rows]
            connection.execute(SQL["tick_off_invalidations"], {"ids": ids})


def catch_up(
    names: Collection[str] | None = None, *, group: str | None = None, seconds: float = 60.0
) -> CatchUpResult:
    """Bring subscriptions up to the horizon: those named, or those of a group, or all.

    Returns when none lags, or when those that do are another runner's or fail, or after `seconds`.
    """
    wanted = {
        subscriber.name: subscriber
        for subscriber in subscriptions
        if (names is None or subscriber.name in names) and group in (None, subscriber.group)
    }
    done, until = CatchUpResult(), time.monotonic() + seconds
    with db.writer() as connection:
        for name in _register_new(connection, wanted.values()):
            del wanted[name]
        runner = _Runner(connection, wanted, done)
        while runner.pass_once():
            if time.monotonic() > until:
                done.caught_up = False
                break
    return done


_added: set[tuple[str, str]] = set()
_unnamed: dict[tuple[str, str], frozenset[str]] = {}
"""Types that a registered subscription named once, and names no longer."""
NOTHING: frozenset[str] = frozenset()


def _register_new(connection: db.Connection, wanted: Iterable[Subscriber]) -> Collection[str]:
    """Register those that this process has not registered yet; which of them must not run."""
    new = [subscriber for subscriber in wanted if _where(connection, subscriber.name) not in _added]
    refused = register(connection, new) if new else {}
    for name, error in refused.items():
        log.error("subscription does not run", subscription=name, error=error.reason)
    running = [_said(one) for one in new if one.name not in refused]
    if running:
        connection.execute(SQL["say_what_runs"], {"wanted": to_json(running)})
    if new:
        unnamed = unnamed_types(connection, new)
        _unnamed.update({_where(connection, name): types for name, types in unnamed.items()})
    _added.update(_where(connection, one.name) for one in new if one.name not in refused)
    return refused


def _where(connection: db.Connection, name: str) -> tuple[str, str]:
    """A subscription of one database."""
    return connection.info.dsn, name


def _said(subscriber: Subscriber) -> dict[str, Any]:
    types = sorted(event_log.stored_types(subscriber.event_types))
    return {"name": subscriber.name, "group": subscriber.group, "types": types}


class _Runner:
    """Passes over the log for a set of subscriptions until none of them lags."""

    def __init__(
        self, connection: db.Connection, wanted: dict[str, Subscriber], done: CatchUpResult
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.done = done
        self.unnamed = {name: _unnamed.get(_where(connection, name), NOTHING) for name in wanted}
        self.types = {
            name: subscriber.event_types | self.unnamed[name] for name, subscriber in wanted.items()
        }
        self.failed: set[str] = set()

    def pass_once(self) -> bool:
        """Fold one page for every subscription that lags; False when there is nothing to do.

        True also if another runner was faster: see batch.py for why one looks again then.
        """
        horizon = self._horizon()
        lagging = self._lagging(horizon)
        if not lagging:
            return False
        with gc_pause.paused():
            for together in lagging:
                self._advance(together, horizon)
        return True

    def _horizon(self) -> int:
        """The horizon; if it is held below the log's end, wait a moment for the commit."""
        until = time.monotonic() + COMMIT_WAIT
        while True:
            horizon = event_log.horizon(self.connection)
            row = self.connection.execute(SQL["last_position"]).fetchone()
            if row is None or row[0] <= horizon or time.monotonic() > until:
                return horizon
            time.sleep(0.001)

    def _lagging(self, horizon: int) -> list[list[Checkpoint]]:
        """Free checkpoints that lag: those that can share a page together, trouble last."""
        together: dict[Hashable, list[Checkpoint]] = defaultdict(list)
        for at in checkpoints.read(self.connection, self.wanted):
            free = not at.held and at.name not in self.failed
            if free and at.position < horizon and self._knows_table(at):
                together[at.position, at.limit, at.name if at.deaths else None].append(at)
        return list(together.values())

    def _knows_table(self, at: Checkpoint) -> bool:
        """Whether its live table, if it has one, is of the version that this code declares."""
        subscriber = self.wanted[at.subscription]
        return read_tables.learn(subscriber, at.subscription, at.read_table, at.table_version)

    def _advance(self, together: Sequence[Checkpoint], horizon: int) -> None:
        """Move checkpoints that are at one position over the next page of events."""
        position, limit = together[0].position, together[0].limit
        types = frozenset().union(*(self.types[at.subscription] for at in together))
        page = event_log.read(
            self.connection, after=position, upto=horizon, types=sorted(types), limit=limit
        )
        upto = page[-1].position if len(page) == limit else horizon
        own = checkpoints.own_events(together, page, self.types)
        going_on = [at for at in together if not self._stops(at, own[at.name])]
        if idle := [at for at in going_on if not own[at.name]]:
            self._pass_over(idle, upto)
        for at in going_on:
            if own[at.name]:
                self._take_step(PendingBatch(self.wanted[at.subscription], at, upto, own[at.name]))

    def _stops(self, at: Checkpoint, own: Sequence[StoredEvent]) -> bool:
        """Whether one of its events is of a type that its code names no longer: what is before it
        is handled, and there the subscription stands."""
        unnamed = self.unnamed[at.subscription]
        lost = next((n for n, event in enumerate(own) if event.type in unnamed), None)
        if lost is None:
            return False
        before = own[lost].position - 1
        if lost:
            known = PendingBatch(self.wanted[at.subscription], at, before, own[:lost])
            self._take_step(known)
        elif before > at.position:
            self._pass_over([at], before)
        error = TypeNotNamed(at.subscription, own[lost].type, own[lost].position)
        if at.name not in self.failed:
            self.failed.add(at.name)
            self._note(at.name, error)
        return True

    def _pass_over(self, idle: Sequence[Checkpoint], upto: int) -> None:
        where = {
            "names": [at.name for at in idle],
            "partitions": [at.partitions for at in idle],
            "position": idle[0].position,
            "upto": upto,
        }
        with self.connection.pipeline():
            begin(self.connection)
            self.connection.execute(SQL["pass_over"], where)
            self.connection.execute("COMMIT")

    def _take_step(self, step: PendingBatch) -> None:
        try:
            moved = advance(self.connection, step)
        except SoftTimeLimitExceeded:
            raise  # whatever took so long is treated like a process that died over it
        except Exception as error:
            self.failed.add(step.at.name)
            self._note(step.at.name, error)
            return
        if moved is not None:
            self.done.folded[step.at.subscription] += len(moved.handled)
            self.done.types.update(event.type for event in moved.handled)
            self.done.tags |= moved.tags

    def _note(self, name: str, error: Exception) -> None:
        known = isinstance(error, TooManyDeadLetters | CannotPartition | TypeNotNamed)
        log.error("subscription fails", subscription=name, error=str(error), exc_info=not known)
        what = {"name": name, "error": in_one_line(error)}
        with after_rollback(self.connection):
            self.connection.execute(SQL["note_error"], what)

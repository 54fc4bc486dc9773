"""Wakes the workers when somebody's transaction has ended, without keeping whoever commits waiting.

    told      a session of SQLAlchemy and a connection of Django say when they have committed
    watched   a bare connection says nothing: a thread looks at it until its transaction has ended

A wake-up is a message to a broker, which may be slow or away; so a thread sends it. Nothing depends
on it: what was enqueued is found by the sweep.

    the transaction never ends            left to the sweep after WATCH_FOR seconds
    the process is forked meanwhile       the child watches nothing: it is the parent's transaction
    the settings are others by then       nobody is woken: a test has ended, and its broker with it
    the database is not that of them      nobody is woken: its workers are not known here
    the process ends                      wake-ups under way are sent, within AT_EXIT seconds
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias
from weakref import WeakSet

import psycopg
from psycopg.pq import TransactionStatus

from worker.base import db, forks
from worker.base.errors import BadSettings, ServerUnavailable
from worker.base.settings import Settings, get_settings
from worker.commands import after_commit

Enqueued: TypeAlias = tuple[Settings, str]
"""Under which settings something was enqueued, and in which database."""
WATCH_FOR = 60.0
"""Seconds after which an open transaction is left to the sweep."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.05
"""Seconds between two looks at an open transaction: an eighth of the time that it has been open,
within these; a wake-up is late by no more. Measured: ten seconds take 223 looks and 23 ms of CPU
(4,270 and 407 ms with one every 2 ms)."""
AT_EXIT = 1.0
"""Seconds that a process which ends waits for its last wake-ups."""
Raw: TypeAlias = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]
_OPEN = (TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR)


def in_transaction(connection: Raw) -> bool:
    """Whether a transaction is open on it. Looks at libpq alone: no socket is touched."""
    return connection.pgconn.transaction_status in _OPEN


def soon(connection: Raw) -> None:
    """Wake the workers of this connection's database, in a thread; whoever asks again before it has
    begun is served by it too."""
    _messenger().send((get_settings(), connection.info.dbname))


def when_ended(connection: Raw) -> None:
    """Wake the workers once the transaction that is open on this connection has ended."""
    _watcher().watch(connection)


class _Messenger:
    """Sends one wake-up for all who asked for one since the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Enqueued] = []

    def send(self, enqueued: Enqueued) -> None:
        """Wake the workers soon."""
        with self._lock:
            waiting = bool(self._asked)
            self._asked.append(enqueued)
        if not waiting:
            _in_background(self._run)

    def _run(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, []
        _wake(asked)


class _Watcher:
    """Looks at connections until their transactions have ended.

    psycopg has no hook for a commit, and that of an SQLAlchemy engine fires before it. The thread
    lives while it has work.
    """

    def __init__(self) -> None:
        self._watched: dict[int, tuple[Raw, float, Enqueued]] = {}
        self._lock = threading.Lock()
        self._running = False
        self._closing = threading.Event()

    def watch(self, connection: Raw) -> None:
        """Wake the workers once this connection's transaction has ended, either way."""
        with self._lock:
            enqueued = (get_settings(), connection.info.dbname)
            self._watched[id(connection)] = (connection, time.monotonic(), enqueued)
            if not self._running:
                self._running = True
                _in_background(self._run)

    def close(self) -> None:
        """The process ends: whatever is still open is rolled back, and nobody waits for it."""
        self._closing.set()

    def _run(self) -> None:
        while (pause := self._look()) is not None:
            self._closing.wait(pause)

    def _look(self) -> float | None:
        """Wake if one has ended; seconds until the next look, None if nothing is watched."""
        now = time.monotonic()
        with self._lock:
            ended = [
                key
                for key, (connection, since, _) in self._watched.items()
                if not in_transaction(connection) or now > since + WATCH_FOR
            ]
            served = [self._watched.pop(key)[2] for key in ended]
            if self._closing.is_set():
                self._watched.clear()
            self._running = bool(self._watched)
            youngest = max((since for _, since, _ in self._watched.values()), default=None)
        if served:
            _wake(served)
        if youngest is None:
            return None
        return min(max((now - youngest) / 8, SHORTEST_PAUSE), LONGEST_PAUSE)


def _wake(asked: list[Enqueued]) -> None:
    """Wake the workers of these settings and this database, of no others.

    Where they are is asked now: a test that has ended since took its servers with it.
    """
    try:
        current = get_settings()
        ours = db.dbname(current.servers.database)
        if any(settings is current and database == ours for settings, database in asked):
            after_commit.wake_queue_consumer()
    except (ServerUnavailable, BadSettings):
        return  # no server is known here: the sweep finds it


_threads: WeakSet[threading.Thread] = WeakSet()


def _in_background(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work, name="cqrs-enqueue", daemon=True)
    _threads.add(thread)
    _tidy_at_the_end()
    thread.start()


@cache
def _tidy_at_the_end() -> None:
    atexit.register(_finish)


def _finish() -> None:
    """Let the wake-ups that are under way be sent, within a bound; a daemon thread just stops."""
    _watcher().close()
    until = time.monotonic() + AT_EXIT
    for thread in list(_threads):
        thread.join(max(0.0, until - time.monotonic()))


@cache
def _messenger() -> _Messenger:
    """This process's own, made at its first use: a lock or an event that was made before a fork is
    of no use in a child under gevent, where it does not wait."""
    forks.in_child(_forget)
    return _Messenger()


@cache
def _watcher() -> _Watcher:
    """The same."""
    forks.in_child(_forget)
    return _Watcher()


def _forget() -> None:
    """In a forked child: no thread of the parent's runs there, and a lock may be held for ever."""
    _messenger.cache_clear()
    _watcher.cache_clear()
    _threads.clear()

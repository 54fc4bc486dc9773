"""Wakes the workers when somebody's transaction has ended, without keeping whoever commits waiting.

    told      a session of SQLAlchemy and a connection of Django say when they have committed
    watched   a bare connection says nothing: a thread looks at it until its transaction has ended

A wake-up is a message to a broker, which may be slow or away; so a thread sends it. Nothing depends
on it: what was enqueued is found by the sweep.

    the transaction never ends            left to the sweep after WATCH_FOR seconds
    the process is forked meanwhile       the child watches nothing: it is the parent's transaction
    the settings are others by then       nobody is woken: a test has ended, and its broker with it
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg.pq import TransactionStatus

from worker.base import forks
from worker.base.errors import CqrsError
from worker.base.settings import Settings, get_settings
from worker.commands import after_commit

log = structlog.get_logger(__name__)

WATCH_FOR = 60.0
"""Seconds after which an open transaction is left to the sweep."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.05
"""Seconds between two looks at an open transaction: an eighth of the time that it has been open,
within these; a wake-up is late by no more. Measured: ten seconds take 223 looks and 23 ms of CPU
(4,270 and 407 ms with one every 2 ms)."""
Raw: TypeAlias = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]
_OPEN = (TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR)


def in_transaction(connection: Raw) -> bool:
    """Whether a transaction is open on it. Looks at libpq alone: no socket is touched."""
    return connection.pgconn.transaction_status in _OPEN


def soon() -> None:
    """Wake the workers, in a thread; whoever asks again before it has begun is served by it too."""
    _messenger.send()


def when_ended(connection: Raw) -> None:
    """Wake the workers once the transaction that is open on this connection has ended."""
    _watcher.watch(connection)


class _Messenger:
    """Sends one wake-up for all who asked for one since the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = False

    def send(self) -> None:
        """Wake the workers soon."""
        forks.in_child(_forget)
        settings = get_settings()
        with self._lock:
            if self._waiting:
                return
            self._waiting = True
        _in_background(lambda: self._wake(settings))

    def _wake(self, settings: Settings) -> None:
        with self._lock:
            self._waiting = False
        _wake(settings)


class _Watcher:
    """Looks at connections until their transactions have ended.

    psycopg has no hook for a commit, and that of an SQLAlchemy engine fires before it. The thread
    lives while it has work.
    """

    def __init__(self) -> None:
        self._watched: dict[int, tuple[Raw, float, Settings]] = {}
        self._lock = threading.Lock()
        self._running = False

    def watch(self, connection: Raw) -> None:
        """Wake the workers once this connection's transaction has ended, either way."""
        forks.in_child(_forget)
        with self._lock:
            self._watched[id(connection)] = (connection, time.monotonic(), get_settings())
            if not self._running:
                self._running = True
                _in_background(self._run)

    def _run(self) -> None:
        while (pause := self._look()) is not None:
            time.sleep(pause)

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
            self._running = bool(self._watched)
            youngest = max((since for _, since, _ in self._watched.values()), default=None)
        if served:
            _wake(*served)
        if youngest is None:
            return None
        return min(max((now - youngest) / 8, SHORTEST_PAUSE), LONGEST_PAUSE)


def _wake(*enqueued_under: Settings) -> None:
    """Wake the workers of these settings; of others, whose broker is not ours to write to, none."""
    try:
        current = get_settings()
        if any(settings is current for settings in enqueued_under):
            after_commit.wake_queue_consumer()
    except CqrsError as error:
        log.warning("wake-up not sent; the sweep will", task="cqrs.drain", reason=str(error))


def _in_background(work: Callable[[], object]) -> None:
    threading.Thread(target=work, name="cqrs-enqueue", daemon=True).start()


_messenger, _watcher = _Messenger(), _Watcher()


def _forget() -> None:
    """In a forked child: no thread of the parent's runs there, and a lock may be held for ever."""
    global _messenger, _watcher
    _messenger, _watcher = _Messenger(), _Watcher()

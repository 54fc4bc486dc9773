"""Transactional enqueue: a command written in the caller's own transaction.

    rolled back    it never was
    committed      the workers are woken at once, and the sweep wakes them again until the receipt
                   is there: a broker that loses messages loses no command

Nobody is woken for another database than that of the settings (a test's own, say), nor where no
server is known: the sweep of whoever works on that database finds the command. A process that ends
right after its commit wakes them first, if that takes no longer than a second.

`.delay()` after a commit loses the command when the process dies between the two; this cannot.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard
from weakref import WeakSet

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from worker.base import db
from worker.base.app import app
from worker.base.encoding import fingerprint_of, to_json
from worker.base.errors import BadSettings, ServerUnavailable
from worker.base.settings import get_settings
from worker.commands import SQL, after_commit
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandIdReused
from worker.contracts import Envelope

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Connectable: TypeAlias = "sa.Connection | Session | psycopg.Connection[Any]"
WATCH_FOR = 60.0
"""Seconds after which an open transaction is left to the sweep."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.05
"""Seconds between two looks at an open transaction: an eighth of the time that it has been open,
within these; a wake-up is late by no more. Measured: ten seconds take 223 looks and 23 ms of CPU
(4,270 and 407 ms with one every 2 ms)."""
AT_EXIT = 1.0
"""Seconds that a process which ends waits for its last wake-ups."""
_WAKES = "cqrs_wakes"


def enqueue(connection: Connectable, envelopes: Sequence[Envelope]) -> list[CommandResult]:
    """Write commands in this connection's transaction; returns their handles in order.

    Raises CommandIdReused when an id stands for another payload; nothing is written for that one.
    """
    raw = _psycopg(connection)
    for envelope, reused in zip(envelopes, write_commands(raw, envelopes), strict=True):
        if reused:
            raise CommandIdReused(envelope.id, envelope.name)
    if _is_session(connection):
        _wake_when_told(connection, raw)
    else:
        wake_after_commit(raw)
    return [_handle(envelope) for envelope in envelopes]


def write_commands(
    connection: psycopg.Connection[Any], envelopes: Sequence[Envelope]
) -> list[bool]:
    """Write commands in this transaction and wake nobody.

    Says of each, in order, whether its id stands for another payload already: then it was not
    written. A command that is there already, waiting or settled, is left as it is.
    """
    rows = [command_row(place, envelope) for place, envelope in enumerate(envelopes)]
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(SQL["enqueue"], {"commands": to_json(rows)})
        return [bool(reused) for _, reused in cursor]


def _handle(envelope: Envelope) -> CommandResult:
    handle = CommandResult(str(envelope.id), task_name=envelope.name, app=app)
    # What SQL or a sender enqueued under this id is compared once it has a fingerprint.
    handle.fingerprint = fingerprint_of(envelope.payload).hex()
    return handle


def _is_session(connection: object) -> TypeGuard[Session]:
    """Whether it is a session of SQLAlchemy's ORM, which is not imported for those without one."""
    orm = sys.modules.get("sqlalchemy.orm")
    return orm is not None and isinstance(connection, orm.Session)


def _psycopg(connection: Connectable) -> psycopg.Connection[Any]:
    if isinstance(connection, psycopg.Connection):
        return connection
    if _is_session(connection):
        connection = connection.connection()
    if isinstance(connection, sa.Connection):
        driver = connection.connection.driver_connection
        if isinstance(driver, psycopg.Connection):
            return driver
    raise TypeError(
        "enqueue takes an SQLAlchemy connection or session on psycopg, or a psycopg connection"
        f" (is {type(connection).__name__})"
    )


def command_row(place: int, envelope: Envelope) -> dict[str, Any]:
    """A command as `cqrs.enqueue` takes it, with its place among those written with it."""
    return {
        "ord": place,
        "command_id": envelope.id,
        "name": envelope.name,
        "payload": envelope.payload,
        "payload_hash": fingerprint_of(envelope.payload).hex(),
        "key": envelope.key,
        "after": list(envelope.after),
        "actor": envelope.actor.name,
        "roles": sorted(envelope.actor.roles),
        "correlation_id": envelope.correlation_id or envelope.id,
        "causation_id": envelope.causation_id,
    }


class _Watcher:
    """Wakes the workers when a watched connection's transaction has ended.

    psycopg has no hook for a commit, and that of an SQLAlchemy engine fires before it; sessions
    tell (see `_wake_when_told`). Looking at libpq's transaction status touches no socket. The
    thread lives while it has work, so that whoever commits waits for no broker.
    """

    def __init__(self) -> None:
        self._watched: dict[int, tuple[psycopg.Connection[Any], float, str]] = {}
        self._lock = threading.Lock()
        self._running = False
        self._closing = threading.Event()

    def watch(self, connection: psycopg.Connection[Any]) -> None:
        """Wake the workers once this connection's transaction has ended, either way."""
        with self._lock:
            self._watched[id(connection)] = (connection, time.monotonic(), connection.info.dbname)
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
        """Wake for those that have ended; seconds until the next look, None: nothing is watched."""
        now = time.monotonic()
        with self._lock:
            ended = [
                (key, database)
                for key, (connection, since, database) in self._watched.items()
                if not _in_transaction(connection) or now > since + WATCH_FOR
            ]
            for key, _ in ended:
                del self._watched[key]
            if self._closing.is_set():
                self._watched.clear()
            self._running = bool(self._watched)
            youngest = max((since for _, since, _ in self._watched.values()), default=None)
        for database in {database for _, database in ended}:
            _wake(database)
        if youngest is None:
            return None
        return min(max((now - youngest) / 8, SHORTEST_PAUSE), LONGEST_PAUSE)


_watcher = _Watcher()


def wake_after_commit(connection: psycopg.Connection[Any]) -> None:
    """Wake the workers when the transaction that is open on this connection has ended."""
    if _in_transaction(connection):
        _watcher.watch(connection)
    else:
        _wake(connection.info.dbname)


def _wake_when_told(session: Session, connection: psycopg.Connection[Any]) -> None:
    """Wake the workers when a session says that it has committed.

    It says so after a savepoint too, or with a transaction around it that is somebody else's: then
    the connection is still in a transaction, and is watched from there on.
    """
    session.info[_WAKES] = connection
    if not sa.event.contains(session, "after_commit", _session_committed):
        sa.event.listen(session, "after_commit", _session_committed)
        sa.event.listen(session, "after_rollback", _session_rolled_back)


def _session_committed(session: Session) -> None:
    connection = session.info.pop(_WAKES, None)
    if connection is None:
        return  # a transaction without commands of ours
    if _in_transaction(connection):
        _watcher.watch(connection)
    else:
        _in_background(partial(_wake, connection.info.dbname))


def _session_rolled_back(session: Session) -> None:
    connection = session.info.get(_WAKES)
    if connection is not None and not _in_transaction(connection):  # else it was a savepoint
        del session.info[_WAKES]


def _wake(database: str) -> None:
    """Wake those who work on this database, as far as anybody knows of them.

    Where they are is asked now: a test that has ended since took its servers with it.
    """
    try:
        if db.dbname(get_settings().servers.database) == database:
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
    """At first use: what happens when this process ends, or forks."""
    atexit.register(_finish)
    os.register_at_fork(after_in_child=_start_afresh)


def _finish() -> None:
    """Let the wake-ups that are under way be sent, within a bound; a daemon thread just stops."""
    _watcher.close()
    until = time.monotonic() + AT_EXIT
    for thread in list(_threads):
        thread.join(max(0.0, until - time.monotonic()))


def _start_afresh() -> None:
    """A forked child has no part in its parent's transactions, and none of its threads."""
    global _watcher
    _watcher = _Watcher()
    _threads.clear()


def _in_transaction(connection: psycopg.Connection[Any]) -> bool:
    return connection.pgconn.transaction_status in (
        TransactionStatus.ACTIVE,
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    )

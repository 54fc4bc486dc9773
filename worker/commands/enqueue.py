"""Transactional enqueue: a command written in the caller's own transaction.

    rolled back    it never was
    committed      the workers are woken at once, and the sweep wakes them again until the receipt
                   is there: a broker that loses messages loses no command

`.delay()` after a commit loses the command when the process dies between the two; this cannot.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, TypeAlias

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from worker.base.app import app
from worker.base.encoding import canonical, fingerprint, to_json
from worker.commands import SQL, after_commit
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandIdReused
from worker.contracts import Envelope

Connectable: TypeAlias = "sa.Connection | Session | psycopg.Connection[Any]"
WATCH_FOR = 60.0
"""Seconds after which an open transaction is left to the sweep."""


def enqueue(connection: Connectable, envelopes: Sequence[Envelope]) -> list[CommandResult]:
    """Write commands in this connection's transaction; returns their handles in order.

    Raises CommandIdReused when an id stands for another payload; nothing is written for that one.
    """
    raw = _psycopg(connection)
    for envelope, reused in zip(envelopes, write_commands(raw, envelopes), strict=True):
        if reused:
            raise CommandIdReused(envelope.id, envelope.name)
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
    return CommandResult(str(envelope.id), task_name=envelope.name, app=app)


def _psycopg(connection: Connectable) -> psycopg.Connection[Any]:
    if isinstance(connection, psycopg.Connection):
        return connection
    if isinstance(connection, Session):
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
        "payload_hash": fingerprint(canonical(envelope.payload)).hex(),
        "key": envelope.key,
        "after": list(envelope.after),
        "actor": envelope.actor.name,
        "roles": sorted(envelope.actor.roles),
        "correlation_id": envelope.correlation_id or envelope.id,
        "causation_id": envelope.causation_id,
    }


class _Watcher:
    """Wakes the workers when a watched connection's transaction has ended.

    psycopg has no hook for a commit, and SQLAlchemy's fires before it. Looking at libpq's
    transaction status costs nothing and touches no socket; the thread lives while it has work.
    """

    def __init__(self) -> None:
        self._watched: dict[int, tuple[psycopg.Connection[Any], float]] = {}
        self._lock = threading.Lock()
        self._running = False

    def watch(self, connection: psycopg.Connection[Any]) -> None:
        """Wake the workers once this connection's transaction has ended, either way."""
        with self._lock:
            self._watched[id(connection)] = (connection, time.monotonic() + WATCH_FOR)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="cqrs-enqueue", daemon=True).start()

    def _run(self) -> None:
        while self._look():
            time.sleep(0.002)

    def _look(self) -> bool:
        with self._lock:
            ended = [
                key
                for key, (connection, until) in self._watched.items()
                if not _in_transaction(connection) or time.monotonic() > until
            ]
            for key in ended:
                del self._watched[key]
            self._running = bool(self._watched)
        if ended:
            after_commit.wake_drain()
        return self._running


_watcher = _Watcher()


def wake_after_commit(connection: psycopg.Connection[Any]) -> None:
    """Wake the workers when the transaction that is open on this connection has ended."""
    if _in_transaction(connection):
        _watcher.watch(connection)
    else:
        after_commit.wake_drain()


def _in_transaction(connection: psycopg.Connection[Any]) -> bool:
    return connection.pgconn.transaction_status in (
        TransactionStatus.ACTIVE,
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    )

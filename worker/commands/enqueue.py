"""Transactional enqueue: a command written in the caller's own transaction.

    rolled back    it never was
    committed      the workers are woken at once, and the sweep wakes them again until the receipt
                   is there: a broker that loses messages loses no command

`.delay()` after a commit loses the command when the process dies between the two; this cannot.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import orjson
import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from worker.base.app import app
from worker.base.encoding import is_fingerprint, to_json
from worker.commands import SQL, after_commit, receipts
from worker.commands.command_result import CommandResult
from worker.commands.decoding import fingerprint_of, stands_for
from worker.commands.errors import CommandIdReused
from worker.contracts import Actor, Envelope

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Connectable: TypeAlias = "sa.Connection | Session | psycopg.Connection[Any]"
WATCH_FOR = 60.0
"""Seconds after which an open transaction is left to the sweep."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.05
"""Seconds between two looks at an open transaction: an eighth of the time that it has been open,
within these; a wake-up is late by no more. Measured: ten seconds take 223 looks and 23 ms of CPU
(4,270 and 407 ms with one every 2 ms)."""
_WAKES = "cqrs_wakes"


def enqueue(connection: Connectable, envelopes: Sequence[Envelope]) -> list[CommandResult]:
    """Write commands in this connection's transaction; returns their handles in order.

    Raises CommandIdReused when an id stands for something else; nothing is written for that one.
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

    Says of each, in order, whether its id stands for something else already: then it was not
    written. A command that is there already, waiting or settled, is left as it is.
    """
    rows = [command_row(place, envelope) for place, envelope in enumerate(envelopes)]
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(SQL["enqueue"], {"commands": to_json(rows)})
        reused = [bool(reused) for _, reused in cursor]
    return _looked_at(connection, envelopes, reused) if any(reused) else reused


def _looked_at(
    connection: psycopg.Connection[Any], envelopes: Sequence[Envelope], reused: list[bool]
) -> list[bool]:
    """The same, where SQL has compared two forms of fingerprint: an earlier release's, and ours."""
    known = receipts.known(connection, [one.id for one in envelopes])
    return [
        other and not (envelope.id in known and _is_that(known[envelope.id], envelope))
        for envelope, other in zip(envelopes, reused, strict=True)
    ]


def _is_that(first: receipts.Known, envelope: Envelope) -> bool:
    same = stands_for(first.payload_hash, envelope, fingerprint_of(envelope))
    return same and first.name == envelope.name


def _handle(envelope: Envelope) -> CommandResult:
    handle = CommandResult(str(envelope.id), task_name=envelope.name, app=app)
    handle.payload = envelope.payload
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
        "payload_hash": fingerprint_of(envelope).hex(),
        "key": envelope.key,
        "after": list(envelope.after),
        "actor": envelope.actor.name,
        "roles": sorted(envelope.actor.roles),
        "correlation_id": envelope.correlation_id or envelope.id,
        "causation_id": envelope.causation_id,
    }


def enqueued_envelope(row: Mapping[str, Any]) -> Envelope:
    """A row of `cqrs.enqueued_commands`, with its receipt's fingerprint, as what it holds.

    Payload and links are text, so that what cannot be decoded is one command's trouble: raises
    ValueError and TypeError.
    """
    payload, stored = orjson.loads(row["payload"]), row["payload_hash"]
    if not isinstance(payload, dict):
        raise TypeError(f"the payload is {row['payload'][:40]}; an object is wanted")
    return Envelope(
        row["command_id"],
        row["name"],
        payload,
        Actor(row["actor"], frozenset(filter(None, row["roles"]))),
        after=tuple(row["after"]),
        key=row["key"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        links=None if row["links"] is None else orjson.loads(row["links"]),
        fingerprint=stored if stored and is_fingerprint(stored) else None,
    )


class _Watcher:
    """Wakes the workers when a watched connection's transaction has ended.

    psycopg has no hook for a commit, and that of an SQLAlchemy engine fires before it; sessions
    tell (see `_wake_when_told`). Looking at libpq's transaction status touches no socket. The
    thread lives while it has work, so that whoever commits waits for no broker.
    """

    def __init__(self) -> None:
        self._watched: dict[int, tuple[psycopg.Connection[Any], float]] = {}
        self._lock = threading.Lock()
        self._running = False

    def watch(self, connection: psycopg.Connection[Any]) -> None:
        """Wake the workers once this connection's transaction has ended, either way."""
        with self._lock:
            self._watched[id(connection)] = (connection, time.monotonic())
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
                for key, (connection, since) in self._watched.items()
                if not _in_transaction(connection) or now > since + WATCH_FOR
            ]
            for key in ended:
                del self._watched[key]
            self._running = bool(self._watched)
            youngest = max((since for _, since in self._watched.values()), default=None)
        if ended:
            after_commit.wake_queue_consumer()
        if youngest is None:
            return None
        return min(max((now - youngest) / 8, SHORTEST_PAUSE), LONGEST_PAUSE)


_watcher = _Watcher()


def wake_after_commit(connection: psycopg.Connection[Any]) -> None:
    """Wake the workers when the transaction that is open on this connection has ended."""
    if _in_transaction(connection):
        _watcher.watch(connection)
    else:
        after_commit.wake_queue_consumer()


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
        _in_background(after_commit.wake_queue_consumer)


def _session_rolled_back(session: Session) -> None:
    connection = session.info.get(_WAKES)
    if connection is not None and not _in_transaction(connection):  # else it was a savepoint
        del session.info[_WAKES]


def _in_background(work: Callable[[], object]) -> None:
    threading.Thread(target=work, name="cqrs-enqueue", daemon=True).start()


def _in_transaction(connection: psycopg.Connection[Any]) -> bool:
    return connection.pgconn.transaction_status in (
        TransactionStatus.ACTIVE,
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    )

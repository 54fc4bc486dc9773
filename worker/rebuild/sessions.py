"""Sessions with settings of their own, and statements that the server finishes without us.

Settings are for a while; afterwards the pool gets its connection back as it was, or not at all. A
time limit may strike in the middle of a statement, and a server may go away. A connection that
cannot be brought back in good order is closed, and what it was doing is cancelled first: its locks
are not to outlive whoever wanted them. What went wrong here hides nothing that went wrong before.

A detached statement may take longer than a task may. While it works on a statement, PostgreSQL does
not look whether its client is still there: one that was sent as a whole is finished and committed
whether the client waits, gives up or is killed. So an index is asked for in a thread, which waits
for the answer. When time is up the rebuild leaves, and the next slice asks for the same index
again: it queues up behind the first, by an advisory lock, and finds the index there. Thus an index
may take hours, and a task no longer than its limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from worker.base import db, sessions
from worker.base.db import Connection

CANCEL_TIMEOUT = 2.0
"""Seconds that the server has to notice that a statement is cancelled."""
HEARTBEAT = 0.5
"""Seconds between two looks at the time, and at whether the rebuild was cancelled."""


@contextmanager
def unlimited(*connections: Connection) -> Iterator[None]:
    """Statements may take as long as they need; whatever else is set meanwhile goes, too."""
    try:
        for connection in connections:
            connection.execute("SET statement_timeout = 0")
        yield
    finally:
        for connection in connections:
            restore(connection)


def restore(
    connection: Connection, last: str | None = None, what: Mapping[str, Any] | None = None
) -> None:
    """Leave any transaction, and run a last statement, or else say again what the session rests on;
    or close the connection."""
    if connection.closed:
        return
    try:
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=CANCEL_TIMEOUT)
            connection.close()
            return
        connection.rollback()
        if last is None:
            sessions.again(connection)
        else:
            connection.execute(last, what)
    except psycopg.Error:
        connection.close()


def run_detached(statement: str, look: Callable[[], None]) -> None:
    """Have a statement done; `look` is called twice a second meanwhile, and leaves by raising.

    The statement is then the server's own affair. Raises what it raises.
    """
    detached = _DetachedStatement(statement)
    detached.start()
    detached.join(HEARTBEAT)
    while detached.is_alive():
        look()
        detached.join(HEARTBEAT)
    if detached.error is not None:
        raise detached.error


class _DetachedStatement(Thread):
    """Waits for the answer to one statement, with a connection of its own."""

    def __init__(self, statement: str) -> None:
        super().__init__(name="cqrs rebuild", daemon=True)  # does not keep its process alive
        self.statement = statement
        self.error: Exception | None = None

    def run(self) -> None:
        """Ask. Several statements in one text cannot be prepared, so none is."""
        try:
            with db.owner() as connection, unlimited(connection):
                connection.execute(self.statement, prepare=False)
        except Exception as error:  # its place is in the thread that waits, if it still does
            self.error = error

"""Settings of a session, for a while; afterwards the pool gets it back as it was, or not at all.

A time limit may strike in the middle of a statement, and a server may go away. A connection that
cannot be brought back in good order is closed, and what it was doing is cancelled first: its locks
are not to outlive whoever wanted them. What went wrong here hides nothing that went wrong before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from worker.base.db import Connection

PATIENCE = 2.0
"""Seconds that the server has to notice that a statement is cancelled."""


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
    connection: Connection, last: str = "RESET ALL", what: Mapping[str, Any] | None = None
) -> None:
    """Leave any transaction, and say a last word; or close the connection."""
    if connection.closed:
        return
    try:
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=PATIENCE)
            connection.close()
            return
        connection.rollback()
        connection.execute(last, what)
    except psycopg.Error:
        connection.close()

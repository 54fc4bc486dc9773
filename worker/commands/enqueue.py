"""Transactional enqueue: a command written in the caller's own transaction.

    rolled back    it never was
    committed      the workers are woken at once, and the sweep wakes them again until the receipt
                   is there: a broker that loses messages loses no command

Nobody is woken for another database than that of the settings (a test's own, say), nor where no
server is known: the sweep of whoever works on that database finds the command. A process that ends
right after its commit wakes them first, if that takes no longer than a second.

`.delay()` after a commit loses the command when the process dies between the two; this cannot.
Whose transaction that may be, and when it counts as committed: transaction.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from worker.base.app import app
from worker.base.encoding import fingerprint_of, to_json
from worker.commands import SQL
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandIdReused
from worker.commands.transaction import AsyncConnectable as AsyncConnectable
from worker.commands.transaction import Connectable as Connectable
from worker.commands.transaction import (
    Transaction,
    executor_of,
    open_on,
    run_sync_of,
    transaction_of,
)
from worker.contracts import Envelope


def enqueue(connection: Connectable, envelopes: Sequence[Envelope]) -> list[CommandResult]:
    """Write commands in this connection's transaction; returns their handles in order.

    Raises CommandIdReused when an id stands for another payload, nothing is written for that one;
    NoTransaction for a connection in autocommit.
    """
    transaction = transaction_of(connection)
    with transaction.errors:
        known = transaction.execute(SQL["enqueue"], _rows(envelopes))
    return _enqueued(transaction, envelopes, known)


async def aenqueue(
    connection: AsyncConnectable, envelopes: Sequence[Envelope]
) -> list[CommandResult]:
    """The same in the transaction of an asynchronous connection."""
    if not isinstance(connection, psycopg.AsyncConnection):
        handles: list[CommandResult] = await run_sync_of(connection)(enqueue, envelopes)
        return handles
    transaction = await open_on(connection)
    async with psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor:
        await cursor.execute(SQL["enqueue"], _rows(envelopes))
        known = await cursor.fetchall()
    return _enqueued(transaction, envelopes, known)


def _enqueued(
    transaction: Transaction, envelopes: Sequence[Envelope], known: Sequence[Sequence[Any]]
) -> list[CommandResult]:
    for envelope, (_, reused) in zip(envelopes, known, strict=True):
        if reused:
            raise CommandIdReused(envelope.id, envelope.name)
    transaction.wake_when_committed()
    return [_handle(envelope) for envelope in envelopes]


def write_commands(
    connection: psycopg.Connection[Any], envelopes: Sequence[Envelope]
) -> list[bool]:
    """Write commands in this transaction and wake nobody.

    Says of each, in order, whether its id stands for another payload already: then it was not
    written. A command that is there already, waiting or settled, is left as it is.
    """
    known = executor_of(connection)(SQL["enqueue"], _rows(envelopes))
    return [bool(reused) for _, reused in known]


def _rows(envelopes: Sequence[Envelope]) -> dict[str, str]:
    rows = [command_row(place, envelope) for place, envelope in enumerate(envelopes)]
    return {"commands": to_json(rows)}


def _handle(envelope: Envelope) -> CommandResult:
    handle = CommandResult(str(envelope.id), task_name=envelope.name, app=app)
    # What SQL or a sender enqueued under this id is compared once it has a fingerprint.
    handle.fingerprint = fingerprint_of(envelope.payload).hex()
    return handle


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
        "schema": envelope.schema,
    }

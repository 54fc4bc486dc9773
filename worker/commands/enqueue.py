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

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import psycopg
from psycopg.rows import tuple_row

from worker.base.app import app
from worker.base.encoding import is_fingerprint, to_json
from worker.base.settings import get_settings
from worker.commands import SQL
from worker.commands.command_result import CommandResult
from worker.commands.decoding import fingerprint_of, stands_for
from worker.commands.errors import CommandIdReused
from worker.commands.secrets import must_be_storable
from worker.commands.transaction import AsyncConnectable as AsyncConnectable
from worker.commands.transaction import Connectable as Connectable
from worker.commands.transaction import (
    Transaction,
    executor_of,
    open_on,
    run_sync_of,
    transaction_of,
)
from worker.contracts import Actor, Envelope


def enqueue(connection: Connectable, envelopes: Sequence[Envelope]) -> list[CommandResult]:
    """Write commands in this connection's transaction; returns their handles in order.

    Raises CommandIdReused when an id stands for something else, nothing is written for that one;
    NoTransaction for a connection in autocommit.
    """
    transaction = transaction_of(connection)
    with transaction.errors:
        reused = _reused(transaction.execute(SQL["enqueue"], _rows(envelopes)))
        if any(reused):
            first = transaction.execute(SQL["receipts_by_id"], _ids(envelopes))
            reused = _looked_at(envelopes, reused, first)
    return _enqueued(transaction, envelopes, reused)


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
        reused = _reused(await cursor.fetchall())
        if any(reused):
            await cursor.execute(SQL["receipts_by_id"], _ids(envelopes))
            reused = _looked_at(envelopes, reused, await cursor.fetchall())
    return _enqueued(transaction, envelopes, reused)


def _enqueued(
    transaction: Transaction, envelopes: Sequence[Envelope], reused: Sequence[bool]
) -> list[CommandResult]:
    for envelope, is_reused in zip(envelopes, reused, strict=True):
        if is_reused:
            raise CommandIdReused(envelope.id, envelope.name)
    transaction.wake_when_committed()
    return [_handle(envelope) for envelope in envelopes]


def write_commands(
    connection: psycopg.Connection[Any], envelopes: Sequence[Envelope], *, of_others: bool = False
) -> list[bool]:
    """Write commands in this transaction and wake nobody.

    Those `of_others` are not known here, so that their fingerprints cannot be taken here: they have
    none, unless their senders gave one, until a worker that knows them runs them.

    Says of each, in order, whether its id stands for something else already: then it was not
    written. A command that is there already, waiting or settled, is left as it is.
    """
    execute = executor_of(connection)
    reused = _reused(execute(SQL["enqueue"], _rows(envelopes, of_others)))
    if not any(reused):
        return reused
    return _looked_at(envelopes, reused, execute(SQL["receipts_by_id"], _ids(envelopes)))


def _rows(envelopes: Sequence[Envelope], of_others: bool = False) -> dict[str, str]:
    rows = [command_row(place, envelope) for place, envelope in enumerate(envelopes)]
    for row, envelope in zip(rows, envelopes, strict=True):
        if of_others and envelope.fingerprint is None:
            row["payload_hash"] = None
    return {"commands": to_json(rows)}


def _ids(envelopes: Sequence[Envelope]) -> dict[str, Any]:
    return {"ids": [envelope.id for envelope in envelopes]}


def _reused(rows: Sequence[Sequence[Any]]) -> list[bool]:
    return [bool(reused) for _, reused in rows]


def _looked_at(
    envelopes: Sequence[Envelope], reused: list[bool], receipts: Sequence[Sequence[Any]]
) -> list[bool]:
    """The same, where SQL has compared two forms of fingerprint: an earlier release's, and ours."""
    known = {row[0]: (row[1], row[2]) for row in receipts}
    return [
        other and not (envelope.id in known and _is_that(*known[envelope.id], envelope))
        for envelope, other in zip(envelopes, reused, strict=True)
    ]


def _is_that(name: str, print_: bytes | None, envelope: Envelope) -> bool:
    return name == envelope.name and stands_for(print_ or b"", envelope, fingerprint_of(envelope))


def _handle(envelope: Envelope) -> CommandResult:
    handle = CommandResult(str(envelope.id), task_name=envelope.name, app=app)
    handle.payload = envelope.payload
    # What SQL has enqueued under this id is compared once it has a fingerprint.
    handle.fingerprint = fingerprint_of(envelope).hex()
    return handle


def command_row(place: int, envelope: Envelope) -> dict[str, Any]:
    """A command as `cqrs.enqueue` takes it, with its place among those written with it.

    Raises InvalidCommand for one that holds what may not be stored.
    """
    must_be_storable(envelope)
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
        "schema": envelope.schema,
    }


def enqueued_envelope(row: Mapping[str, Any]) -> Envelope:
    """A row of `cqrs.enqueued_commands`, with its receipt's fingerprint, as what it holds.

    Payload and links are text, so that what cannot be decoded is one command's trouble: raises
    ValueError and TypeError.
    """
    if row["payload"] is None:
        largest = get_settings().max_message_bytes
        raise ValueError(f"the payload is larger than {largest} bytes (CQRS_MAX_MESSAGE_BYTES)")
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
        schema=row["schema"],
        fingerprint=stored if stored and is_fingerprint(stored) else None,
    )

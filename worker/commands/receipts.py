"""Receipts: what became of each command, written in the command's own transaction.

    (none) ──delay──▶ runs ──▶ succeeded │ rejected │ dead
    enqueue ─▶ submitted ─▶ runs ─▶ succeeded │ rejected │ dead

The command id is the receipt's key. A command that comes a second time, however late, finds its
receipt and changes nothing; the same id with another name, or with something else given, is an
error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, cast
from uuid import UUID

import orjson
from psycopg.rows import dict_row

from worker.base.db import Connection
from worker.base.encoding import storable
from worker.commands import SQL
from worker.commands.decoding import fingerprint_of, stands_for
from worker.commands.errors import (
    CommandIdReused,
    DatabaseAway,
    DatabaseInConflict,
    NotReady,
)
from worker.commands.secrets import kept_links, kept_payload
from worker.commands.state import Emitted
from worker.contracts import Envelope, Receipt, RefusalKind, Status
from worker.contracts.engine_events import SagaCommandSettled, saga_stream

PutOff: TypeAlias = DatabaseAway | DatabaseInConflict
"""Why nothing became of a command yet: its message, or its row, comes again later."""
Outcome: TypeAlias = Receipt | CommandIdReused | NotReady | PutOff
"""A receipt; or why a command cannot have one now."""


@dataclass(frozen=True, slots=True)
class Known:
    """A receipt that is in the database, and the fingerprint of what it stands for (empty: any)."""

    receipt: Receipt
    payload_hash: bytes | None
    """None where nobody has taken it yet, and the payload is not here to take it from."""

    @property
    def name(self) -> str:
        """The command's name."""
        return self.receipt.name

    @property
    def final(self) -> Receipt | None:
        """The receipt, if it will not change any more."""
        return self.receipt if self.receipt.status.final else None


@dataclass(frozen=True, slots=True)
class Settled:
    """A decided command, on its way into the database."""

    envelope: Envelope
    payload_hash: bytes
    status: Status
    data: Any = None
    error: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[Emitted] = ()
    kind: RefusalKind | None = None

    @property
    def name(self) -> str:
        """The command's name."""
        return self.envelope.name

    def to_append(self) -> Sequence[Emitted]:
        """What the log gets: its events; and, if a saga sent it, what became of it."""
        saga_id = saga_behind(self.envelope.causation_id)
        if saga_id is None:
            return self.events
        settled = SagaCommandSettled(
            saga_id=saga_id,
            command_id=self.envelope.id,
            name=self.envelope.name,
            status=self.status,
            data=self.data,
            error=self.error,
        )
        return [*self.events, Emitted(saga_stream(saga_id), settled)]

    def to_row(self) -> dict[str, Any]:
        """The receipt as `cqrs.settle` takes it. What is not done is told, whatever it holds."""
        row = {
            "command_id": self.envelope.id,
            "name": self.envelope.name,
            "payload_hash": self.payload_hash.hex(),
            "actor": self.envelope.actor.name,
            "status": self.status,
            "data": self.data,
            "error": self.error,
            "errors": self.errors or None,
            "kind": self.kind,
        }
        return row if self.status is Status.SUCCEEDED else cast("dict[str, Any]", storable(row))

    def to_dead_row(self) -> dict[str, Any]:
        """What is kept of a dead command, so that it can be run again (see dead_commands.py).

        A receipt tells payloads apart but does not hold them, and a message that was delivered is
        gone. Secrets that may not be stored are left out: then it cannot.
        """
        envelope = self.envelope
        row = {
            "command_id": envelope.id,
            "name": envelope.name,
            "payload": kept_payload(envelope.name, envelope.payload),
            "key": envelope.key,
            "after": list(envelope.after),
            "actor": envelope.actor.name,
            "roles": sorted(envelope.actor.roles, key=str),
            "correlation_id": envelope.correlation_id,
            "causation_id": envelope.causation_id,
            "links": kept_links(envelope.links),
            "schema": envelope.schema,
            "error": self.error,
        }
        return cast("dict[str, Any]", storable(row))

    def receipt(self, position: int | None, completed_at: datetime) -> Receipt:
        """The receipt, once the database has given it its place and time."""
        return Receipt(
            command_id=self.envelope.id,
            name=self.envelope.name,
            status=self.status,
            data=self.data,
            error=self.error,
            errors=self.errors,
            position=position,
            actor=self.envelope.actor.name,
            completed_at=completed_at,
            fingerprint=self.payload_hash.hex(),
            kind=self.kind,
        )


SAGA = "saga:"
"""How the `causation_id` of a saga's command begins; the saga's id follows."""


def saga_behind(causation_id: str | None) -> UUID | None:
    """The saga that sent a command, if one did."""
    if causation_id is None or not causation_id.startswith(SAGA):
        return None
    try:
        return UUID(causation_id.removeprefix(SAGA))
    except ValueError:
        return None


def known_receipt(row: Mapping[str, Any]) -> Known:
    """A row of `cqrs.receipts`, typed.

    What SQL has enqueued has no fingerprint while it waits: it is taken of its payload.
    """
    print_ = row["payload_hash"] or _taken_of(row) or b""
    receipt = Receipt(
        command_id=row["command_id"],
        name=row["name"],
        status=Status(row["status"]),
        data=row["data"],
        error=row["error"],
        errors=row["errors"] or {},
        position=row["position"],
        actor=row["actor"],
        completed_at=row["completed_at"],
        fingerprint=print_.hex() or None,
        kind=RefusalKind(row["kind"]) if row["kind"] else None,
    )
    return Known(receipt, print_)


def _taken_of(row: Mapping[str, Any]) -> bytes | None:
    if row.get("payload") is None:
        return None
    try:
        payload = orjson.loads(row["payload"])
    except ValueError:  # what cannot be read is another's trouble
        return None
    return fingerprint_of(Envelope(row["command_id"], row["name"], payload))


def known(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Known]:
    """What is known of these commands, as far as there are receipts: for those who run them."""
    return _known(connection, "known_by_id", ids)


def _known(connection: Connection, statement: str, ids: Sequence[UUID]) -> dict[UUID, Known]:
    cursor = connection.cursor(row_factory=dict_row)
    rows = cursor.execute(SQL[statement], {"ids": list(ids)})
    return {row["command_id"]: known_receipt(row) for row in rows}


def find(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Receipt]:
    """The receipts of these commands, as far as there are any: all that a sender may read."""
    rows = _known(connection, "receipts_by_id", ids)
    return {command_id: row.receipt for command_id, row in rows.items()}


def blocked(
    envelope: Envelope,
    payload_hash: bytes,
    known: Mapping[UUID, Known],
    settled: Mapping[UUID, Settled],
    *,
    enqueued: bool,
) -> CommandIdReused | NotReady | None:
    """Why a command can neither be run nor be given the receipt that is there; None: it can.

    An id stands for one name and one payload.
    `known` is what the database has, `settled` what its batch has decided already. What was
    `enqueued` is itself what its waiting receipt stands for: the two are not compared.
    """
    first = settled.get(envelope.id) or known.get(envelope.id)
    if first is not None and first.name != envelope.name:
        return CommandIdReused(envelope.id, envelope.name)
    if first is not None and not stands_for(first.payload_hash or b"", envelope, payload_hash):
        waits = isinstance(first, Known) and first.final is None
        if not (waits and enqueued):
            return CommandIdReused(envelope.id, envelope.name)
    if isinstance(first, Known) and first.final:
        return None
    missing = [
        other
        for other in envelope.after
        if other not in settled and not (other in known and known[other].final)
    ]
    return NotReady(tuple(missing)) if missing else None

"""Enqueued commands that are ended without being run, by SQL alone: what no program can read, too.

    row ─▶ readable ─▶ its envelope, to be run; or ended with a reason
       └─▶ not readable ─▶ Ended: dead, as it stands, and can be retried

Ending decodes nothing. The receipt keeps the fingerprint that it got when the command was enqueued,
or gets one now from whoever could read the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from worker.base import db
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.commands import SQL, after_commit
from worker.commands.decoding import fingerprint_of
from worker.commands.enqueue import enqueued_envelope
from worker.contracts import Envelope, Receipt, Status
from worker.contracts.engine_events import SagaCommandSettled

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that is given up without being run, and what its receipt will say; with what it is,
    if that can be read."""

    command_id: UUID
    status: Status
    error: str
    envelope: Envelope | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    is_known: bool = True
    """Whether its fingerprint can be taken here: not of another release's."""


def readable(row: Mapping[str, Any]) -> Envelope | Ended:
    """The command that a row holds; or that it is dead, since no program can read it."""
    try:
        return enqueued_envelope(row)
    except (ValueError, TypeError) as error:
        why = f"what was enqueued cannot be read: {error}"
        return Ended(row["command_id"], Status.DEAD, why)


def end(ended: Sequence[Ended]) -> list[Receipt]:
    """Give commands their receipts, and tell whoever waits or is interested.

    Those of commands that had a receipt already are not among what is returned. Raises
    psycopg.Error and ServerUnavailable: then they wait for the next drain.
    """
    if not ended:
        return []
    _tell_what_follows(ended)
    with db.writer() as connection:
        rows = to_json([_row(one) for one in ended])
        written = connection.execute(SQL["end_enqueued"], {"commands": rows}).fetchall()
    errors = {one.command_id: one.errors for one in ended}
    receipts = [_receipt(errors[row[0]], *row) for row in written]
    log.warning("ended without being run", commands=[one.error for one in receipts])
    if any(receipt.position for receipt in receipts):
        after_commit.wake_readers({SagaCommandSettled.type})
    after_commit.publish_results([(receipt.command_id, receipt) for receipt in receipts])
    return receipts


def _tell_what_follows(ended: Sequence[Ended]) -> None:
    """Tell the rest of their chains and their chords; first, or who dies in between tells nobody.

    The links of one that is dead stay with it: they follow once it is retried.
    """
    for one in ended:
        links = one.envelope.links if one.envelope else None
        if one.status is Status.REJECTED:
            after_commit.skip(links, after_commit.REFUSED_BEFORE.format(one.command_id))
        after_commit.fail_member(one.command_id, links, one.error)


def _row(one: Ended) -> dict[str, Any]:
    print_ = fingerprint_of(one.envelope).hex() if one.envelope and one.is_known else None
    return {
        "command_id": one.command_id,
        "status": one.status,
        "error": one.error,
        "errors": one.errors or None,
        "payload_hash": print_,
    }


def _receipt(
    errors: Mapping[str, str], command_id: UUID, name: str, actor: str, status: str, *rest: Any
) -> Receipt:
    error, print_, position, completed_at = rest
    return Receipt(
        command_id,
        name,
        Status(status),
        error=error,
        errors=errors,
        position=position,
        actor=actor,
        completed_at=completed_at,
        fingerprint=(print_ or b"").hex() or None,
    )

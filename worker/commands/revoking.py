"""Commands that are revoked: Celery's verbs, and a receipt that says so.

    handle.revoke(), .receipt() of a revoked one ─▶ a `rejected` receipt at once
    app.control.revoke(id), Flower's button      ─▶ at once if it is enqueued, else when its message
    expires=, terminate=                            comes to a worker, or is taken from one

Who settles first is right, as everywhere: a command that runs while it is revoked finds at its
commit that it has its receipt, and nothing of what it did is kept; one that was faster keeps its
receipt. A schema change, whose effect is not undone so, is settled by its worker alone. Celery's
own state (REVOKED) stays beside the receipt.

Celery keeps what is revoked in its workers' memory. A receipt is kept in PostgreSQL: a worker that
was started later does not run the command either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from celery import signals
from celery.states import READY_STATES
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import dict_row

from worker.base import db
from worker.base.actor import current_actor
from worker.base.app import app
from worker.base.logs import get_logger
from worker.commands import SQL, after_commit
from worker.commands.command_result import CommandHandle
from worker.commands.ended_by_sql import Ended, end, readable
from worker.commands.event_task import event_tasks
from worker.commands.receipts import find
from worker.commands.settling import refuse
from worker.contracts import Envelope, Receipt, Status

log = get_logger(__name__)
UNKNOWN = b""
"""The fingerprint of a command whose payload nobody here knows: it stands for whatever comes."""
_REASONS = {
    "revoked": "it was revoked",
    "expired": "it expired before it was run",
    "terminated": "it was terminated",
}


def end_revoked(handle: CommandHandle, reason: str) -> Receipt | None:
    """Give the command of a handle the receipt that says that it was revoked; returns what holds.

    `reason` is Celery's: revoked, expired or terminated. None where only the worker that has its
    message can say so: if nobody here knows which command it is, if what it does is not undone
    with its receipt, or if this process may not write receipts.
    """
    try:
        return _end(handle, reason)
    except InsufficientPrivilege as error:
        log.info("left to the workers", command=handle.id, reason=str(error).splitlines()[0])
        return None


def _end(handle: CommandHandle, reason: str) -> Receipt | None:
    if receipt := end_enqueued([handle.command_id], reason).get(handle.command_id):
        return receipt
    name = handle.command or _name_of(handle.command_id)
    if name is None or not _is_undone(name):
        return None
    print_ = bytes.fromhex(handle.fingerprint) if handle.fingerprint else UNKNOWN
    payload = handle.payload or {}
    envelope = Envelope(handle.command_id, name, payload, current_actor(), fingerprint=print_)
    return _told(refuse(envelope, _REASONS.get(reason, reason)), reason)


def end_message(envelope: Envelope, reason: str) -> Receipt:
    """Give a command whose message Celery throws away its receipt, and tell its chain."""
    why = _REASONS.get(reason, reason)
    if reason == "terminated" and not _is_undone(envelope.name):
        why += "; what it had done by then stands"
    receipt = refuse(envelope, why)
    ended = "was refused" if receipt.status is Status.REJECTED else f"was {reason}"
    after_commit.skip(
        envelope.links, f"an earlier command of its chain {ended} (command {envelope.id})"
    )
    return receipt


def end_enqueued(ids: Iterable[UUID], reason: str = "revoked") -> dict[UUID, Receipt]:
    """Take revoked commands off those that wait in PostgreSQL; returns their receipts.

    What is not undone is left alone if it may be under way (an event task, a schema change).
    """
    with db.writer() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        rows = cursor.execute(SQL["enqueued_by_id"], {"ids": list(ids)}).fetchall()
    ended = {}
    for row in rows:
        may_be_under_way = row["attempts"] > 0
        if may_be_under_way and (row["name"] in event_tasks or not _is_undone(row["name"])):
            continue
        for receipt in _end_row(row, reason):
            ended[receipt.command_id] = _told(receipt, reason)
    return ended


def _end_row(row: Mapping[str, Any], reason: str) -> list[Receipt]:
    """End an enqueued command, even one that no program can read; none if it was settled first."""
    envelope = readable(row)
    if isinstance(envelope, Ended):
        return end([replace(envelope, status=Status.REJECTED, error=_REASONS.get(reason, reason))])
    return [end_message(envelope, reason)]


def _is_undone(name: str) -> bool:
    """Whether what a command does is undone if somebody else has settled it meanwhile."""
    return bool(getattr(app.tasks.get(name), "settles_with_its_effect", True))


def _told(receipt: Receipt, reason: str) -> Receipt:
    """Celery's state beside a receipt, for who waits by `.get()`: no worker may be there to set it.

    As with every result: if it is lost, the receipt is not.
    """
    task_id = str(receipt.command_id)
    try:
        backend = app.backend
        if receipt.status is Status.REJECTED and backend.get_state(task_id) not in READY_STATES:
            backend.mark_as_revoked(task_id, reason)
    except Exception as error:
        log.warning("state not stored", command=task_id, reason=str(error))
    return receipt


def _name_of(command_id: UUID) -> str | None:
    with db.writer() as connection:
        receipt = find(connection, [command_id]).get(command_id)
    return receipt.name if receipt else None


@signals.worker_init.connect
def _listen(**_: Any) -> None:
    """In a worker alone: its remote control is a large part of Celery, and no client needs it."""
    from worker.commands import remote_control

    remote_control.listen()

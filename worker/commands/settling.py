"""Settles commands outside a batch, each in a transaction of its own: one receipt for each id.

    settle_once   does what is no part of a batch, once, under the receipt of its id
    mark_dead     makes a command a dead letter
    refuse        gives a command a `rejected` receipt without running it here

Neither of the two decodes the command: what cannot be read can be buried all the same.

    message ─▶ receipt there? ─yes─▶ that receipt, or CommandIdReused
                 │no
                 ├─ `after=` not settled ─▶ NotReady
                 ├─ the payload is wrong, or the actor may not ─▶ rejected
                 ├─ what the command declares is broken ─▶ dead
                 └─ run ─▶ what it says: succeeded, rejected or dead
                         └ raises ─▶ nothing is settled: the message comes again

A schema change has transactions of its own, an event task works outside the database: neither can
write its receipt in the transaction of its effect, as a batch does. The receipt is written after
the effect; a process that dies between the two does it again. So whoever is run here has to see by
the command's id what was done, or has to bear that it is done twice.

Of two that settle one command at the same time the first holds; the other gets its receipt.
Whoever finds a final receipt takes the command off the list of those that wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from pydantic_core import to_jsonable_python

from worker.base import db
from worker.base.encoding import storable
from worker.base.logs import get_logger
from worker.commands import receipts
from worker.commands.decoding import Decoded, undeclared
from worker.commands.errors import InvalidCommand, Undecidable
from worker.commands.receipts import Outcome, Settled
from worker.commands.unit_of_work import UnitOfWork
from worker.contracts import Envelope, Receipt, Refusal, RefusalKind, Status

log = get_logger(__name__)

SETTLED_ELSEWHERE = "CQ002"
"""SQLSTATE of `cqrs.settle()` when another worker settled the command meanwhile."""


def settle_once(
    command: Decoded, run: Callable[[Decoded], Settled], *, enqueued: bool = False
) -> Outcome:
    """Run what is no part of a batch, unless it has its receipt or has to wait for others.

    What `run` raises is raised, and nothing is settled.
    """
    envelope = command.envelope
    with db.writer() as connection:
        known = receipts.known(connection, [envelope.id, *envelope.after])
    why = receipts.blocked(envelope, command.payload_hash, known, {}, enqueued=enqueued)
    if why is not None:
        return why
    if envelope.id in known and (receipt := known[envelope.id].final):
        return receipt
    return settle(given_up(command) or run(command))


def settle(settled: Settled, *, dequeue: bool = True) -> Receipt:
    """Write a command's receipt, unless it has one; returns what holds."""
    try:
        return _settle(settled, dequeue)
    except psycopg.Error as error:
        if error.sqlstate != SETTLED_ELSEWHERE:
            raise
        return _settle(settled, dequeue)  # finds the receipt of who was faster


def _settle(settled: Settled, dequeue: bool) -> Receipt:
    with db.commands() as connection:
        work = UnitOfWork(connection)
        command_id = settled.envelope.id
        known = work.begin([command_id], ())
        if command_id in known and (receipt := known[command_id].final):
            work.dequeue([command_id])
            return receipt
        waits = dequeue or command_id in known
        (receipt,) = work.settle([settled], dequeue=[command_id] if waits else [])
        return receipt


def mark_dead(envelope: Envelope, message: str) -> Receipt:
    """Make a command a dead letter, unless it has its receipt already; returns what holds."""
    return settle(dead(envelope, message))


def refuse(envelope: Envelope, message: str) -> Receipt:
    """Give a command a `rejected` receipt without running it here; returns what holds."""
    return settle(ended(undeclared(envelope), Status.REJECTED, error=message))


def dead(envelope: Envelope, message: str) -> Settled:
    """A command that is not run any more, and why."""
    return ended(undeclared(envelope), Status.DEAD, error=message)


def ended(
    command: Decoded,
    status: Status,
    *,
    data: Any = None,
    error: str | None = None,
    errors: Mapping[str, str] | None = None,
    kind: RefusalKind | None = None,
) -> Settled:
    """A command that changes nothing in the database but its receipt."""
    envelope, hash_ = command.envelope, command.payload_hash
    return Settled(envelope, hash_, status, data, error, errors or {}, kind=kind)


def given_up(command: Decoded) -> Settled | None:
    """What becomes of a command that was found wanting before anything was run; else None."""
    if command.refusal is not None:
        return refused(command, command.refusal)
    return failed(command, command.fault) if command.fault is not None else None


def refused(command: Decoded, why: Refusal | InvalidCommand) -> Settled:
    """A command that a rule, or the check of its payload, says no to."""
    facts: dict[str, Any] = why.facts if isinstance(why, Refusal) else {}
    message = str(why) if isinstance(why, Refusal) else f"the payload is wrong: {why}"
    data = storable(to_jsonable_python(facts, fallback=str)) or None
    kind, errors = why.kind, why.errors
    return ended(command, Status.REJECTED, data=data, error=message, errors=errors, kind=kind)


def failed(command: Decoded, error: BaseException) -> Settled:
    """A command that failed for good. The log has the traceback, the receipt only its kind; but
    what is wrong with a declaration, with what is stored or with what was to be stored, it says."""
    envelope = command.envelope
    log.error("command is dead", command=envelope.name, id=str(envelope.id), exc_info=error)
    if isinstance(error, Undecidable):
        return ended(command, Status.DEAD, error=str(error))
    message = f"internal error, see the worker's log ({type(error).__name__})"
    return ended(command, Status.DEAD, error=message)

"""Runs commands: a batch is the unit, and one command is a batch of one.

    decode ─▶ begin ─▶ known? ─▶ decide, one after the other ─▶ settle ─▶ receipts
                │         └─ stored receipt │ CommandIdReused │ NotReady
                └─ a database error: nothing is there
                     deadlock, serialization, lost connection,
                     a stream that moved on meanwhile           the batch again, a few times
                     any other, in a batch of several           one by one
                     a broken constraint, alone                 once more, then `rejected`

A command decides on the state as the commands before it in the batch left it, so a batch gives
each command the receipt that it would have had alone. A refusal is decided before anything is
changed. An unexpected error in a handler makes that one command a dead letter and touches no other.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
import structlog
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg
from pydantic_core import to_jsonable_python

from worker.base import db
from worker.base.errors import CommandIdReused, InvalidCommand, NotReady
from worker.commands.change_set import DeletedWhatItInserted, check_declared
from worker.commands.decoding import Decoded, decode
from worker.commands.receipts import Known, Settled
from worker.commands.state import Work
from worker.commands.unit_of_work import UnitOfWork
from worker.contracts import Envelope, Receipt, Refusal, Status
from worker.event_log import WRONG_VERSION

log = structlog.get_logger(__name__)

Outcome: TypeAlias = Receipt | CommandIdReused | NotReady
"""A receipt; or why this command cannot have one now."""

RERUNS = 4
SETTLED_ELSEWHERE = "CQ002"
_AGAIN = (pg.DeadlockDetected, pg.SerializationFailure, pg.LockNotAvailable)
_CHANGED = (SETTLED_ELSEWHERE, WRONG_VERSION, db.STALE_PLAN, db.NOT_PREPARED)
_WRONG = (pg.IntegrityError, pg.DataError, pg.RaiseException)


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a batch: an outcome per command, and the types of the events appended."""

    outcomes: list[Outcome]
    event_types: frozenset[str]


def execute(envelopes: Sequence[Envelope], *, dequeue: bool = False) -> Run:
    """Run a batch in one transaction; commands that repeat get the receipt that is there.

    `dequeue` takes the commands off `cqrs.enqueued_commands` in the same transaction. Raises
    psycopg.OperationalError when the database stays away or stays in conflict: nothing was done.
    """
    batch = [decode(envelope) for envelope in envelopes]
    for attempt in range(RERUNS):
        try:
            return _run(batch, dequeue, hold_streams=attempt > 0)
        except DeletedWhatItInserted:
            return _one_by_one(envelopes, dequeue)
        except psycopg.Error as error:
            if not _worth_another_run(error) or attempt == RERUNS - 1:
                return _after_error(batch, error, dequeue)
            log.info("batch runs again", reason=str(error).splitlines()[0], attempt=attempt)
            time.sleep(random.uniform(0, 0.01 * 4**attempt))  # noqa: S311
    raise AssertionError("unreachable")


def _worth_another_run(error: psycopg.Error) -> bool:
    if isinstance(error, _AGAIN) or error.sqlstate in _CHANGED:
        return True
    # A lost connection has no SQLSTATE, or one of class 57 (the server goes away).
    lost = isinstance(error, psycopg.OperationalError)
    return lost and (error.sqlstate is None or error.sqlstate.startswith(("08", "57P")))


def _after_error(batch: Sequence[Decoded], error: psycopg.Error, dequeue: bool) -> Run:
    if isinstance(error, psycopg.OperationalError) and _worth_another_run(error):
        raise error
    if len(batch) > 1:
        return _one_by_one([one.envelope for one in batch], dequeue)
    if isinstance(error, _WRONG):
        return _rejected_by_database(batch[0], error, dequeue)
    return _dead(batch[0], error, dequeue)


def _one_by_one(envelopes: Sequence[Envelope], dequeue: bool) -> Run:
    runs = [execute([envelope], dequeue=dequeue) for envelope in envelopes]
    return Run(
        [outcome for run in runs for outcome in run.outcomes],
        frozenset().union(*(run.event_types for run in runs)),
    )


def _rejected_by_database(one: Decoded, error: psycopg.Error, dequeue: bool) -> Run:
    """A constraint stands behind every rule; what only it caught may have been a race: try once."""
    try:
        return _run([one], dequeue)
    except _WRONG as again:
        constraint = again.diag.constraint_name or type(again).__name__
        message = f"the database refuses this change (constraint {constraint})"
        refusal = Settled(one.envelope, one.payload_hash, Status.REJECTED, error=message)
        log.warning("no rule caught this", command=one.envelope.name, constraint=constraint)
        return _settle_alone(refusal, dequeue)


def _dead(one: Decoded, error: BaseException, dequeue: bool) -> Run:
    log.exception("command is dead", command=one.envelope.name, id=str(one.envelope.id))
    return _settle_alone(dead(one, error), dequeue)


def dead(one: Decoded, error: BaseException) -> Settled:
    """A command that failed for good. The log has the traceback, the receipt only its kind."""
    message = f"internal error, see the worker's log ({type(error).__name__})"
    return Settled(one.envelope, one.payload_hash, Status.DEAD, error=message)


def bury(envelope: Envelope, message: str) -> Receipt:
    """Make a command a dead letter, unless it has its receipt already; returns what holds."""
    return _end(envelope, Status.DEAD, error=message)


def refuse(
    envelope: Envelope,
    message: str,
    *,
    data: Any = None,
    errors: Mapping[str, str] | None = None,
) -> Receipt:
    """Give a command a `rejected` receipt without running it here; returns what holds."""
    return _end(envelope, Status.REJECTED, error=message, data=data, errors=errors)


def conclude(envelope: Envelope, data: Any) -> Receipt:
    """Give a task that has done its work outside the database its receipt; returns what holds."""
    return _end(envelope, Status.SUCCEEDED, data=data)


def _end(
    envelope: Envelope,
    status: Status,
    *,
    error: str | None = None,
    data: Any = None,
    errors: Mapping[str, str] | None = None,
) -> Receipt:
    hash_ = decode(envelope).payload_hash
    run = _settle_alone(Settled(envelope, hash_, status, data, error, errors or {}), True)
    (outcome,) = run.outcomes
    assert isinstance(outcome, Receipt)
    return outcome


def _settle_alone(settled: Settled, dequeue: bool) -> Run:
    with db.commands() as connection:
        work = UnitOfWork(connection)
        known = work.begin([settled.envelope.id], ())
        stored = known.get(settled.envelope.id)
        if stored is not None and stored.receipt.status.final:
            work.rollback()
            return Run([stored.receipt], frozenset())
        ids = [settled.envelope.id] if dequeue else []
        return Run(list(work.settle([settled], dequeue=ids)), frozenset())


def _run(batch: Sequence[Decoded], dequeue: bool, *, hold_streams: bool = False) -> Run:
    with db.commands() as connection:
        work = UnitOfWork(connection)
        ids = {one.envelope.id for one in batch}
        ids.update(other for one in batch for other in one.envelope.after)
        needs = [need for one in batch for need in one.needs]
        known = work.begin(list(ids), needs, hold_streams=hold_streams)
        decided = _Batch(work, known, dequeue)
        for one in batch:
            decided.take(one)
        receipts = decided.finish()
        return Run(
            [decided.outcome(one, receipts) for one in batch],
            frozenset(e.event.type for s in decided.settled.values() for e in s.appended),
        )


class _Batch:
    """The commands of one transaction while they are decided, in order."""

    def __init__(self, work: UnitOfWork, known: Mapping[UUID, Known], dequeue: bool) -> None:
        self.work = work
        self.dequeue = dequeue
        self.known = known
        self.settled: dict[UUID, Settled] = {}
        self.blocked: dict[int, Outcome] = {}

    def take(self, one: Decoded) -> None:
        """Decide one command, unless there is a receipt for it or it has to wait."""
        blocked = self._blocked(one)
        if blocked is not None:
            self.blocked[id(one)] = blocked
        elif not self._stored(one.envelope.id) and one.envelope.id not in self.settled:
            self.settled[one.envelope.id] = self._decide(one)

    def finish(self) -> dict[UUID, Receipt]:
        """Write what was decided; returns the new receipts by command."""
        settled = list(self.settled.values())
        gone = [*self.settled, *(id_ for id_ in self.known if self._stored(id_))]
        if not settled and not (self.dequeue and gone):
            self.work.rollback()
            return {}
        receipts = self.work.settle(settled, dequeue=gone if self.dequeue else ())
        return {receipt.command_id: receipt for receipt in receipts}

    def outcome(self, one: Decoded, receipts: Mapping[UUID, Receipt]) -> Outcome:
        """What this command gets."""
        blocked = self.blocked.get(id(one))
        if blocked is not None:
            return blocked
        return receipts.get(one.envelope.id) or self.known[one.envelope.id].receipt

    def _same(self, first: Known | Settled, one: Decoded) -> bool:
        """Whether a command is the one that its id stands for: its name, and its payload.

        What was enqueued was checked when it was written, perhaps by SQL alone with a fingerprint
        of its own.
        """
        named = first.receipt.name if isinstance(first, Known) else first.envelope.name
        if named != one.envelope.name:
            return False
        waits = isinstance(first, Known) and not first.receipt.status.final
        return (waits and self.dequeue) or first.payload_hash == one.payload_hash

    def _stored(self, command_id: UUID) -> bool:
        known = self.known.get(command_id)
        return known is not None and known.receipt.status.final

    def _blocked(self, one: Decoded) -> Outcome | None:
        envelope = one.envelope
        first = self.settled.get(envelope.id) or self.known.get(envelope.id)
        if first is not None and not self._same(first, one):
            return CommandIdReused(envelope.id, envelope.name)
        if self._stored(envelope.id):
            return None
        missing = tuple(
            other
            for other in envelope.after
            if not self._stored(other) and other not in self.settled
        )
        return NotReady(missing) if missing else None

    def _decide(self, one: Decoded) -> Settled:
        envelope, hash_ = one.envelope, one.payload_hash
        if one.refusal is not None:
            return _refused(one, one.refusal)
        assert one.handler is not None
        work = Work(envelope.id, envelope.actor)
        try:
            data = one.handler(one.command, self.work.state, work)
            settled = Settled(
                envelope, hash_, Status.SUCCEEDED, to_jsonable_python(data), events=work.events
            )
            check_declared(work.changes, self.work.state)  # before anything of it is seen
            self.work.state.streams.take(work.events)
            self.work.changes.take(work, self.work.state)
        except (Refusal, InvalidCommand) as refusal:
            return _refused(one, refusal)
        except (psycopg.Error, DeletedWhatItInserted, SoftTimeLimitExceeded):
            raise  # not this command's fault: nothing of the batch is done
        except Exception as error:
            log.exception("command is dead", command=envelope.name, id=str(envelope.id))
            return dead(one, error)
        return settled


def _refused(one: Decoded, why: Refusal | InvalidCommand) -> Settled:
    facts: dict[str, Any] = why.facts if isinstance(why, Refusal) else {}
    message = str(why) if isinstance(why, Refusal) else f"the payload is wrong: {why}"
    return Settled(
        one.envelope,
        one.payload_hash,
        Status.REJECTED,
        data=to_jsonable_python(facts) or None,
        error=message,
        errors=why.errors,
    )

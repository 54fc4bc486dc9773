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
from uuid import UUID

import psycopg
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg
from pydantic_core import to_jsonable_python

from worker.base import db
from worker.base.logs import get_logger
from worker.commands.change_set import DeletedWhatItInserted
from worker.commands.decoding import Decoded, decode
from worker.commands.errors import CommandIdReused, InvalidCommand, NotReady
from worker.commands.receipts import Known, Outcome, Settled, blocked
from worker.commands.settling import SETTLED_ELSEWHERE, ended, failed, refused, settle
from worker.commands.state import Work
from worker.commands.unit_of_work import UnitOfWork
from worker.contracts import Envelope, Receipt, Refusal, Status
from worker.event_log import WRONG_VERSION

log = get_logger(__name__)

RERUNS = 4
_AGAIN = (pg.DeadlockDetected, pg.SerializationFailure, pg.LockNotAvailable)
_CHANGED = (SETTLED_ELSEWHERE, WRONG_VERSION, db.STALE_PLAN, db.NOT_PREPARED)
_WRONG = (pg.IntegrityError, pg.DataError, pg.RaiseException)


@dataclass(frozen=True, slots=True)
class BatchRun:
    """What became of a batch: an outcome per command, and the types of the events appended."""

    outcomes: list[Outcome]
    event_types: frozenset[str]


def execute(envelopes: Sequence[Envelope], *, dequeue: bool = False) -> BatchRun:
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


def _after_error(batch: Sequence[Decoded], error: psycopg.Error, dequeue: bool) -> BatchRun:
    if isinstance(error, psycopg.OperationalError) and _worth_another_run(error):
        raise error
    if len(batch) > 1:
        return _one_by_one([command.envelope for command in batch], dequeue)
    if isinstance(error, _WRONG):
        return _rejected_by_database(batch[0], dequeue)
    return _alone(failed(batch[0], error), dequeue)


def _one_by_one(envelopes: Sequence[Envelope], dequeue: bool) -> BatchRun:
    runs = [execute([envelope], dequeue=dequeue) for envelope in envelopes]
    return BatchRun(
        [outcome for run in runs for outcome in run.outcomes],
        frozenset().union(*(run.event_types for run in runs)),
    )


def _rejected_by_database(command: Decoded, dequeue: bool) -> BatchRun:
    """A constraint stands behind every rule; what only it caught may have been a race: try once."""
    try:
        return _run([command], dequeue)
    except _WRONG as again:
        constraint = again.diag.constraint_name or type(again).__name__
        log.warning("no rule caught this", command=command.envelope.name, constraint=constraint)
        message = f"the database refuses this change (constraint {constraint})"
        return _alone(ended(command, Status.REJECTED, error=message), dequeue)


def _alone(settled: Settled, dequeue: bool) -> BatchRun:
    return BatchRun([settle(settled, dequeue=dequeue)], frozenset())


def _run(batch: Sequence[Decoded], dequeue: bool, *, hold_streams: bool = False) -> BatchRun:
    ids = {command.envelope.id for command in batch}
    ids.update(other for command in batch for other in command.envelope.after)
    with db.commands() as connection:
        work = UnitOfWork(connection)
        needs = [need for command in batch for need in command.needs]
        known = work.begin(list(ids), needs, hold_streams=hold_streams)
        decided = _Batch(work, known, dequeue)
        for command in batch:
            decided.take(command)
        receipts = decided.finish()
        return BatchRun(
            [decided.outcome(command, receipts) for command in batch], frozenset(work.event_types)
        )


class _Batch:
    """The commands of one transaction while they are decided, in order."""

    def __init__(self, work: UnitOfWork, known: Mapping[UUID, Known], dequeue: bool) -> None:
        self.work = work
        self.dequeue = dequeue
        self.known = known
        self.settled: dict[UUID, Settled] = {}
        self.blocked: dict[int, CommandIdReused | NotReady] = {}

    def take(self, command: Decoded) -> None:
        """Decide one command, unless there is a receipt for it or it has to wait."""
        envelope = command.envelope
        why = blocked(
            envelope, command.payload_hash, self.known, self.settled, enqueued=self.dequeue
        )
        if why is not None:
            self.blocked[id(command)] = why
        elif not self._stored(envelope.id) and envelope.id not in self.settled:
            self.settled[envelope.id] = self._decide(command)

    def finish(self) -> dict[UUID, Receipt]:
        """Write what was decided; returns the new receipts by command."""
        done = [*self.settled, *(id_ for id_ in self.known if self._stored(id_))]
        if not self.settled and not (self.dequeue and done):
            self.work.rollback()
            return {}
        settled = list(self.settled.values())
        receipts = self.work.settle(settled, dequeue=done if self.dequeue else ())
        return {receipt.command_id: receipt for receipt in receipts}

    def outcome(self, command: Decoded, receipts: Mapping[UUID, Receipt]) -> Outcome:
        """What this command gets."""
        command_id = command.envelope.id
        return (
            self.blocked.get(id(command))
            or receipts.get(command_id)
            or self.known[command_id].receipt
        )

    def _stored(self, command_id: UUID) -> bool:
        known = self.known.get(command_id)
        return known is not None and known.receipt.status.final

    def _decide(self, command: Decoded) -> Settled:
        if command.refusal is not None:
            return refused(command, command.refusal)
        assert command.handler is not None
        envelope = command.envelope
        work = Work(envelope.id, envelope.actor)
        try:
            data = to_jsonable_python(command.handler(command.command, self.work.state, work))
            self.work.take(work)
        except (Refusal, InvalidCommand) as refusal:
            return refused(command, refusal)
        except (psycopg.Error, DeletedWhatItInserted, SoftTimeLimitExceeded):
            raise  # not this command's fault: nothing of the batch is done
        except Exception as error:
            return failed(command, error)
        return Settled(envelope, command.payload_hash, Status.SUCCEEDED, data, events=work.events)

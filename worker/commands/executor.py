"""Runs commands: a batch is the unit, and one command is a batch of one.

    decode ─▶ begin ─▶ known? ─▶ decide, one after the other ─▶ settle ─▶ receipts
                │         └─ stored receipt │ CommandIdReused │ NotReady
                └─ an error: nothing is there
                     deadlock, serialization, lost connection,
                     a stream that moved on meanwhile           the batch again, a few times
                     the database is away (see db_errors.py)    all of them put off
                     any other, in a batch of several           one by one
                     alone: a table or a right is missing,
                            or a server that its handler asks   put off, until it is there
                            in conflict again and again         put off, a few times
                            a broken constraint                 once more, then `rejected`
                            anything else                       once more, then dead

A command decides on the state as the commands before it in the batch left it, so a batch gives
each command the receipt that it would have had alone. A refusal is decided before anything is
changed. An unexpected error in a handler makes that one command a dead letter and touches no
other; and so does whatever else can be wrong with one command: what it declares, what is stored of
its streams, what it wants stored. Who is to blame for a batch that cannot be written is found by
running its commands alone, where the receipt can say which field, version or function it was.

A command never ends because the database is away: no receipt, no end. Its outcome says that it is
to be put off, and whoever ran it does so.
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

from worker.base import db, db_errors
from worker.base.db_errors import message_of
from worker.base.errors import ServerUnavailable, Transient
from worker.base.logs import get_logger
from worker.commands.change_set import DeletedWhatItInserted
from worker.commands.decoding import Decoded, authorize, decode
from worker.commands.errors import (
    CommandIdReused,
    DatabaseAway,
    DatabaseInConflict,
    InvalidCommand,
    NotReady,
)
from worker.commands.handling import AskedItself, handled
from worker.commands.outcome_check import check, plain
from worker.commands.receipts import Known, Outcome, Settled, blocked
from worker.commands.sealing import Sealing, seal
from worker.commands.settling import SETTLED_ELSEWHERE, ended, failed, given_up, refused, settle
from worker.commands.state import Work
from worker.commands.unit_of_work import UnitOfWork
from worker.contracts import Envelope, Receipt, Refusal, RefusalKind, Status
from worker.event_log import WRONG_VERSION, NewerEvent

log = get_logger(__name__)

RERUNS = 4
_CHANGED = (SETTLED_ELSEWHERE, WRONG_VERSION, db.STALE_PLAN, db.NOT_PREPARED)
_AGAIN = (pg.DeadlockDetected, pg.SerializationFailure)
_WRONG = (pg.IntegrityError, pg.DataError, pg.RaiseException)


@dataclass(frozen=True, slots=True)
class BatchRun:
    """What became of a batch: an outcome per command, and the types of the events appended."""

    outcomes: list[Outcome]
    event_types: frozenset[str]


def execute(envelopes: Sequence[Envelope], *, dequeue: bool = False) -> BatchRun:
    """Run a batch in one transaction; commands that repeat get the receipt that is there.

    `dequeue` takes the commands off `cqrs.enqueued_commands` in the same transaction. Raises
    SoftTimeLimitExceeded, with nothing done, and nothing else: what a command cannot have now, its
    outcome says.
    """
    return _execute([decode(envelope) for envelope in envelopes], dequeue)


def _execute(batch: Sequence[Decoded], dequeue: bool, *, second_look: bool = False) -> BatchRun:
    for attempt in range(RERUNS):
        try:
            return _run(batch, dequeue, hold_streams=attempt > 0, thorough=second_look)
        except (ServerUnavailable, psycopg.Error) as error:
            alone = len(batch) == 1 and not second_look
            if attempt == RERUNS - 1 or not _worth_another_run(error, alone):
                return _after_error(batch, error, dequeue, second_look)
            log.info("batch runs again", reason=message_of(error), attempt=attempt)
            time.sleep(random.uniform(0, 0.01 * 4**attempt))  # noqa: S311
        except SoftTimeLimitExceeded:
            raise
        except NewerEvent as error:
            if len(batch) > 1:
                return _one_by_one(batch, dequeue)
            return _all_put_off(batch, DatabaseAway(str(error), whole=False))
        except Exception as error:
            return _after_fault(batch, error, dequeue, second_look)
    raise AssertionError("unreachable")


def _worth_another_run(error: Exception, alone: bool) -> bool:
    """Whether the same batch may have better luck at once. Who waits for a lock has waited already:
    of several commands those that need not wait go on instead."""
    if isinstance(error, pg.LockNotAvailable):
        return alone
    return isinstance(error, psycopg.Error) and (
        isinstance(error, _AGAIN) or error.sqlstate in _CHANGED or db_errors.is_lost(error)
    )


def _after_error(
    batch: Sequence[Decoded],
    error: ServerUnavailable | psycopg.Error,
    dequeue: bool,
    second_look: bool,
) -> BatchRun:
    """What becomes of a batch that the database did not take."""
    put_off = because(error)
    if isinstance(put_off, DatabaseAway) and put_off.whole:
        return _all_put_off(batch, put_off)
    if len(batch) > 1:
        return _one_by_one(batch, dequeue)
    if put_off is not None:
        return _all_put_off(batch, put_off)
    if not isinstance(error, _WRONG):
        return _alone(failed(batch[0], error), dequeue)
    if not second_look:  # what no rule caught may have been a race
        return _execute(batch, dequeue, second_look=True)
    constraint = error.diag.constraint_name or type(error).__name__
    log.warning("no rule caught this", command=batch[0].envelope.name, constraint=constraint)
    message = f"the database refuses this change (constraint {constraint})"
    kind = RefusalKind.CONFLICT  # its rules found nothing: somebody else was faster
    return _alone(ended(batch[0], Status.REJECTED, error=message, kind=kind), dequeue)


def _after_fault(
    batch: Sequence[Decoded], error: Exception, dequeue: bool, second_look: bool
) -> BatchRun:
    """What becomes of a batch that could not even be given to the database: one of it is to blame,
    and is looked at more closely when it is alone."""
    if len(batch) > 1:
        return _one_by_one(batch, dequeue)
    if isinstance(error, AskedItself):
        return _after_asking(batch, error.why, dequeue)
    if not second_look and not isinstance(error, DeletedWhatItInserted):
        return _execute(batch, dequeue, second_look=True)
    return _alone(failed(batch[0], error), dequeue)


def _after_asking(
    batch: Sequence[Decoded], error: ServerUnavailable | psycopg.Error, dequeue: bool
) -> BatchRun:
    """What becomes of a command whose handler has asked a server itself, in vain."""
    put_off = because(error)
    if put_off is None:
        return _alone(failed(batch[0], error), dequeue)
    alone = DatabaseAway(put_off.reason, whole=False)
    return _all_put_off(batch, alone if isinstance(put_off, DatabaseAway) else put_off)


def because(error: ServerUnavailable | psycopg.Error) -> DatabaseAway | DatabaseInConflict | None:
    """Why a command has to be put off after this error; None: it has not, it would come again."""
    if isinstance(error, ServerUnavailable):
        return DatabaseAway(str(error))
    if db_errors.is_away(error):
        return DatabaseAway(message_of(error))
    if db_errors.is_missing(error):
        return DatabaseAway(message_of(error), whole=False)
    if db_errors.is_conflict(error) or error.sqlstate in _CHANGED:
        return DatabaseInConflict(message_of(error))
    return None


def _all_put_off(batch: Sequence[Decoded], why: DatabaseAway | DatabaseInConflict) -> BatchRun:
    log.warning("put off", commands=len(batch), reason=str(why))
    return BatchRun([why] * len(batch), frozenset())


def _one_by_one(batch: Sequence[Decoded], dequeue: bool) -> BatchRun:
    """Each in a transaction of its own, looked at closely.

    Not tried are those behind one of their key that has to wait, and those that are left when the
    database goes away.
    """
    outcomes: list[Outcome] = []
    event_types: set[str] = set()
    held: dict[str | None, Outcome] = {}
    away: DatabaseAway | None = None
    for command in batch:
        key = command.envelope.key
        if (why := away or held.get(key)) is not None:
            outcomes.append(why)
            continue
        run = _execute([command], dequeue, second_look=True)
        (outcome,) = run.outcomes
        outcomes.append(outcome)
        event_types |= run.event_types
        if isinstance(outcome, DatabaseAway) and outcome.whole:
            away = outcome
        elif key is not None and isinstance(outcome, Transient):
            held[key] = outcome
    return BatchRun(outcomes, frozenset(event_types))


def _alone(settled: Settled, dequeue: bool) -> BatchRun:
    return BatchRun([end(settled, dequeue=dequeue)], frozenset())


def end(settled: Settled, *, dequeue: bool = True) -> Outcome:
    """Write the receipt of a command that is not run; who cannot write it is put off."""
    try:
        return settle(settled, dequeue=dequeue)
    except (ServerUnavailable, psycopg.Error) as error:
        return because(error) or DatabaseAway(message_of(error), whole=False)


def _run(
    batch: Sequence[Decoded], dequeue: bool, *, hold_streams: bool, thorough: bool
) -> BatchRun:
    ids = {command.envelope.id for command in batch}
    ids.update(other for command in batch for other in command.envelope.after)
    with db.commands() as connection:
        work = UnitOfWork(connection)
        batch, sealing = seal(batch)
        needs = [need for command in batch for need in command.needs]
        known = work.begin(list(ids), needs, hold_streams=hold_streams)
        decided = _Batch(work, known, dequeue, thorough, sealing)
        for command in batch:
            decided.take(command)
        receipts = decided.finish()
        return BatchRun(
            [decided.outcome(command, receipts) for command in batch], frozenset(work.event_types)
        )


class _Batch:
    """The commands of one transaction while they are decided, in order."""

    def __init__(
        self,
        work: UnitOfWork,
        known: Mapping[UUID, Known],
        dequeue: bool,
        thorough: bool,
        sealing: Sealing,
    ) -> None:
        self.work = work
        self.dequeue = dequeue
        self.thorough = thorough
        self.sealing = sealing
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
        if not self.settled:
            self._nothing_new()
            return {}
        receipts = self.work.settle(list(self.settled.values()), dequeue=self._to_dequeue())
        return {receipt.command_id: receipt for receipt in receipts}

    def _nothing_new(self) -> None:
        if done := self._to_dequeue():
            self.work.dequeue(done)
        else:
            self.work.rollback()

    def _to_dequeue(self) -> list[UUID]:
        """Those that have their receipt now and wait nevertheless: what was taken from the list,
        and what was enqueued and came as a message too."""
        if self.dequeue:
            return [*self.settled, *(id_ for id_ in self.known if self._stored(id_))]
        return [id_ for id_ in self.settled if id_ in self.known]

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
        if (given_up_on := given_up(command)) is not None:
            return given_up_on
        envelope = command.envelope
        work = Work(envelope.id, envelope.actor)
        try:
            authorize(command, self.work.state)
            data = plain(envelope.name, handled(command, self.work.state, work))
            check(envelope.name, data, work, thorough=self.thorough)
            self.work.take(work)
            self.work.new_keys.update(self.sealing.new_keys_of(command))
        except (Refusal, InvalidCommand) as refusal:
            return refused(command, refusal)
        except (AskedItself, DeletedWhatItInserted, SoftTimeLimitExceeded, NewerEvent):
            raise  # not this command's fault: nothing of the batch is done
        except Exception as error:
            return failed(command, error)
        return Settled(envelope, command.payload_hash, Status.SUCCEEDED, data, events=work.events)

"""Running operations: all in one transaction, or one step outside; and waiting politely for locks.

A statement that waits for a table lock makes everybody queue behind it, and what the transaction
has locked already stays locked meanwhile. So the strong locks are taken before anything else, in
order of name, within *one* `lock_timeout` for all of them; when that is not enough, the transaction
gives everything back, pauses, and tries again from the start, a bounded number of times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import sql

from worker.schema.context import Limits
from worker.schema.dependencies import Connection
from worker.schema.journal import Failure, Journal, Timing, message_of
from worker.schema.locks import to_take_first
from worker.schema.plan import Plan
from worker.schema.statements.effects import Effects, Lock
from worker.schema.steps import check_step, settle_step
from worker.schema.turn import Turn
from worker.sql import statement

_LONGEST_PAUSE = 30.0
_WORTH_ANOTHER_TRY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


class OperationFailed(Exception):
    """An operation failed: which, why, and when those before it ran."""

    def __init__(
        self,
        number: int,
        error: psycopg.Error,
        timings: Sequence[Timing] = (),
        reason: str | None = None,
    ) -> None:
        self.failure = Failure(number, reason or message_of(error), error.sqlstate, timings)
        self.error = error
        super().__init__(f"operation {number} failed: {self.failure.error}")


class StepUnsettled(Exception):
    """A step failed, and what it left could not be cleaned up yet: the next turn tries again."""


class _InTheWay(psycopg.errors.DependentObjectsStillExist):
    """What PostgreSQL would say, said before it is asked, and with every name."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement to run, under the number of its operation."""

    number: int
    sql: str


Finish = Callable[[Sequence[Timing]], None]


@dataclass(slots=True)
class Run:
    """One execution of a changeset's statements, or of its undos (then it is not `noting`)."""

    turn: Turn
    changeset_id: UUID
    plan: Plan
    statements: Sequence[Numbered]
    limits: Limits
    noting: bool = True

    def in_a_transaction(self, finish: Finish) -> None:
        """Run all, then `finish`, then commit. Raises OperationFailed; then nothing was kept."""
        for blocked in self.plan.blocked:
            raise OperationFailed(blocked.number, _InTheWay(str(blocked)))

        def attempt() -> None:
            with self.turn.work.transaction():
                _take_locks(self.turn.work, self.plan.locks, self.limits, self._first_to_lock)
                timings: list[Timing] = []
                for each in self.statements:
                    timings.append(self._one(each, timings))
                finish(timings)

        self._persist(attempt)

    def as_a_step(self, finish: Finish) -> None:
        """Run the only statement outside a transaction. Raises OperationFailed, cleaned up."""
        (operation,) = self.plan.operations
        (only,) = self.statements
        check_step(self.turn.work, operation.effects)

        def attempt() -> None:
            try:
                timing = self._one(only, ())
            except BaseException as error:
                if not self._settled(operation.effects, error):
                    raise
                self._finish_step(finish, ())
                if not isinstance(error, OperationFailed):
                    raise  # told to stop, at a moment when it was done already
            else:
                self._finish_step(finish, [timing])

        self._persist(attempt)

    def _finish_step(self, finish: Finish, timings: Sequence[Timing]) -> None:
        with self.turn.work.transaction():
            finish(timings)

    def _settled(self, effects: Effects, error: BaseException) -> bool:
        """Finish or clean up after a failure; whether the step's effect stands after all.

        It may wait as long as a statement may run: it takes no lock that stops the application.
        """
        try:
            _limit(self.turn.work, self.limits, self.limits.statement_timeout, local=False)
            return settle_step(self.turn.work, effects)
        except psycopg.Error as worse:
            raise StepUnsettled(f"{message_of(error)}; then {message_of(worse)}") from error

    def _persist(self, attempt: Callable[[], None]) -> None:
        """Try again, with longer and longer pauses, as long as it is locks that are missing."""
        for tried in range(1, self.limits.lock_attempts + 1):
            if self.noting:
                self.turn.journal.attempt(self.changeset_id)
            try:
                attempt()
            except OperationFailed as failed:
                if not isinstance(failed.error, _WORTH_ANOTHER_TRY):
                    raise
                if tried == self.limits.lock_attempts:
                    raise self._give_up(failed) from failed.error
                time.sleep(_pause(self.limits.lock_pause, tried))
            else:
                return

    def _one(self, each: Numbered, before: Sequence[Timing]) -> Timing:
        """Run one statement under both time limits."""
        if self.noting:
            self.turn.journal.operation_starts(self.changeset_id, each.number)
        local = len(self.statements) > 1 or self.plan.step is None
        _limit(self.turn.work, self.limits, self.limits.lock_timeout, local=local)
        started_at, start = datetime.now(UTC), time.perf_counter()
        try:
            self.turn.work.execute(each.sql.encode())
        except psycopg.Error as error:
            timing = Timing(each.number, started_at, _since(start))
            raise OperationFailed(each.number, error, [*before, timing]) from error
        return Timing(each.number, started_at, _since(start))

    def _first_to_lock(self, lock: Lock) -> int:
        """The first operation that needs a lock: the one to name when it cannot be had."""
        for each in self.plan.operations:
            if lock.name in {own.name for own in each.effects.locks}:
                return each.number
        return self.plan.operations[0].number

    def _give_up(self, failed: OperationFailed) -> OperationFailed:
        holders = _holders(self.turn.journal, self.turn.work, self.plan.locks)
        reason = (
            f"no lock within {self.limits.lock_timeout:g} s, {self.limits.lock_attempts}"
            f" times over{f'; held by {holders}' if holders else ''}"
        )
        return OperationFailed(failed.failure.number, failed.error, failed.failure.timings, reason)


def _since(start: float) -> timedelta:
    return timedelta(seconds=time.perf_counter() - start)


def _pause(first: float, tried: int) -> float:
    """Twice as long each time, up to half a minute, and never in step with others."""
    longest = min(first * 2.0 ** (tried - 1), _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (no secret hangs on it)


def _limit(work: Connection, limits: Limits, lock_timeout: float, *, local: bool) -> None:
    work.execute(
        statement(__package__ or "", "limit"),
        {
            "lock": _milliseconds(lock_timeout),
            "statement": _milliseconds(limits.statement_timeout),
            "local": local,
        },
    )


def _milliseconds(seconds: float) -> str:
    """At least one: nought would mean no limit at all."""
    return f"{max(1, round(seconds * 1000))}ms"


def _take_locks(
    work: Connection, locks: Sequence[Lock], limits: Limits, number_of: Callable[[Lock], int]
) -> None:
    """Take every lock that makes others wait, in order of name, within one `lock_timeout`."""
    deadline = time.monotonic() + limits.lock_timeout
    for lock in to_take_first(work, locks):
        _limit(work, limits, deadline - time.monotonic(), local=True)
        name = sql.Identifier(lock.name.schema, lock.name.name)
        mode = sql.SQL(str(lock.mode))  # one of eight words of ours
        try:
            work.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(name, mode))
        except psycopg.Error as error:
            raise OperationFailed(number_of(lock), error) from error


def _holders(journal: Journal, work: Connection, locks: Sequence[Lock]) -> str:
    """Who holds what we wait for, for people to read."""
    rows = journal.connection.execute(
        statement(__package__ or "", "lock_holders"),
        {
            "own": [work.info.backend_pid, journal.connection.info.backend_pid],
            "names": [str(lock.name) for lock in locks],
        },
    )
    return ", ".join(
        f"process {pid} ({application or 'no name'}, {state}, transaction of {age} s: {mode}"
        f" on {relation})"
        for relation, mode, pid, application, state, age in rows
    )

"""One execution of a changeset: its statements, its time limits, and trying again for locks.

`transaction` runs them as one, `non_transactional` what cannot run in a transaction; both try again
with exponential backoff and jitter when they get no lock, up to `Limits.lock_attempts` times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.schema.catalogue.context import Limits
from worker.schema.catalogue.read_side import ReadSide
from worker.schema.change.change import Schemas
from worker.schema.execute import SQL
from worker.schema.execute.changeset_lock import ChangesetLock
from worker.schema.history.journal import Failure, Timing
from worker.schema.observed.follow_up import Observed
from worker.schema.plan.plan import SchemaPlan

_LONGEST_BACKOFF = 30.0
_RETRIABLE = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


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

    def because(self, reason: str) -> OperationFailed:
        """The same failure with a reason that says more."""
        return OperationFailed(self.failure.number, self.error, self.failure.timings, reason)


@dataclass(frozen=True, slots=True)
class NumberedStatement:
    """A statement to run, under the number of its operation."""

    number: int
    sql: str


Finish = Callable[[Sequence[Timing], Observed], None]


@dataclass(slots=True)
class ChangesetRun:
    """One execution of a changeset's statements, or (`undoing`) of its undos.

    `finish` is told when each operation ran and what came of it, and writes the outcome in the
    transaction that did the work. `running` is the number of the operation that is being executed,
    None between two.
    """

    lock: ChangesetLock
    changeset_id: UUID
    plan: SchemaPlan
    statements: Sequence[NumberedStatement]
    limits: Limits
    finish: Finish
    read_side: ReadSide
    schemas: Schemas
    undoing: bool = False
    running: int | None = field(init=False, default=None)
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        own = self.limits.changeset_timeout
        self._end = time.monotonic() + own if own else float("inf")

    @property
    def work(self) -> Connection:
        """The session that does the work, and holds the changeset lock."""
        return self.lock.work

    def end(self, timings: Sequence[Timing], observed: Observed) -> None:
        """In the transaction of the work: nobody writes through its views, or empties what is
        audited unseen; then the outcome."""
        self.work.execute("SELECT cqrs.guard_views(), cqrs.guard_audit()")
        self.finish(timings, observed)

    def with_retries(self, attempt: Callable[[], None]) -> None:
        """Try until it is done, with backoff, as long as locks are what it failed for.

        Raises OperationFailed: for the locks too, if the last try had no time left for them.
        """
        locked_out: OperationFailed | None = None
        for number in range(1, self.limits.lock_attempts + 1):
            if not self.undoing:
                self.lock.journal.attempt(self.changeset_id)
            try:
                return attempt()
            except OperationFailed as failed:
                if locked_out is not None and self._is_out_of_time(failed):
                    raise self._given_up(locked_out, number - 1) from locked_out.error
                pause = self._backoff_after(failed, number)
                locked_out = failed
            time.sleep(pause)
        raise AssertionError("unreachable")

    def one(
        self,
        statement: NumberedStatement,
        before: Sequence[Timing] = (),
        lock_timeout: float | None = None,
    ) -> Timing:
        """Run one statement under both time limits. Raises OperationFailed."""
        with self.at_work(statement.number):
            self._note_start(statement.number)
            self.limit(self.limits.lock_timeout if lock_timeout is None else lock_timeout)
            started_at, start = datetime.now(UTC), time.perf_counter()
            try:
                self.work.execute(statement.sql.encode())
            except psycopg.Error as error:
                timing = Timing(statement.number, started_at, _since(start))
                raise OperationFailed(statement.number, error, [*before, timing]) from error
            except BaseException:
                self._cancel()
                raise
        return Timing(statement.number, started_at, _since(start))

    @contextmanager
    def at_work(self, number: int) -> Iterator[None]:
        """Around what is done for one operation: if it is stopped there, that one is named."""
        self.running = number
        yield
        self.running = None

    def limit(self, lock_timeout: float) -> None:
        """Set both time limits: for the transaction or, for a step, for the session."""
        self.work.execute(
            SQL["limit"],
            {
                "lock": _milliseconds(lock_timeout),
                "statement": _milliseconds(min(self.limits.statement_timeout, self._left())),
                "local": self.plan.step is None,
            },
        )

    def _cancel(self) -> None:
        """Cancel the statement that runs, so that the session can roll back."""
        with suppress(psycopg.Error):
            self.work.cancel_safe(timeout=5.0)
            while self.work.pgconn.get_result() is not None:
                pass

    def _note_start(self, number: int) -> None:
        journal = self.lock.journal
        (journal.undo_starts if self.undoing else journal.operation_starts)(
            self.changeset_id, number
        )

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _backoff_after(self, failed: OperationFailed, attempts: int) -> float:
        """Seconds until the next try. Raises when there is none."""
        if not isinstance(failed.error, _RETRIABLE):
            raise self._with_time_limit(failed) from failed.error
        pause = _backoff(self.limits.lock_pause, attempts)
        if attempts == self.limits.lock_attempts or pause >= self._left():
            raise self._given_up(failed, attempts) from failed.error
        return pause

    def _with_time_limit(self, failed: OperationFailed) -> OperationFailed:
        """PostgreSQL says that it was cancelled, but not that it was for `changeset_timeout`."""
        if not self._is_out_of_time(failed):
            return failed
        return failed.because(
            f"the {self.limits.changeset_timeout:g} s were over that a changeset has here: from a"
            " shell it may take as long as it needs, `cqrs changeset execute ID`"
        )

    def _is_out_of_time(self, failed: OperationFailed) -> bool:
        return self._left() <= 0 and isinstance(failed.error, psycopg.errors.QueryCanceled)

    def _given_up(self, failed: OperationFailed, attempts: int) -> OperationFailed:
        holders = self._holders()
        return failed.because(
            f"no lock within {self.limits.lock_timeout:g} s, {attempts} times over"
            f"{f'; held by {holders}' if holders else ''}"
        )

    def _holders(self) -> str:
        """Who holds what we wait for, for people to read."""
        journal = self.lock.journal.connection
        rows = journal.execute(
            SQL["lock_holders"],
            {
                "own": [self.work.info.backend_pid, journal.info.backend_pid],
                "names": [str(lock.name) for lock in self.plan.locks],
            },
        )
        return ", ".join(
            f"process {pid} ({application or 'no name'}, {state}, transaction of {age} s: {mode}"
            f" on {relation})"
            for relation, mode, pid, application, state, age in rows
        )


def _since(start: float) -> timedelta:
    return timedelta(seconds=time.perf_counter() - start)


def _backoff(first: float, attempts: int) -> float:
    """Exponential, up to half a minute, with jitter: never in step with others."""
    longest = min(first * 2.0 ** (attempts - 1), _LONGEST_BACKOFF)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (no secret hangs on it)


def _milliseconds(seconds: float) -> str:
    """At least one: nought would mean no limit at all."""
    return f"{max(1, round(seconds * 1000))}ms"

"""All operations in one transaction, waiting politely for locks.

A statement that waits for a table lock makes everybody queue behind it, and what the transaction
has locked already stays locked meanwhile. So the strong locks are taken before anything else, in
order of name; and these waits and all later ones together are no longer than one `lock_timeout`
(`budget`). When that is not enough, the transaction gives everything back, pauses, and tries
again from the start, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.schema.execute.changeset_run import ChangesetRun, OperationFailed
from worker.schema.execute.lock_budget import LockBudget
from worker.schema.history.journal import Timing
from worker.schema.plan.locks import to_take_first
from worker.schema.statements.effects import Effects, Lock


class _InTheWay(psycopg.errors.DependentObjectsStillExist):
    """What PostgreSQL would say, said before it is asked, and with every name."""


def in_a_transaction(run: ChangesetRun) -> None:
    """Run all, then finish, then commit. Raises OperationFailed; then nothing was kept."""
    for blocked in run.plan.blockers:
        raise OperationFailed(blocked.number, _InTheWay(str(blocked)))
    run.persist(lambda: _attempt(run))


def _attempt(run: ChangesetRun) -> None:
    budget = LockBudget(run.work, run.lock.journal.connection, run.limits.lock_timeout)
    with run.work.transaction():
        _take_locks(run, budget)
        try:
            with budget.looking_on():
                timings = _all(run, budget)
        except OperationFailed as failed:
            raise _told_apart(failed, budget) from failed.error
        run.finish(timings)


def _all(run: ChangesetRun, budget: LockBudget) -> list[Timing]:
    """Every statement in order, then what was deferred."""
    effects = {each.number: each.effects for each in run.plan.operations}
    timings: list[Timing] = []
    marks: list[int] = []
    for each in run.statements:
        timings.append(run.one(each, timings, budget.left))
        if _may_break(effects[each.number]):
            _mark(run.work, each.number)
            marks.append(each.number)
    _check_deferred(run, timings, marks)
    return timings


def _check_deferred(run: ChangesetRun, timings: Sequence[Timing], marks: Sequence[int]) -> None:
    last = run.statements[-1].number
    try:
        _check(run.work)
    except psycopg.OperationalError as error:  # it waited or ran for too long
        raise OperationFailed(last, error, timings) from error
    except psycopg.Error as error:
        reason = f"{message_of(error)} (a deferred constraint, checked at the end)"
        number = _guilty(run.work, marks) or last
        raise OperationFailed(number, error, timings, reason) from error


def _told_apart(failed: OperationFailed, budget: LockBudget) -> OperationFailed:
    """Cancelled because it waited too long in all: that is a lock time-out like any other."""
    if not budget.ran_out or not isinstance(failed.error, psycopg.errors.QueryCanceled):
        return failed
    error = psycopg.errors.LockNotAvailable(str(failed.error))
    return OperationFailed(failed.failure.number, error, failed.failure.timings)


def _take_locks(run: ChangesetRun, budget: LockBudget) -> None:
    """Take every lock that makes others wait, in order of name."""
    for lock in to_take_first(run.work, run.plan.locks):
        run.limit(budget.left)
        name = sql.Identifier(lock.name.schema, lock.name.name)
        mode = sql.SQL(str(lock.mode))  # one of eight words of ours
        try:
            with budget.spent_waiting():
                run.work.execute(sql.SQL("LOCK TABLE ONLY {} IN {} MODE").format(name, mode))
        except psycopg.Error as error:
            raise OperationFailed(_first_that_needs(run, lock), error) from error


def _first_that_needs(run: ChangesetRun, lock: Lock) -> int:
    """The first operation that needs a lock: the one to name when it cannot be had."""
    for each in run.plan.operations:
        if lock.name in {own.name for own in each.effects.locks}:
            return each.number
    return run.plan.operations[0].number


_CHECK = b"SET CONSTRAINTS ALL IMMEDIATE"


def _may_break(effects: Effects) -> bool:
    """Whether a statement may write rows, and so leave a deferred constraint to be checked."""
    return bool(effects.writes or effects.opaque) or effects.statement.startswith("SELECT")


def _mark(work: Connection, number: int) -> None:
    """After an operation that may break one: a place to go back to."""
    work.execute(f"SAVEPOINT cqrs_{number}".encode())


def _check(work: Connection) -> None:
    """Check all now. Raises psycopg.Error, as COMMIT would."""
    work.execute(_CHECK)


def _guilty(work: Connection, marks: Sequence[int]) -> int | None:
    """After a check that failed: the operation that broke what is broken; None if none may have."""
    found = marks[-1] if marks else None
    for number in reversed(marks[:-1]):
        work.execute(f"ROLLBACK TO SAVEPOINT cqrs_{number}".encode())
        try:
            _check(work)
        except psycopg.Error:
            found = number
        else:
            break
    return found

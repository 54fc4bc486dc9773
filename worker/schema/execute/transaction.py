"""All operations in one transaction, which waits for locks no longer than its budget allows.

A statement that waits for a table lock makes everybody queue behind it, and what the transaction
has locked already stays locked meanwhile. So the strong locks are taken before anything else, in
order of name; and these waits and all later ones together are no longer than one `lock_timeout`
(`lock_budget`). When that is not enough, the transaction is rolled back, pauses (exponential
backoff), and is tried again from the start, a bounded number of times.

A constraint that is DEFERRABLE INITIALLY DEFERRED may be violated between two operations: that is
what it is for. So all are checked once, as the last thing before COMMIT. When one is violated then,
the transaction rolls back to one savepoint after the other, until none is: the operation after that
savepoint is named as the one that failed.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.schema.execute.border import Border
from worker.schema.execute.changeset_run import ChangesetRun, OperationFailed
from worker.schema.execute.lock_budget import LockBudget
from worker.schema.history.journal import Timing
from worker.schema.observed import snapshot
from worker.schema.observed.follow_up import observe
from worker.schema.observed.snapshot import Snapshot
from worker.schema.plan.locks import to_take_first
from worker.schema.statements.effects import Effects, Lock


class _StillDependedOn(psycopg.errors.DependentObjectsStillExist):
    """The error that PostgreSQL would raise, before it is asked, and with every name."""


def in_a_transaction(run: ChangesetRun) -> None:
    """Run all, then finish, then commit. Raises OperationFailed; then nothing was kept."""
    for blocker in (each for each in run.plan.blockers if each.dependents):
        raise OperationFailed(blocker.number, _StillDependedOn(str(blocker)))
    run.with_retries(lambda: _attempt(run))


def _attempt(run: ChangesetRun) -> None:
    budget = LockBudget(run.work, run.lock.journal.connection, run.limits.lock_timeout)
    with run.work.transaction():
        before = _snapshot(run, budget)
        _take_locks(run, budget)
        try:
            with budget.sampled():
                timings = _run_all(run, budget)
        except OperationFailed as failed:
            raise _as_lock_timeout(failed, budget) from failed.error
        after = snapshot.take(run.work)
        run.end(timings, observe(run.work, before, after, run.read_side, run.plan.outdated))


def _snapshot(run: ChangesetRun, budget: LockBudget) -> Snapshot:
    """Before anything is locked: it is cheap, but nobody should wait for it."""
    try:
        run.limit(budget.left)
        return snapshot.take(run.work)
    except psycopg.Error as error:
        raise OperationFailed(run.statements[0].number, error) from error


def _run_all(run: ChangesetRun, budget: LockBudget) -> list[Timing]:
    """Every statement in order, then what was deferred."""
    effects = {operation.number: operation.effects for operation in run.plan.operations}
    sides = {operation.number: operation.side for operation in run.plan.operations}
    border = Border(run.work, run.schemas)
    timings: list[Timing] = []
    savepoints: list[int] = []
    for statement in run.statements:
        timings.append(run.one(statement, timings, budget.left))
        side, may_violate = sides[statement.number], _may_violate(effects[statement.number])
        border.check(statement.number, side, timings, runs_programs=may_violate)
        if may_violate:
            run.work.execute(f"SAVEPOINT {_savepoint(statement.number)}".encode())
            savepoints.append(statement.number)
    _check_deferred(run, timings, savepoints)
    return timings


def _check_deferred(
    run: ChangesetRun, timings: Sequence[Timing], savepoints: Sequence[int]
) -> None:
    last = run.statements[-1].number
    try:
        _check(run.work)
    except psycopg.OperationalError as error:  # it waited or ran for too long
        raise OperationFailed(last, error, timings) from error
    except psycopg.Error as error:
        reason = f"{message_of(error)} (a deferred constraint, checked at the end)"
        number = _first_violation(run.work, savepoints) or last
        raise OperationFailed(number, error, timings, reason) from error


def _as_lock_timeout(failed: OperationFailed, budget: LockBudget) -> OperationFailed:
    """Cancelled because it waited too long in all: that is a lock time-out like any other."""
    if not budget.is_spent or not isinstance(failed.error, psycopg.errors.QueryCanceled):
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
            with budget.all_waiting():
                run.work.execute(sql.SQL("LOCK TABLE ONLY {} IN {} MODE").format(name, mode))
        except psycopg.Error as error:
            raise OperationFailed(_first_that_needs(run, lock), error) from error


def _first_that_needs(run: ChangesetRun, lock: Lock) -> int:
    """The first operation that needs a lock: the one to name when it cannot be had."""
    for operation in run.plan.operations:
        if lock.name in {needed.name for needed in operation.effects.locks}:
            return operation.number
    return run.plan.operations[0].number


def _may_violate(effects: Effects) -> bool:
    """Whether a statement may write rows, and so leave a deferred constraint to be checked."""
    return bool(effects.writes or effects.opaque) or effects.statement.startswith("SELECT")


def _check(work: Connection) -> None:
    """Check all deferred constraints now. Raises psycopg.Error, as COMMIT would."""
    work.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _savepoint(number: int) -> str:
    """Its name, after the operation of this number."""
    return f"cqrs_{number}"


def _first_violation(work: Connection, savepoints: Sequence[int]) -> int | None:
    """After a check that failed: the operation that violated a constraint; None if none may have.

    `savepoints` are the numbers of the operations that are followed by one.
    """
    violating = savepoints[-1] if savepoints else None
    for number in reversed(savepoints[:-1]):
        work.execute(f"ROLLBACK TO SAVEPOINT {_savepoint(number)}".encode())
        try:
            _check(work)
        except psycopg.Error:
            violating = number
        else:
            break
    return violating

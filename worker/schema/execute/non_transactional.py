"""The one statement of a changeset that cannot run in a transaction.

What the read side owes is written down beforehand: whoever settles a step after a kill (`steps`)
cannot plan it any more.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import psycopg

from worker.base.db_errors import message_of
from worker.schema.execute.changeset_run import ChangesetRun, OperationFailed
from worker.schema.execute.step_recovery import check_step, settle_step
from worker.schema.history.journal import Timing
from worker.schema.statements.effects import Effects


class StepUnsettled(Exception):
    """A step failed, and what it left could not be cleaned up yet: the next turn tries again."""


def as_a_step(run: ChangesetRun) -> None:
    """Run the only statement outside a transaction. Raises OperationFailed, cleaned up."""
    if not run.undoing:
        run.lock.journal.expect(run.changeset_id, run.plan.follow_up)
    (operation,) = run.plan.operations
    run.persist(lambda: _attempt(run, operation.effects))


def _attempt(run: ChangesetRun, effects: Effects) -> None:
    _prepare(run, effects)
    (only,) = run.statements
    started_at, start = datetime.now(UTC), time.perf_counter()
    try:
        timing = run.one(only)
    except BaseException as error:
        if not _settled(run, effects, error):
            raise
        spent = timedelta(seconds=time.perf_counter() - start)
        _finish(run, Timing(only.number, started_at, spent))
        if not isinstance(error, OperationFailed):
            raise  # told to stop, at a moment when it was done already
    else:
        _finish(run, timing)


def _prepare(run: ChangesetRun, effects: Effects) -> None:
    number = run.statements[0].number
    try:
        with run.at_work(number):
            run.limit(run.limits.lock_timeout)
            check_step(run.work, effects)
    except psycopg.Error as error:
        raise OperationFailed(number, error) from error


def _finish(run: ChangesetRun, timing: Timing) -> None:
    with run.work.transaction():
        run.finish([timing])


def _settled(run: ChangesetRun, effects: Effects, error: BaseException) -> bool:
    """Finish or clean up after a failure; whether the step's effect stands after all.

    It may wait as long as a statement may run: it takes no lock that stops the application.
    """
    try:
        run.limit(run.limits.statement_timeout)
        return settle_step(run.work, effects)
    except psycopg.Error as worse:
        raise StepUnsettled(f"{message_of(error)}; then {message_of(worse)}") from error

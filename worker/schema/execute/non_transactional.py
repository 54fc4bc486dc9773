"""The one statement of a changeset that cannot run in a transaction.

It leaves no transaction to look at, so its follow-up is what the plan estimates. That is recorded
before it runs: whoever recovers a step after a kill (`step_recovery`) cannot plan it any more.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import psycopg

from worker.base.db_errors import message_of
from worker.schema.execute.changeset_run import ChangesetRun, OperationFailed
from worker.schema.execute.step_recovery import check_step, settle_step
from worker.schema.history.journal import Timing
from worker.schema.observed.follow_up import Observed
from worker.schema.statements.effects import Effects


class StepUnsettled(Exception):
    """A step failed, and could not be cleaned up yet: the next to take the changeset lock tries."""


def outside_a_transaction(run: ChangesetRun) -> None:
    """Run the only statement outside a transaction. Raises OperationFailed, cleaned up."""
    if not run.undoing:
        run.lock.journal.record_follow_up(run.changeset_id, run.plan.follow_up)
    (operation,) = run.plan.operations
    run.with_retries(lambda: _attempt(run, operation.effects))


def _attempt(run: ChangesetRun, effects: Effects) -> None:
    _prepare(run, effects)
    (statement,) = run.statements
    started_at, start = datetime.now(UTC), time.perf_counter()
    try:
        timing = run.one(statement)
    except BaseException as error:
        if not _settled(run, effects, error):
            raise
        spent = timedelta(seconds=time.perf_counter() - start)
        _finish(run, Timing(statement.number, started_at, spent))
        if not isinstance(error, OperationFailed):
            raise  # stopped from outside when it was done already
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
        run.end([timing], Observed(run.plan.follow_up))


def _settled(run: ChangesetRun, effects: Effects, error: BaseException) -> bool:
    """Finish or clean up after a failure; whether the step took effect after all.

    It may wait as long as a statement may run: it takes no lock that stops the application.
    """
    try:
        run.limit(run.limits.statement_timeout)
        return settle_step(run.work, effects)
    except psycopg.Error as clean_up_error:
        raise StepUnsettled(f"{message_of(error)}; then {message_of(clean_up_error)}") from error

"""Track a change, execute it, roll it back: the package's main verbs.

    track_change        record -> (atomic) execute
    execute_changeset   lock -> plan again -> one transaction, or one step -> follow-up
    rollback_changeset  lock -> plan the undos -> one transaction -> follow-up

What happens on each failure:

- An operation fails, or a time limit is passed: the transaction is rolled back, the changeset is
  `failed`, the operation carries the error and its SQLSTATE (see `execution`).
- The process is killed: see `changeset_lock`. The database is as it was; the changeset can be
  executed again.
- The connection is lost at COMMIT: whether it happened is read from the row that COMMIT writes.
- A follow-up cannot be dispatched: it stays pending, is logged, and `dispatch_follow_ups` tries
  again.

Idempotency: a command (a Celery task, see `command`) passes its id. What it tracks is recorded
under that id, what it executes or rolls back is marked with it; so a command that is delivered
again finds what it did, and goes on from there instead of doing it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.commands.errors import CommandIdReused
from worker.schema.catalogue.context import Context, this_process
from worker.schema.change.change import AsGiven, Given, SchemaChange
from worker.schema.errors import InvalidChange, UnknownChangeset, VersionRefused, WrongStatus
from worker.schema.execute.changeset_lock import ChangesetLock, changeset_lock, recover
from worker.schema.execute.changeset_run import ChangesetRun, NumberedStatement
from worker.schema.execute.execution import carry_out
from worker.schema.execute.follow_up_dispatch import dispatch_follow_up
from worker.schema.history.journal import ChangesetJournal, mark_completed
from worker.schema.history.records import Changeset, load
from worker.schema.plan import planning
from worker.schema.plan.plan import SchemaPlan

log = get_logger(__name__)

_ADVICE = {
    "completed": "it has been executed already",
    "rolled_back": "it was rolled back: track it again, under a version of its own",
    "in_progress": "it is being executed",
    "refused": "it was refused before it ran: correct it and track it again",
}


def track_change(
    context: Context,
    command_operations: Sequence[Given],
    query_operations: Sequence[Given],
    description: str,
    version: str,
    *,
    atomic: bool = True,
    force: bool = False,
    command_id: UUID | None = None,
) -> Changeset:
    """Record a change, then (unless `atomic` is false) execute it in one transaction.

    Raises InvalidChange and VersionRefused before anything runs: the history has it as `refused`,
    with the reason; ChangeFailed when an operation fails: then the database is as it was. `force`
    overrules the rules for versions. `command_id`: of the command that this is done for, if it is.
    """
    given = (command_operations, query_operations, description, version)
    try:
        change = SchemaChange.of(*given)
    except InvalidChange as refused:
        refuse(context, AsGiven(*given), refused, force=force, command_id=command_id)
        raise
    return track(context, change, atomic=atomic, force=force, command_id=command_id)


def refuse(
    context: Context,
    given: AsGiven,
    why: InvalidChange,
    *,
    force: bool = False,
    command_id: UUID | None = None,
) -> None:
    """Record what has not even the form of a change, as refused. Never raises: `why` is told
    anyway, and whether the database is there says nothing about it."""
    try:
        with context.connection() as connection:
            journal = ChangesetJournal(connection)
            journal.record_refused(given, str(why), context.actor, force, command_id)
    except (psycopg.Error, ServerUnavailable) as error:
        log.warning("refusal_not_recorded", refused=str(why), reason=message_of(error))


def track(
    context: Context,
    change: SchemaChange,
    *,
    atomic: bool = True,
    force: bool = False,
    command_id: UUID | None = None,
) -> Changeset:
    """`track_change`, for a change that has been read from a file, or that came by a command."""
    tracked = _tracked_before(context, change, command_id) if command_id else None
    changeset = tracked or _record(context, change, force, command_id)
    if not atomic or changeset.status in ("completed", "rolled_back"):
        return changeset
    return execute_changeset(context, changeset.id, command_id=command_id)


def _tracked_before(context: Context, change: SchemaChange, command_id: UUID) -> Changeset | None:
    """What this command has recorded, when it was delivered before."""
    with context.connection() as connection:
        try:
            recorded = load(connection, command_id)
        except UnknownChangeset:
            return None
    if _texts(recorded.change) != _texts(change):
        raise CommandIdReused(command_id, "schema.track_change")
    return recorded


def _texts(change: SchemaChange) -> list[object]:
    """All that a change says, wherever it comes from."""
    operations = [(side, operation.sql, operation.undo) for side, operation in change]
    return [change.description, str(change.version), *operations]


def _record(
    context: Context, change: SchemaChange, force: bool, command_id: UUID | None
) -> Changeset:
    with context.connection() as connection:
        journal = ChangesetJournal(connection)
        try:
            plan = planning.plan(connection, change, context.read_side, context.schemas)
            if not force:
                _check_version(connection, plan)
        except (InvalidChange, VersionRefused) as refused:
            given = AsGiven.of(change)
            journal.record_refused(given, str(refused), context.actor, force, command_id)
            raise
        changeset_id = journal.record(change, plan.operations, context.actor, force, command_id)
        return load(connection, changeset_id)


def plan_change(context: Context, change: SchemaChange) -> SchemaPlan:
    """What a change would do; nothing is recorded, nothing done. Raises InvalidChange."""
    with context.connection() as connection:
        return planning.plan(connection, change, context.read_side, context.schemas)


def execute_changeset(
    context: Context, changeset_id: UUID | str, *, command_id: UUID | None = None
) -> Changeset:
    """Execute a pending changeset, or a failed one once more.

    Raises UnknownChangeset, WrongStatus, ChangesetBusy; ChangeFailed when it fails. A command that
    has executed it already is given it as it is.
    """
    known = _current(context, changeset_id)
    if known.is_done_by(command_id):
        return dispatch_follow_up(context, known.id)
    if not known.is_under_way_by(command_id):
        _check_executable(known)
    with changeset_lock(context) as lock:
        changeset = load(lock.journal.connection, changeset_id)
        if lock.journal.claim(changeset.id, this_process(), command_id):
            carry_out(context, lock, changeset.id, lambda: _run(context, lock, changeset))
        elif not changeset.is_done_by(command_id):
            _check_executable(changeset)
    return dispatch_follow_up(context, known.id)


def _current(context: Context, changeset_id: UUID | str) -> Changeset:
    """The changeset; recovered first, if it was interrupted."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.status == "in_progress" and recover(context):
            changeset = load(connection, changeset_id)
    return changeset


def _run(context: Context, lock: ChangesetLock, changeset: Changeset) -> ChangesetRun:
    """Plan once more, now that nobody else changes the schema."""
    plan = planning.plan(lock.work, changeset.change, context.read_side, context.schemas)
    if not changeset.forced:
        _check_version(lock.work, plan)
    return ChangesetRun(
        lock,
        changeset.id,
        plan,
        [
            NumberedStatement(operation.number, operation.operation.sql)
            for operation in plan.operations
        ],
        context.limits,
        finish=lambda timings, observed: mark_completed(lock.work, changeset.id, timings, observed),
        read_side=context.read_side,
        schemas=context.schemas,
    )


def _check_executable(changeset: Changeset) -> None:
    if changeset.status not in ("pending", "failed"):
        raise WrongStatus(changeset.id, changeset.status, _ADVICE[changeset.status])
    if changeset.kind != "change":
        raise WrongStatus(changeset.id, changeset.status, "it is a refresh: refresh the view again")


def _check_version(connection: Connection, plan: SchemaPlan) -> None:
    if plan.version_problem is not None:
        newest = planning.newest_completed(connection)
        raise VersionRefused(str(plan.version), str(newest), plan.version_problem)

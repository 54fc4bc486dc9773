"""Refreshing the query side: by an operator or in a deployment, recorded in the history or not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.base.errors import did_you_mean
from worker.schema.catalogue.context import Context, this_process
from worker.schema.catalogue.dependencies import dependents
from worker.schema.errors import ChangeFailed, UnknownObject
from worker.schema.execute import SQL
from worker.schema.execute.changeset_lock import ChangesetLock, changeset_lock
from worker.schema.history.journal import Failure, Timing, mark_completed
from worker.schema.observed.follow_up import Observed
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.names import ObjectName


def refresh_query_side(
    context: Context,
    views: str | Sequence[str],
    *,
    skip_tracking: bool = False,
    command_id: UUID | None = None,
) -> UUID | None:
    """Refresh materialized views, in dependency order; the id under which the history has it.

    With `skip_tracking` nothing is recorded and None returned: for regular maintenance.
    `command_id`: of the command that this is done for, if it is; then that is the id, and what the
    command has done already is not done again.
    Raises UnknownObject before anything is refreshed; ChangeFailed when a refresh fails (tracked),
    or what PostgreSQL raised (not tracked). Views that were refreshed before the one that failed
    stay fresh: a refresh changes no one's meaning.
    """
    names = [views] if isinstance(views, str) else list(views)
    if not names:
        raise UnknownObject("none was given", "name at least one materialized view")
    with context.connection() as connection:
        ordered = in_dependency_order(connection, [_view(connection, name) for name in names])
    if not skip_tracking:
        return _tracked(context, ordered, command_id)
    for view in ordered:
        context.read_side.refresh_now(view)
    return None


def in_dependency_order(connection: Connection, views: Iterable[ObjectName]) -> list[ObjectName]:
    """What others are computed from comes first; else by name."""
    wanted = {str(view): view for view in views}
    below: dict[str, set[str]] = {name: set() for name in wanted}
    for schema in sorted({view.schema for view in wanted.values()}):
        names = [name for name, view in wanted.items() if view.schema == schema]
        for dependent in dependents(connection, schema, names):
            if dependent.name in wanted and dependent.is_computed:
                below[dependent.name].add(dependent.root)
    ordered: list[str] = []
    while len(ordered) < len(wanted):
        ordered += sorted(
            name for name in wanted if name not in ordered and below[name] <= set(ordered)
        )
    return [wanted[name] for name in ordered]


def _view(connection: Connection, text: str) -> ObjectName:
    """The materialized view of this name. Raises UnknownObject, with what was meant perhaps."""
    try:
        name = ObjectName.parse(text)
    except ValueError as error:
        raise UnknownObject(text, str(error)) from None
    rows = connection.execute(SQL["views_of"], {"schema": name.schema})
    kinds: dict[str, str] = dict(rows.fetchall())
    kind = kinds.get(str(name))
    if kind == "materialized view":
        return name
    if kind is not None:
        raise UnknownObject(
            text, f"it is a {kind}, and always shows what is there: there is nothing to refresh"
        )
    views = [each for each, its in kinds.items() if its == "materialized view"]
    raise UnknownObject(text, f"there is no such materialized view{did_you_mean(name, views)}")


def _tracked(context: Context, views: Sequence[ObjectName], command_id: UUID | None) -> UUID:
    with changeset_lock(context) as lock:
        changeset_id = lock.journal.record_refresh(views, context.actor, command_id)
        if not lock.journal.claim(changeset_id, this_process(), command_id):
            return changeset_id
        lock.journal.attempt(changeset_id)
        timings: list[Timing] = []
        for number, view in enumerate(views, start=1):
            timings.append(_refresh_one(context, lock, changeset_id, number, view, timings))
        with lock.work.transaction():
            mark_completed(lock.work, changeset_id, timings, Observed(FollowUp()))
    return changeset_id


def _refresh_one(
    context: Context,
    lock: ChangesetLock,
    changeset_id: UUID,
    number: int,
    view: ObjectName,
    before: Sequence[Timing],
) -> Timing:
    lock.journal.operation_starts(changeset_id, number)
    started_at, start = datetime.now(UTC), time.perf_counter()
    try:
        context.read_side.refresh_now(view)
    except BaseException as error:
        reason = f"operation {number} failed: {message_of(error)}"
        sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
        lock.journal.fail(
            changeset_id, reason, Failure(number, message_of(error), sqlstate, before)
        )
        if isinstance(error, Exception):
            raise ChangeFailed(changeset_id, reason, sqlstate) from error
        raise
    return Timing(number, started_at, timedelta(seconds=time.perf_counter() - start))

"""Dispatch of follow-ups to the read side: an outbox, at least once, whatever crashes between.

A changeset's follow-up (rebuilds, refreshes, purges) is stored by the transaction that did the work
and dispatched after it; what a crash leaves undispatched, the sweep dispatches again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from worker.base.db import Connection
from worker.base.logs import get_logger
from worker.schema.catalogue.context import Context
from worker.schema.catalogue.dependencies import identities
from worker.schema.catalogue.read_side import ReadSide
from worker.schema.execute import SQL
from worker.schema.execute.refreshing import in_dependency_order
from worker.schema.history.records import Changeset, follow_up_from, load
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Target
from worker.schema.statements.names import ObjectName

log = get_logger(__name__)


def dispatch_follow_ups(context: Context) -> int:
    """Dispatch every follow-up that is pending; how many were. For the sweep."""
    with context.connection() as connection:
        pending = connection.execute(SQL["pending_follow_ups"]).fetchall()
        return sum(
            _dispatched(connection, context.read_side, changeset_id, follow_up_from(stored))
            for changeset_id, stored in pending
        )


def dispatch_follow_up(context: Context, changeset_id: UUID) -> Changeset:
    """The same for one changeset, right after it was committed; the changeset as it is then."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.follow_up and changeset.followed_up_at is None:
            _dispatched(connection, context.read_side, changeset.id, changeset.follow_up)
            changeset = load(connection, changeset_id)
    return changeset


def _dispatched(
    connection: Connection, read_side: ReadSide, changeset_id: UUID, follow_up: FollowUp
) -> bool:
    """Whether it was dispatched. The change is committed: a failure is logged, not raised."""
    try:
        _dispatch(connection, read_side, changeset_id, follow_up)
    except Exception as error:
        log.warning("follow_up_still_owed", changeset=str(changeset_id), reason=str(error))
        return False
    return True


def _dispatch(
    connection: Connection, read_side: ReadSide, changeset_id: UUID, follow_up: FollowUp
) -> None:
    """Scheduled first, marked as dispatched afterwards: a crash between the two repeats it."""
    if follow_up.rebuilds:
        read_side.rebuild(follow_up.rebuilds)
    if follow_up.refreshes:
        read_side.refresh(
            in_dependency_order(connection, _existing(connection, follow_up.refreshes))
        )
    if follow_up.purges:
        read_side.purge(follow_up.purges)
    connection.execute(SQL["follow_up_dispatched"], {"id": changeset_id})


def _existing(connection: Connection, views: Sequence[ObjectName]) -> list[ObjectName]:
    """Without those that a CASCADE, or somebody meanwhile, has dropped."""
    known = identities(connection, [Target("materialized view", view) for view in views])
    return [view for view in views if str(view) in known]

"""Handing over what the read side owes after a change: at least once, whatever crashes between."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from worker.base.db import Connection
from worker.schema.catalogue.context import Context
from worker.schema.catalogue.dependencies import identities
from worker.schema.catalogue.read_side import ReadSide
from worker.schema.execute import SQL
from worker.schema.execute.refreshing import in_dependency_order
from worker.schema.history.records import Changeset, follow_up_from, load
from worker.schema.plan.plan import FollowUp
from worker.schema.statements.effects import Target
from worker.schema.statements.names import ObjectName

log = structlog.get_logger(__name__)


def dispatch_follow_ups(context: Context) -> int:
    """Schedule what completed changesets still owe; how many were settled. For the sweep."""
    with context.connection() as connection:
        owing = connection.execute(SQL["owing"]).fetchall()
        return sum(
            _tried(connection, context.read_side, changeset_id, follow_up_from(stored))
            for changeset_id, stored in owing
        )


def dispatch_follow_up(context: Context, changeset_id: UUID) -> Changeset:
    """The same for one changeset, right after it was committed; the changeset as it is then."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.follow_up and changeset.followed_up_at is None:
            _tried(connection, context.read_side, changeset.id, changeset.follow_up)
            changeset = load(connection, changeset_id)
    return changeset


def _tried(connection: Connection, read_side: ReadSide, changeset_id: UUID, owed: FollowUp) -> bool:
    """Whether it was handed over. The change is committed, so a failure is logged, not raised."""
    try:
        _dispatch(connection, read_side, changeset_id, owed)
    except Exception as error:
        log.warning("follow_up_still_owed", changeset=str(changeset_id), reason=str(error))
        return False
    return True


def _dispatch(
    connection: Connection, read_side: ReadSide, changeset_id: UUID, owed: FollowUp
) -> None:
    """Scheduled first, ticked off afterwards: a crash between the two repeats it."""
    if owed.rebuilds:
        read_side.rebuild(owed.rebuilds)
    if owed.refreshes:
        read_side.refresh(in_dependency_order(connection, _existing(connection, owed.refreshes)))
    if owed.purges:
        read_side.purge(owed.purges)
    connection.execute(SQL["followed_up"], {"id": changeset_id})


def _existing(connection: Connection, views: Sequence[ObjectName]) -> list[ObjectName]:
    """Without those that a CASCADE took along, or that somebody dropped meanwhile."""
    standing = identities(connection, [Target("materialized view", view) for view in views])
    return [view for view in views if str(view) in standing]

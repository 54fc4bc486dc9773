"""Handing over what the read side owes after a change: at least once, whatever crashes between."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from worker.schema.context import Context
from worker.schema.dependencies import Connection, identities
from worker.schema.names import ObjectName
from worker.schema.plan import FollowUp
from worker.schema.read_side import ReadSide
from worker.schema.records import follow_up_from, load
from worker.schema.refreshing import in_dependency_order
from worker.schema.statements.effects import Target
from worker.sql import blocks


def hand_over(context: Context) -> int:
    """Schedule what completed changesets still owe; how many owed something. For the sweep."""
    with context.connection() as connection:
        owing = connection.execute(_sql("owing")).fetchall()
        for changeset_id, stored in owing:
            _hand_over(connection, context.read_side, changeset_id, follow_up_from(stored))
    return len(owing)


def hand_over_one(context: Context, changeset_id: UUID) -> None:
    """The same for one changeset, right after it was committed."""
    with context.connection() as connection:
        changeset = load(connection, changeset_id)
        if changeset.follow_up and changeset.followed_up_at is None:
            _hand_over(connection, context.read_side, changeset.id, changeset.follow_up)


def _hand_over(
    connection: Connection, read_side: ReadSide, changeset_id: UUID, owed: FollowUp
) -> None:
    """Scheduled first, ticked off afterwards: a crash between the two repeats it."""
    if owed.rebuilds:
        read_side.rebuild(owed.rebuilds)
    if owed.refreshes:
        read_side.refresh(in_dependency_order(connection, _existing(connection, owed.refreshes)))
    if owed.purges:
        read_side.purge(owed.purges)
    connection.execute(_sql("followed_up"), {"id": changeset_id})


def _existing(connection: Connection, views: Sequence[ObjectName]) -> list[ObjectName]:
    """Without those that a CASCADE took along, or that somebody dropped meanwhile."""
    standing = identities(connection, [Target("materialized view", view) for view in views])
    return [view for view in views if str(view) in standing]


def _sql(block: str) -> bytes:
    return blocks(__package__ or "", "journal.sql")[block].encode()

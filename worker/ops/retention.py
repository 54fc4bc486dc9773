"""What may be forgotten, and when: receipts, histories, and answers to "who asked".

Each is deleted in small transactions, oldest first, so that pruning never holds much for long.
The event log, the audit trail and dead letters are never pruned here: they are the truth. Sagas
that have ended lose what they carried and their history, but not that they were.
"""

from __future__ import annotations

from functools import partial

from worker.base import db, standing_failures
from worker.base.settings import Settings, get_settings
from worker.base.sql import blocks
from worker.queries.answers import LONGEST_TTL

PORTION = 5_000
"""Rows deleted in one transaction."""
LONGEST_ANSWER = 2 * LONGEST_TTL / 86_400
"""Days, generously: an invalidation that has waited longer concerns no answer still kept."""


def prune() -> dict[str, int]:
    """Delete what is older than the settings say; rows deleted, or emptied, by table.

    A table that fails stops no other. Raises MaintenanceFailed at the end.
    """
    rules = _rules(get_settings()).items()
    parts = {table: partial(_prune, name, days) for table, (name, days) in rules}
    return standing_failures.each("cqrs.maintenance.prune", parts)


def _rules(settings: Settings) -> dict[str, tuple[str, float]]:
    return {
        "cqrs.receipts": ("prune_receipts", settings.receipts_retention),
        "cqrs.refreshes": ("prune_refreshes", settings.history_retention),
        "cqrs.rebuilds": ("prune_rebuilds", settings.history_retention),
        "cqrs.verifications": ("prune_verifications", settings.history_retention),
        "cqrs.invalidations": (
            "prune_invalidations",
            max(settings.history_retention, LONGEST_ANSWER),
        ),
        "cqrs.query_audit": ("prune_query_audit", settings.query_audit_retention),
        "cqrs.schema_permits": ("prune_schema_permits", settings.receipts_retention),
        "cqrs.sagas": ("prune_sagas", settings.sagas_retention),
    }


def _prune(name: str, days: float) -> int:
    sql = blocks("worker.ops", "retention.sql")[name]
    deleted = 0
    with db.owner() as connection:
        while True:
            portion = connection.execute(sql, {"days": days, "portion": PORTION}).rowcount
            deleted += portion
            if portion < PORTION:
                return deleted

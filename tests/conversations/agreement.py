"""The read models held against the write tables, and the projections against the views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from models.conversations import MATERIALIZED_VIEWS, read
from worker.base.sql import blocks
from worker.rebuild import rebuild
from worker.testing import System

PROJECTIONS = tuple(f"conversations.{t.name}" for t in read.metadata.tables.values())


def shown(system: System, name: str) -> list[dict[str, Any]]:
    """A read model's rows."""
    return _dicts(system, f"SELECT * FROM query.{name} ORDER BY 1")


def agree(system: System) -> None:
    """Check every read model against the write tables, and the two ways against each other."""
    for name, statement in blocks("tests.conversations", "recomputed.sql").items():
        assert shown(system, name) == _dicts(system, statement), name
    summaries = shown(system, "session_summaries")
    assert summaries == shown(system, "conversation_session_summary_view")
    assert [_as_profile(row) for row in shown(system, "user_accounts")] == shown(
        system, "user_profile_view"
    )
    assert set(MATERIALIZED_VIEWS) <= set(blocks("tests.conversations", "recomputed.sql"))


def unchanged_by_a_rebuild(system: System) -> None:
    """Build every projection anew: nothing differs."""
    for name in PROJECTIONS:
        assert rebuild(name, goes_live=False).differing == 0, name


def _as_profile(row: dict[str, Any]) -> dict[str, Any]:
    first = (datetime.now(UTC).date() - timedelta(days=29)).isoformat()
    days = row.pop("session_days")
    return row | {"sessions_last_30_days": sum(n for day, n in days.items() if day >= first)}


def _dicts(system: System, statement: Any) -> list[dict[str, Any]]:
    with system.connect() as connection:
        return connection.cursor(row_factory=dict_row).execute(statement).fetchall()

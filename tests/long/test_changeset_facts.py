"""The whole oracle: every change, every materialized view, before and after."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.schema import oracle
from tests.schema.conftest import bare, connect, database, db

__all__ = ["bare", "connect", "database", "db"]
Connection = psycopg.Connection[Any]


def test_no_view_is_left_stale_that_is_not_owed(db: Connection) -> None:
    db.execute(oracle.SETUP)
    verdicts = {change: oracle.judge(db, change) for change in oracle.CHANGES}
    stale = sum(len(each.stale) for each in verdicts.values())
    needless = sum(len(each.owed - each.stale) for each in verdicts.values())
    print(f"{len(verdicts)} changes, {stale} stale views, {needless} refreshed needlessly")
    assert {change: each.missed for change, each in verdicts.items() if each.missed} == {}
    assert len(verdicts) >= 100
    assert stale > 200

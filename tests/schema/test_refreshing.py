"""Refreshes of the query side: in dependency order, with or without a line in the history."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from worker.schema import (
    Context,
    ObjectName,
    history,
    in_dependency_order,
    load,
    refresh_query_side,
)
from worker.schema.errors import ChangeFailed, UnknownObject

Connection = psycopg.Connection[Any]


@pytest.fixture(autouse=True)
def views(db: Connection) -> None:
    """Three views, each over the one before, with the names in the other order."""
    db.execute(
        """CREATE TABLE command.t (id int);
        CREATE MATERIALIZED VIEW query.c AS SELECT count(*) AS n FROM command.t;
        CREATE VIEW query.between AS SELECT n FROM query.c;
        CREATE MATERIALIZED VIEW query.b AS SELECT n FROM query.between;
        CREATE MATERIALIZED VIEW query."A" AS SELECT n FROM query.b;
        INSERT INTO command.t VALUES (1)"""
    )


def test_many_views_are_refreshed_in_dependency_order(context: Context, db: Connection) -> None:
    refresh_query_side(context, ['query."A"', "query.b", "query.c"], skip_tracking=True)
    assert db.execute('SELECT n FROM query."A"').fetchall() == [(1,)]
    assert history(db) == []


def test_views_stand_in_the_order_in_which_they_are_computed(db: Connection) -> None:
    names = [ObjectName("query", name) for name in ("A", "b", "c")]
    assert [str(view) for view in in_dependency_order(db, names)] == [
        "query.c",
        "query.b",
        'query."A"',
    ]


def test_a_tracked_refresh_stands_in_the_history(context: Context, db: Connection) -> None:
    changeset_id = refresh_query_side(context, ["query.b", "query.c"])
    assert changeset_id is not None
    done = load(db, changeset_id)
    assert (done.kind, done.status, done.version) == ("refresh", "completed", None)
    assert [(each.object, each.success) for each in done.operations] == [
        ("query.c", True),
        ("query.b", True),
    ]
    assert [line.description for line in history(db)] == ["Refresh query.c, query.b"]


def test_a_refresh_that_fails_stands_in_the_history_too(context: Context, db: Connection) -> None:
    db.execute("CREATE MATERIALIZED VIEW query.bad AS SELECT 1 / count(*) FROM command.t")
    db.execute("DELETE FROM command.t")
    with pytest.raises(ChangeFailed, match="operation 2 failed: division by zero"):
        refresh_query_side(context, ["query.b", "query.bad"])
    (line,) = history(db)
    assert (line.status, line.failed_operation) == ("failed", 2)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("query.between", "it is a view, and always shows what is there"),
        ("command.t", "it is a table"),
        ("query.bb", "did you mean query.b?"),
        ("nowhere.x", "there is no such materialized view"),
        ("b", "write it as schema.name"),
        ("query.c; DROP TABLE command.t", "write it as schema.name"),
    ],
)
def test_what_cannot_be_refreshed_is_said_before_anything_is(
    context: Context, db: Connection, name: str, message: str
) -> None:
    with pytest.raises(UnknownObject) as refusal:
        refresh_query_side(context, ["query.c", name])
    assert message in str(refusal.value)
    assert db.execute("SELECT n FROM query.c").fetchall() == [(0,)]
    assert history(db) == []

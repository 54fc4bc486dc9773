"""Those materialized views are refreshed afterwards that the change has left behind."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from worker.schema import Context, RegistryDependentKind, SchemaChange, plan_change, track_change

Connection = psycopg.Connection[Any]
CHAIN = ["query.parents", "query.children", "query.grandchildren"]
SEEN = ["query.m", "query.twice"]


@pytest.fixture(autouse=True)
def views(db: Connection) -> None:
    """Tables in a row of foreign keys; tables, views and materialized views upon each other."""
    db.execute(
        """CREATE TABLE command.parent (id int PRIMARY KEY, n int);
        CREATE TABLE command.child (id int PRIMARY KEY, p int REFERENCES command.parent
            ON DELETE CASCADE ON UPDATE CASCADE);
        CREATE TABLE command.grandchild (c int REFERENCES command.child ON DELETE SET NULL);
        INSERT INTO command.parent VALUES (1, 1);
        INSERT INTO command.child VALUES (1, 1);
        INSERT INTO command.grandchild VALUES (1);
        CREATE MATERIALIZED VIEW query.parents AS SELECT sum(id + n) AS n FROM command.parent;
        CREATE MATERIALIZED VIEW query.children AS SELECT sum(p) AS n FROM command.child;
        CREATE MATERIALIZED VIEW query.grandchildren AS SELECT sum(c) AS n FROM command.grandchild;
        CREATE TABLE query.src (i int);
        CREATE VIEW query.seen AS SELECT i FROM query.src;
        CREATE MATERIALIZED VIEW query.m AS SELECT count(*) AS n FROM query.seen;
        CREATE MATERIALIZED VIEW query.twice AS SELECT 2 * n AS n FROM query.m"""
    )


def really_behind(db: Connection) -> list[str]:
    """Materialized views that show other rows when they are refreshed, in that order."""
    found = """SELECT format('%I.%I', relnamespace::regnamespace, relname) FROM pg_class
                WHERE relkind = 'm' AND relnamespace <> 'cqrs'::regnamespace ORDER BY oid"""
    behind = []
    for (view,) in db.execute(found).fetchall():
        populated = db.execute(
            "SELECT relispopulated FROM pg_class WHERE oid = %s::regclass", [view]
        ).fetchone()
        before = db.execute(f"TABLE {view}".encode()).fetchall() if populated == (True,) else None
        db.execute(f"REFRESH MATERIALIZED VIEW {view}".encode())
        if db.execute(f"TABLE {view}".encode()).fetchall() != before:
            behind.append(view)
    return behind


@pytest.mark.parametrize(
    ("operation", "behind"),
    [
        ("TRUNCATE command.parent CASCADE", CHAIN),
        ("TRUNCATE command.child CASCADE", CHAIN[1:]),
        ("TRUNCATE command.grandchild", CHAIN[2:]),
        ("DELETE FROM command.parent", CHAIN),
        ("WITH d AS (DELETE FROM command.child RETURNING 1) SELECT * FROM d", CHAIN[1:]),
        ("UPDATE command.parent SET id = 2", CHAIN[:2]),
        ("UPDATE command.parent SET n = 2", CHAIN[:1]),
        ("INSERT INTO command.parent VALUES (2, 2)", CHAIN[:1]),
        ("INSERT INTO command.parent VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 5", CHAIN[:2]),
        ("DO 'BEGIN DELETE FROM command.child; END'", CHAIN[1:]),
    ],
)
def test_rows_that_foreign_keys_pass_on_leave_views_behind(
    context: Context, db: Connection, read_side: SmallReadSide, operation: str, behind: list[str]
) -> None:
    track_change(context, [operation], [], "Write", "1.0.0")
    assert sorted(read_side.refreshed) == sorted(behind)
    assert really_behind(db) == behind


NEW = "CREATE MATERIALIZED VIEW query.new AS SELECT count(*) AS n FROM {}"
FILL = "INSERT INTO query.src VALUES (1), (2)"
OVER = "CREATE OR REPLACE VIEW query.seen AS SELECT i FROM query.src WHERE i > 1"
FUNCTION = "CREATE FUNCTION query.all() RETURNS SETOF int BEGIN ATOMIC SELECT i FROM {}; END"


@pytest.mark.parametrize(
    ("operations", "behind"),
    [
        ([FILL], SEEN),
        ([NEW.format("query.src"), FILL], [*SEEN, "query.new"]),
        ([FILL, NEW.format("query.src")], SEEN),
        ([NEW.format("query.seen"), FILL], [*SEEN, "query.new"]),
        (
            [NEW.format("query.m"), FILL, "REFRESH MATERIALIZED VIEW query.m"],
            ["query.new", "query.twice"],
        ),
        (
            ["CREATE VIEW query.w AS TABLE query.src", NEW.format("query.w"), FILL],
            [*SEEN, "query.new"],
        ),
        ([FUNCTION.format("query.src"), NEW.format("query.all()"), FILL], [*SEEN, "query.new"]),
        ([NEW.format("query.src") + " WITH NO DATA"], ["query.new"]),
        (["REFRESH MATERIALIZED VIEW query.m", FILL], SEEN),
        ([FILL, "REFRESH MATERIALIZED VIEW query.m"], ["query.twice"]),
        (
            [FILL, "REFRESH MATERIALIZED VIEW query.m", "REFRESH MATERIALIZED VIEW query.twice"],
            [],
        ),
        (["DROP MATERIALIZED VIEW query.twice", FILL], SEEN[:1]),
        (["DROP MATERIALIZED VIEW query.m CASCADE", FILL], []),
        (
            [
                "DROP MATERIALIZED VIEW query.twice",
                "CREATE MATERIALIZED VIEW query.twice AS SELECT 2 AS n",
                FILL,
            ],
            SEEN[:1],
        ),
        (["ALTER TABLE query.src RENAME TO source", FILL.replace("src", "source")], SEEN),
        ([FILL, "ALTER MATERIALIZED VIEW query.m RENAME TO n"], ["query.n", "query.twice"]),
        (["ALTER MATERIALIZED VIEW query.m SET SCHEMA public", FILL], ["public.m", "query.twice"]),
        ([FILL, OVER], SEEN),
    ],
)
def test_the_order_of_operations_decides_what_is_behind(
    context: Context,
    db: Connection,
    read_side: SmallReadSide,
    operations: list[str],
    behind: list[str],
) -> None:
    track_change(context, [], operations, "Views", "1.0.0", force=True)
    assert set(behind) <= set(read_side.refreshed)
    assert set(really_behind(db)) <= set(read_side.refreshed)
    needless = set(read_side.refreshed) - set(behind)  # filled by the change, before or after
    assert all(any(view in each for each in operations) for view in needless - {"query.twice"})


def test_what_is_rebuilt_leaves_the_views_over_it_behind(
    context: Context, read_side: SmallReadSide
) -> None:
    read_side.hang(RegistryDependentKind.PROJECTION, "orders.src", "query.src")
    change = SchemaChange.of([], ["ALTER TABLE query.src ADD COLUMN note text"], "Column", "1.0.0")
    found = plan_change(context, change).follow_up
    assert found.rebuilds == ("orders.src",)
    assert [str(view) for view in found.refreshes] == SEEN

"""What a changeset owes, by what the server says: no view is stale that is not refreshed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema import oracle
from tests.schema.registry import SmallReadSide
from worker.schema import (
    Context,
    SchemaChange,
    execute_changeset,
    history,
    plan_change,
    track_change,
)
from worker.schema.errors import ChangeFailed, InvalidChange, VersionRefused, WrongStatus

Connection = psycopg.Connection[Any]
SHORT = 22


def test_no_view_is_left_stale_that_is_not_owed(db: Connection) -> None:
    db.execute(oracle.SETUP)
    verdicts = {change: oracle.judge(db, change) for change in oracle.CHANGES[:SHORT]}
    assert {change: v.missed for change, v in verdicts.items() if v.missed} == {}
    assert sum(len(verdict.stale) for verdict in verdicts.values()) > 40


def test_the_estimate_of_a_plan_does_not_bind_a_trigger_and_the_facts_do(
    context: Context, db: Connection, read_side: SmallReadSide
) -> None:
    db.execute(oracle.SETUP)
    change = ["INSERT INTO command.users VALUES (3, 'Cyd', 40)"]
    planned = plan_change(context, SchemaChange.of(change, [], "One more", "1.0.0"))
    assert "query.m_log" not in map(str, planned.follow_up.refreshes)
    done = track_change(context, change, [], "One more", "1.0.0")
    assert {"query.m_log", "query.m_users"} <= set(read_side.refreshed)
    assert "ROW EXCLUSIVE on command.log" in map(str, done.locks)


ACROSS = """
    CREATE TABLE command.t (id int PRIMARY KEY); INSERT INTO command.t VALUES (1);
    CREATE TABLE query.q (id int); CREATE TABLE query.w (id int); CREATE TABLE query.read (id int);
    CREATE FUNCTION command.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        EXECUTE 'INSERT INTO ' || 'query.q VALUES (1)'; RETURN NULL; END$$;
    CREATE TRIGGER f AFTER INSERT ON command.t FOR EACH ROW EXECUTE FUNCTION command.f();
    CREATE FUNCTION query.g() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        EXECUTE 'UPDATE ' || 'command.t SET id = id + 1'; RETURN NULL; END$$;
    CREATE TRIGGER g AFTER INSERT ON query.w FOR EACH ROW EXECUTE FUNCTION query.g()
"""


@pytest.mark.parametrize(
    ("command", "query", "number", "where"),
    [
        (["INSERT INTO command.t VALUES (2)"], [], 1, "query.q"),
        ([], ["INSERT INTO query.w VALUES (2)"], 1, "command.t"),
        (["DELETE FROM command.t"], ["INSERT INTO query.w VALUES (2)"], 2, None),
        (["UPDATE command.t SET id = 5"], ["INSERT INTO query.w VALUES (2)"], 2, "command.t"),
    ],
)
def test_whoever_crosses_the_border_by_a_trigger_is_stopped_and_named(
    context: Context,
    db: Connection,
    command: list[str],
    query: list[str],
    number: int,
    where: str | None,
) -> None:
    db.execute(ACROSS)
    if where is None:  # an UPDATE of no row writes none, and its lock is there already
        assert track_change(context, command, query, "Across", "1.0.0").status == "completed"
        return
    with pytest.raises(
        ChangeFailed, match=rf"operation {number} failed: .* may not touch .*{where}"
    ):
        track_change(context, command, query, "Across", "1.0.0")
    assert db.execute("SELECT id FROM command.t").fetchall() == [(1,)]


def test_what_is_refused_before_it_runs_is_in_the_history_with_the_reason(
    context: Context, db: Connection
) -> None:
    track_change(context, ["CREATE TABLE command.a (id int)"], [], "A", "1.0.0")
    with pytest.raises(VersionRefused):
        track_change(context, ["CREATE TABLE command.b (id int)"], [], "B", "1.0.0")
    with pytest.raises(InvalidChange):
        track_change(context, ["DROP TABLE query.x\0"], [], "C", "1.1.0")
    found = {entry.description: entry for entry in history(db, status="refused")}
    assert set(found) == {"B", "C"}
    assert "does not follow" in (found["B"].error or "")
    with pytest.raises(WrongStatus, match="correct it and track it again"):
        execute_changeset(context, found["B"].changeset_id)


@pytest.mark.parametrize(
    ("operations", "possible"),
    [
        (["CREATE TABLE command.a (id int)"], False),
        (["CREATE TABLE IF NOT EXISTS command.a (id int)"], True),
        (["DROP TABLE command.a", "CREATE TABLE command.a (id int)"], True),
        (["ALTER TABLE command.a RENAME TO b", "CREATE TABLE command.a (id int)"], True),
        (["CREATE TABLE command.b (id int)", "CREATE TABLE command.b (id int)"], False),
        (["CREATE TYPE command.t AS ENUM ('x')"], False),
        (["CREATE OR REPLACE VIEW command.v AS SELECT b FROM command.two"], False),
        (["CREATE OR REPLACE VIEW command.v (x, y) AS SELECT a, b FROM command.two"], False),
        (["CREATE OR REPLACE VIEW command.v AS SELECT a, b, 1 AS c FROM command.two"], True),
        (["CREATE OR REPLACE VIEW command.new AS SELECT b FROM command.two"], True),
        (
            [
                "DROP VIEW command.v",
                "CREATE OR REPLACE VIEW command.v AS SELECT b FROM command.two",
            ],
            True,
        ),
    ],
)
def test_a_plan_says_when_what_it_would_make_is_there(
    context: Context, db: Connection, operations: list[str], possible: bool
) -> None:
    db.execute(
        """CREATE TABLE command.a (id int); CREATE TYPE command.t AS ENUM ('x');
        CREATE TABLE command.two (a int, b int);
        CREATE VIEW command.v AS SELECT a, b FROM command.two"""
    )
    planned = plan_change(context, SchemaChange.of(operations, [], "Make", "1.0.0"))
    assert planned.is_possible is possible
    if possible:
        assert track_change(context, operations, [], "Make", "1.0.0").status == "completed"
    else:
        with pytest.raises(ChangeFailed, match=r"exists|cannot (change name|drop columns)"):
            track_change(context, operations, [], "Make", "1.0.0")

"""An operation stays on its side, and off the engine, however it tries to get across."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.test_every_statement import problems
from worker.schema import Context, SchemaChange, history, plan_change, track_change
from worker.schema.errors import InvalidChange

Connection = psycopg.Connection[Any]
QUERY_TOUCHES, COMMAND_TOUCHES = "touch the command side", "touch the query side"
BODY = "CREATE FUNCTION {} RETURNS void LANGUAGE {} AS $${}$$"


@pytest.mark.parametrize(
    "operation",
    [
        "CREATE TABLE query.t AS WITH d AS (DELETE FROM command.o RETURNING id) SELECT id FROM d",
        "CREATE MATERIALIZED VIEW query.m AS SELECT nextval('command.numbers')",
        "SELECT 1 AS a INTO command.made",
        "SELECT command.tidy_up()",
        "CALL command.tidy_up()",
        "SELECT setval('command.numbers'::regclass, 5)",
        "INSERT INTO query.t VALUES (nextval('command.numbers'))",
        "CREATE RULE r AS ON INSERT TO query.t DO ALSO DELETE FROM command.o",
        "CREATE TRIGGER t AFTER INSERT ON query.t FOR EACH ROW EXECUTE FUNCTION command.f()",
        "CREATE TABLE query.t () INHERITS (command.o)",
        "CREATE FUNCTION query.f() RETURNS void BEGIN ATOMIC DELETE FROM command.o; END",
        BODY.format("query.f()", "sql", "DELETE FROM command.o"),
        BODY.format(
            "query.f()", "plpgsql", "BEGIN IF true THEN DELETE FROM command.o; END IF; END"
        ),
        BODY.format(
            "query.f(a command.o, b command.kind)",
            "plpgsql",
            "DECLARE c command.o%ROWTYPE; d command.kind; e command.kind[]; n int;"
            " BEGIN a.id := 1; c.id = 2; e[1] := b; UPDATE command.o SET id = 2;"
            " GET DIAGNOSTICS n = ROW_COUNT; END",
        ),
        (
            "CREATE FUNCTION query.f() RETURNS SETOF command.o LANGUAGE plpgsql AS"
            " 'BEGIN RETURN QUERY DELETE FROM command.o RETURNING *; END'"
        ),
        (
            "CREATE FUNCTION query.f() RETURNS TABLE (x int, y command.kind) LANGUAGE plpgsql AS"
            " 'BEGIN x := 1; DELETE FROM command.o; RETURN NEXT; END'"
        ),
        (
            "CREATE PROCEDURE query.p(INOUT a int) LANGUAGE plpgsql AS"
            " 'BEGIN a := 1; COMMIT; DELETE FROM command.o; END'"
        ),
        (
            "CREATE FUNCTION query.f() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.a := 1; DELETE FROM command.o; RETURN NEW; END'"
        ),
        "DO 'BEGIN DELETE FROM command.o; END'",
        "DO $$ BEGIN EXECUTE 'DELETE FROM command.o'; END $$",
        (
            "DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'TABLE query.t' LOOP"
            " r := (SELECT command.o FROM command.o); TRUNCATE command.o; END LOOP; END $$"
        ),
    ],
)
def test_a_query_operation_does_not_reach_the_command_side(operation: str) -> None:
    assert any(QUERY_TOUCHES in each.message for each in problems([], [operation]))


@pytest.mark.parametrize(
    "operation",
    [
        BODY.format("command.f()", "sql", "INSERT INTO query.t VALUES (9)"),
        BODY.format("command.f()", "sql", "SELECT count(*) FROM query.t"),
        BODY.format("command.f()", "plpgsql", "BEGIN PERFORM 1 FROM query.t; END"),
        "DO $$ BEGIN EXECUTE 'CREATE TABLE query.made (i int)'; END $$",
        "DO $$ DECLARE n int := (SELECT count(*) FROM query.t); BEGIN END $$",
        "CREATE TABLE command.kin () INHERITS (query.t)",
        "GRANT SELECT ON ALL TABLES IN SCHEMA query TO public",
    ],
)
def test_a_command_operation_stays_off_the_query_side_altogether(operation: str) -> None:
    assert any(COMMAND_TOUCHES in each.message for each in problems([operation], []))


@pytest.mark.parametrize(
    "operation",
    [
        "SELECT 1 AS a INTO cqrs.made",
        "CREATE TABLE command.t AS WITH d AS (DELETE FROM cqrs.events RETURNING *) TABLE d",
        "DO 'BEGIN DELETE FROM cqrs.events; END'",
        BODY.format("command.f()", "sql", "DELETE FROM cqrs.receipts"),
        "CREATE RULE r AS ON INSERT TO command.t DO ALSO DELETE FROM cqrs.events",
    ],
)
def test_no_operation_reaches_the_engines_own_tables(operation: str) -> None:
    assert any("the engine's own" in each.message for each in problems([operation], []))


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("SELECT pg_advisory_unlock_all()", "the changeset lock is such a lock"),
        ("SELECT pg_try_advisory_xact_lock(1)", "the changeset lock"),
        ("SELECT pg_catalog.pg_advisory_lock(1)", "the changeset lock"),
        ("DO 'BEGIN PERFORM pg_advisory_unlock_all(); END'", "the changeset lock"),
        ("CREATE TABLE command.t AS SELECT pg_advisory_unlock(1, 2)", "the changeset lock"),
        ("SELECT set_config('lock_timeout', '0', false)", "the changeset's limits"),
        ("DO 'BEGIN SET LOCAL lock_timeout = 0; END'", "the changeset's limits"),
        ("UPDATE command.t SET a = set_config('a.b', 'c', true)", "the changeset's limits"),
        ("SELECT pg_terminate_backend(1)", "other sessions"),
        ("SELECT pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity", "other sessions"),
        ("SELECT public.dblink_exec('', 'DELETE FROM command.t')", "another connection"),
        ("SELECT query_to_xml('DELETE FROM x', true, true, '')", "SQL that stands in a string"),
        ("SELECT pg_reload_conf()", "running the server"),
        ("SELECT pg_drop_replication_slot('a')", "running the server"),
        ("SELECT lo_import('/etc/passwd')", "the server's files"),
        ("SELECT pg_read_binary_file('x')", "the server's files"),
        ("DO $$ BEGIN EXECUTE 'VACUUM command.t'; END $$", "cannot run in a block"),
        ("PREPARE p AS DELETE FROM command.t", "no part of a schema change"),
        ("EXECUTE p", "no part of a schema change"),
        ("EXPLAIN ANALYZE DELETE FROM command.t", "no part of a schema change"),
    ],
)
def test_calls_that_would_end_what_a_changeset_promises_are_refused(
    operation: str, why: str
) -> None:
    assert any(why in each.message for each in problems([operation], []))


@pytest.mark.parametrize(
    "operation",
    [
        "CREATE FUNCTION query.f() RETURNS bigint RETURN (SELECT count(*) FROM command.o)",
        BODY.format("query.f()", "plpgsql", "BEGIN INSERT INTO query.t TABLE command.o; END"),
        BODY.format("query.f()", "plpgsql", "BEGIN PERFORM pg_advisory_xact_lock(1); END"),
        "CREATE TABLE query.t AS SELECT * FROM command.o",
        "SELECT count(*) FROM command.o",
        "CREATE TRIGGER t AFTER INSERT ON query.t EXECUTE FUNCTION cqrs.record_audit()",
    ],
)
def test_what_a_query_operation_may_do_it_may(operation: str) -> None:
    assert problems([], [operation]) == []


@pytest.mark.parametrize(
    ("operation", "note"),
    [
        ("DO 'BEGIN NULL; END'", "what a DO block does is not known before it runs"),
        ("DO $$ BEGIN EXECUTE 'DROP ' || 'TABLE x'; END $$", "SQL that it makes up"),
        (
            BODY.format("command.f(a text)", "plpgsql", "BEGIN EXECUTE format('TABLE %I', a); END"),
            "SQL that it makes up",
        ),
        (BODY.format("command.f()", "plpgsql", "BEGIN x := 1; END"), "cannot be read here"),
        (BODY.format("command.f()", "plperl", "1"), "it is written in plperl"),
        ("CALL command.tidy_up()", "what a procedure does is not known"),
    ],
)
def test_what_cannot_be_seen_into_is_said(context: Context, operation: str, note: str) -> None:
    (said,) = plan_change(context, SchemaChange.of([operation], [], "Opaque", "1.0.0")).notes
    assert note in said


@pytest.fixture
def across(db: Connection) -> None:
    """Ways from one side to the other that only the catalogue knows."""
    db.execute(
        """CREATE TABLE command.base (id int PRIMARY KEY, n int);
        INSERT INTO command.base VALUES (1, 1);
        CREATE VIEW query.rows AS SELECT id, n FROM command.base;
        CREATE VIEW query.rows_again AS SELECT id AS x FROM query.rows;
        CREATE TABLE query.notes (b int REFERENCES command.base ON DELETE SET NULL);
        CREATE TABLE query.tags (b int REFERENCES command.base ON UPDATE CASCADE);
        CREATE TABLE query.own (id int PRIMARY KEY);
        CREATE TABLE command.of_query (q int REFERENCES query.own)"""
    )


@pytest.mark.usefixtures("across")
@pytest.mark.parametrize(
    ("command", "query"),
    [
        ([], ["DELETE FROM query.rows_again"]),
        ([], ["INSERT INTO query.rows VALUES (2, 2)"]),
        ([], ["TRUNCATE query.own CASCADE"]),
        (["DELETE FROM command.base"], []),
        (["UPDATE command.base SET id = 2"], []),
        (["INSERT INTO command.base VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2"], []),
        (["MERGE INTO command.base USING command.of_query ON true WHEN MATCHED THEN DELETE"], []),
    ],
)
def test_rows_on_the_other_side_are_not_reached_through_views_and_foreign_keys(
    context: Context, db: Connection, command: list[str], query: list[str]
) -> None:
    with pytest.raises(InvalidChange, match="through a view, a foreign key or a function"):
        track_change(context, command, query, "Across", "1.0.0")
    assert [line.status for line in history(db)] == ["refused"]
    assert db.execute("SELECT id, n FROM command.base").fetchall() == [(1, 1)]


@pytest.mark.usefixtures("across")
@pytest.mark.parametrize(
    "operation",
    [
        "UPDATE command.base SET n = 2",
        "INSERT INTO command.base VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 2",
        "DELETE FROM command.of_query",
    ],
)
def test_rows_that_no_key_passes_on_are_changed(context: Context, operation: str) -> None:
    assert track_change(context, [operation], [], "Within", "1.0.0").status == "completed"

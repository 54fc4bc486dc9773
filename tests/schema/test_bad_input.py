"""Bad input: a clear error with its place, nothing recorded and nothing done."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.schema import Context, Operation, SchemaChange, history, tasks, track_change
from worker.schema.change.change import DEFAULT_SCHEMAS
from worker.schema.errors import InvalidChange, Problem
from worker.schema.plan.operations import read_operations
from worker.schema.tasks import TrackChange

Connection = psycopg.Connection[Any]
FINE = "CREATE TABLE command.fine (id int)"


def problems(command: list[str], query: list[str]) -> list[Problem]:
    with pytest.raises(InvalidChange) as refusal:
        read_operations(SchemaChange.of(command, query, "Bad", "1.0.0"), DEFAULT_SCHEMAS)
    return list(refusal.value.problems)


@pytest.mark.parametrize(
    ("sql", "line", "column", "message"),
    [
        ("CREATE TABEL command.t (id int)", 1, 8, 'syntax error at or near "TABEL"'),
        ("CREATE TABLE command.t (\n  id int,\n  n nt nt\n)", 3, 8, "syntax error"),
        ("CREATE TABLE command.t (", 1, 25, "syntax error at end of input"),
        ("SELECT 'abc", 1, 8, "unterminated quoted string"),
        ("-- Grüße, ünïcödé\nSELECT 'äöü' FORM x", 2, 19, 'syntax error at or near "x"'),
        ("SELECT $body$ abc", 1, 8, "unterminated dollar-quoted string"),
        ("", 1, 1, "the operation is empty"),
        ("  -- nothing but a comment", 1, 1, "the operation is empty"),
        ("SELECT 1;\n  SELECT 2", 2, 3, "several statements in one operation"),
        ("SELECT '\0'", 1, 9, "NUL"),
    ],
)
def test_what_cannot_be_read_is_refused_with_line_and_column(
    sql: str, line: int, column: int, message: str
) -> None:
    (problem,) = problems([FINE, sql], [])
    assert message in problem.message
    assert (problem.operation, problem.line, problem.column) == (2, line, column)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("BEGIN", "transaction control"),
        ("COMMIT", "transaction control"),
        ("SAVEPOINT a", "transaction control"),
        ("PREPARE TRANSACTION 'a'", "transaction control"),
        ("SET lock_timeout = 0", "settings belong to the changeset's limits"),
        ("SET LOCAL ROLE postgres", "settings belong to the changeset's limits"),
        ("COPY command.t FROM STDIN", "COPY needs a client"),
        ("COPY command.t TO PROGRAM 'cat'", "COPY needs a client"),
        ("ALTER SYSTEM SET work_mem = '1GB'", "configuration"),
        ("CREATE DATABASE x", "a database is no part"),
        ("CREATE ROLE x", "no part of a schema change"),
        ("CREATE EXTENSION hstore", "no part of a schema change"),
        ("DROP EXTENSION hstore", "does not drop an extension"),
        ("LISTEN x", "no part of a schema change"),
        ("DECLARE c CURSOR FOR SELECT 1", "no part of a schema change"),
        ("EXPLAIN SELECT 1", "no part of a schema change"),
        ("REINDEX SCHEMA command", "name one table or index"),
        ("VACUUM", "name the tables"),
        ("CREATE SCHEMA s CREATE TABLE t (id int)", "operations of their own"),
    ],
)
def test_what_has_no_place_in_a_changeset_is_refused_by_name(sql: str, why: str) -> None:
    (problem,) = problems([sql], [])
    assert why in problem.message


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE pg_catalog.pg_class",
        "ALTER TABLE pg_catalog.pg_class ADD COLUMN x int",
        "UPDATE pg_catalog.pg_class SET relname = 'x'",
        "DELETE FROM pg_catalog.pg_depend",
        "CREATE VIEW information_schema.mine AS SELECT 1",
        "TRUNCATE pg_catalog.pg_statistic",
        "WITH gone AS (DELETE FROM pg_catalog.pg_class RETURNING 1) SELECT * FROM gone",
        "GRANT UPDATE ON pg_catalog.pg_authid TO public",
        "CREATE FUNCTION pg_catalog.now(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_operations_on_system_catalogues_are_refused(sql: str) -> None:
    assert any("PostgreSQL's own" in problem.message for problem in problems([sql], []))


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM cqrs.changesets",
        "DROP TABLE cqrs.events CASCADE",
        "ALTER TABLE cqrs.changeset_operations DROP COLUMN error",
        "DROP SCHEMA cqrs CASCADE",
    ],
)
def test_operations_on_the_engines_own_tables_are_refused(sql: str) -> None:
    (problem,) = problems([sql], [])
    assert "the engine's own" in problem.message


@pytest.mark.parametrize(
    ("command", "query"),
    [
        (["CREATE TABLE query.t (id int)"], []),
        (["DROP VIEW query.v"], []),
        (["CREATE VIEW command.v AS SELECT * FROM query.t"], []),
        (["INSERT INTO command.t SELECT id FROM query.t"], []),
        (["ALTER TABLE command.t SET SCHEMA query"], []),
        (["DROP SCHEMA query CASCADE"], []),
        (["CREATE TABLE command.t (id int REFERENCES query.t)"], []),
        ([], ["CREATE TABLE command.t (id int)"]),
        ([], ["ALTER TABLE command.t ADD COLUMN n int"]),
        ([], ["UPDATE command.t SET n = 1"]),
        ([], ["CREATE TRIGGER t AFTER INSERT ON command.t EXECUTE FUNCTION query.f()"]),
        ([], ["CREATE INDEX i ON command.t (id)"]),
        ([], ["CREATE TABLE query.t (id int REFERENCES command.t)"]),
        ([], ["DROP TABLE query.a, command.b"]),
        ([], ["WITH x AS (DELETE FROM command.t RETURNING 1) SELECT * FROM x"]),
    ],
)
def test_an_operation_that_touches_the_other_side_is_refused(
    command: list[str], query: list[str]
) -> None:
    found = problems(command, query)
    assert any("may not touch the" in problem.message for problem in found)


def test_a_query_operation_may_read_the_command_side() -> None:
    view = "CREATE VIEW query.v AS SELECT * FROM command.t JOIN reference.c USING (id)"
    assert len(read_operations(SchemaChange.of([], [view], "Fine", "1.0.0"), DEFAULT_SCHEMAS)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (id int)",
        "DROP VIEW v",
        "INSERT INTO t VALUES (1)",
        "CREATE VIEW command.v AS SELECT * FROM t",
        "CREATE FUNCTION f() RETURNS int RETURN 1",
    ],
)
def test_a_name_without_its_schema_is_refused_for_where_it_leads_depends_on_the_session(
    sql: str,
) -> None:
    found = problems([sql], [])
    assert any("name the schema" in problem.message for problem in found)


def test_every_problem_is_named_at_once() -> None:
    found = problems(["BEGIN", "SELEC 1", FINE], ["DROP TABLE command.t", ""])
    assert [problem.operation for problem in found] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("command", "query", "description", "version", "messages"),
    [
        ([], [], "Empty", "1.0.0", ["at least one operation"]),
        ([FINE], [], " ", "1.0.0", ["the description is empty"]),
        ([FINE], [], "a\0b", "1.0.0", ["NUL"]),
        ([FINE], [], "Bad", "one", ["'one' is no semantic version"]),
        ([FINE], [], "Bad", "1.0", ["is no semantic version"]),
        ([FINE], [], "Bad", "v1.0.0", ["is no semantic version"]),
        ([FINE], [], "Bad", "1.0.0\n", ["is no semantic version"]),
        ([], [], "", "", ["description", "version", "at least one operation"]),
    ],
)
def test_a_change_without_form_is_refused_and_recorded_with_the_reason(
    context: Context,
    db: Connection,
    command: list[str],
    query: list[str],
    description: str,
    version: str,
    messages: list[str],
) -> None:
    with pytest.raises(InvalidChange) as refusal:
        track_change(context, command, query, description, version)
    assert len(refusal.value.problems) == len(messages)
    assert all(message in str(refusal.value) for message in messages)
    (line,) = history(db)
    assert (line.status, line.error) == ("refused", str(refusal.value))
    assert (line.command_ops_count, line.query_ops_count) == (len(command), len(query))


@pytest.mark.parametrize(
    ("command", "description", "version", "messages"),
    [
        (None, "Bad", "1.0.0", ["command_operations is a list", "is None"]),
        (5, "Bad", "1.0.0", ["command_operations is a list", "is 5"]),
        ({"sql": FINE}, "Bad", "1.0.0", ["command_operations is a list"]),
        ([FINE, 5], "Bad", "1.0.0", ["command_operations[1] is a string or", "is 5"]),
        ([None], "Bad", "1.0.0", ["command_operations[0] is a string or", "is None"]),
        ([{"undo": FINE}], "Bad", "1.0.0", ["command_operations[0] is a string or"]),
        ([{"sql": 1.5}], "Bad", "1.0.0", ["command_operations[0]: sql is a string (is 1.5)"]),
        ([{"sql": FINE, "undo": 3}], "Bad", "1.0.0", ["undo is a string (is 3)"]),
        ([{"sql": FINE, "und": "x"}], "Bad", "1.0.0", ["unknown key 'und'; it takes sql, undo"]),
        ([Operation(5)], "Bad", "1.0.0", ["sql is a string (is 5)"]),  # type: ignore[arg-type]
        ([FINE], 5, "1.0.0", ["the description is a string (is 5)"]),
        ([FINE], None, "1.0.0", ["the description is a string (is None)"]),
        ([FINE], "Bad", 1.0, ['the version is a string like "1.4.0" (is 1.0)']),
        ([FINE], "Bad", None, ["the version is a string", "is None"]),
        ([FINE], "a\ud800", "1.0.0", ["the description contains half of a surrogate pair, U+D800"]),
        (["SELECT '\ud800'"], "Bad", "1.0.0", ["half of a surrogate pair", "line 1, column 9"]),
        ([{"sql": FINE, "undo": "\udfff"}], "Bad", "1.0.0", ["undo: SQL contains half", "U+DFFF"]),
    ],
)
def test_what_is_of_the_wrong_type_is_named_with_what_to_write(
    context: Context,
    db: Connection,
    command: Any,
    description: Any,
    version: Any,
    messages: list[str],
) -> None:
    with pytest.raises(InvalidChange) as refusal:
        track_change(context, command, [], description, version)
    assert all(message in str(refusal.value) for message in messages)
    (line,) = history(db)
    assert line.status == "refused"
    assert all(message in str(line.error) for message in messages)


def test_a_command_of_another_sender_without_form_is_recorded_under_its_id(
    context: Context, db: Connection
) -> None:
    command = TrackChange(
        command_operations=({"sql": FINE},),  # type: ignore[arg-type]
        query_operations=(),
        description="Bad",
        version="one",
    )
    id_ = uuid4()
    for _ in range(2):  # delivered again, it is recorded once
        with pytest.raises(InvalidChange):
            tasks.track_change.act(command, context, id_)
    (line,) = history(db)
    assert (line.changeset_id, line.status, line.version) == (id_, "refused", "one")


def test_without_a_database_the_reason_is_told_all_the_same(context: Context) -> None:
    def nowhere() -> Connection:
        raise psycopg.OperationalError("nobody answers")

    with pytest.raises(InvalidChange, match="at least one operation"):
        track_change(replace(context, connect=nowhere), [], [], "Empty", "1.0.0")


def test_operations_may_be_mappings_as_json_has_them(context: Context) -> None:
    done = track_change(
        context,
        [{"sql": FINE, "undo": "DROP TABLE command.fine"}],
        [{"sql": "CREATE VIEW query.v AS SELECT 1 AS n", "undo": None}],
        "Mappings",
        "1.0.0",
    )
    assert [each.undo for each in done.operations] == ["DROP TABLE command.fine", None]


def test_one_string_instead_of_a_list_is_refused(context: Context) -> None:
    with pytest.raises(InvalidChange, match="a list of statements, not one string"):
        track_change(context, FINE, [], "Bad", "1.0.0")


def test_what_cannot_be_read_is_recorded_as_refused_and_not_done(
    context: Context, db: Connection
) -> None:
    with pytest.raises(InvalidChange):
        track_change(context, [FINE, "DROP"], [], "Bad", "1.0.0")
    assert [line.status for line in history(db)] == ["refused"]
    assert db.execute("SELECT to_regclass('command.fine')").fetchone() == (None,)


@given(st.text())
def test_any_text_is_either_read_or_refused_with_a_place(text: str) -> None:
    with suppress(InvalidChange):
        assert read_operations(SchemaChange.of([text], [], "Any", "1.0.0"), DEFAULT_SCHEMAS)
        return
    assert all(problem.line and problem.column for problem in problems([text], []))

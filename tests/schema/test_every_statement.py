"""Every kind of statement that PostgreSQL knows is read or refused: never is it a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pglast import ast

from worker.schema import SchemaChange
from worker.schema.change.change import DEFAULT_SCHEMAS
from worker.schema.errors import InvalidChange, Problem
from worker.schema.plan.operations import effects_before, read_operations
from worker.schema.statements import READERS, parse

SAMPLES = [
    line
    for line in Path(__file__).with_name("every_statement.sql").read_text().splitlines()
    if not line.startswith("--")
]
NOT_ON_THEIR_OWN = {  # parts of other statements, or of PL/pgSQL
    ast.PLAssignStmt,
    ast.RawStmt,
    ast.ReplicaIdentityStmt,
    ast.ReturnStmt,
    ast.SetOperationStmt,
}


def problems(command: list[str], query: list[str]) -> list[Problem]:
    """What is wrong with operations; nothing, where they can be read."""
    try:
        read_operations(SchemaChange.of(command, query, "Any", "1.0.0"), DEFAULT_SCHEMAS)
    except InvalidChange as refusal:
        return list(refusal.problems)
    return []


def test_the_samples_are_of_every_kind_that_the_parser_knows() -> None:
    kinds = {
        kind
        for name, kind in vars(ast).items()
        if isinstance(kind, type) and issubclass(kind, ast.Node) and name.endswith("Stmt")
    }
    assert kinds - NOT_ON_THEIR_OWN == {type(parse(text)[0].stmt) for text in SAMPLES}


def test_every_statement_is_read_or_refused_for_a_reason() -> None:
    for text in SAMPLES:
        for found in (problems([text], []), problems([], [text])):
            assert all("syntax error" not in each.message for each in found), text
            assert all("cannot be read" not in each.message for each in found), text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ALTER ROLE a RENAME TO b", "does not rename a role"),
        ("ALTER DATABASE a RENAME TO b", "does not rename a database"),
        ("ALTER TABLESPACE a RENAME TO b", "does not rename a tablespace"),
        ("ALTER LARGE OBJECT 5 OWNER TO bob", "does not change the owner of a large object"),
        ("COMMENT ON LARGE OBJECT 5 IS 'x'", "does not comment on a large object"),
        ("GRANT SELECT ON LARGE OBJECT 5 TO bob", "does not grant rights on a large object"),
        ("COMMENT ON CAST (int AS text) IS 'x'", "does not comment on a cast"),
        ("DROP CAST (int AS text)", "does not drop a cast"),
        ("COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'x'", "does not comment on a transform"),
        ("DROP TRANSFORM FOR int LANGUAGE sql", "does not drop a transform"),
        ("COMMENT ON CONSTRAINT c ON DOMAIN query.d IS 'x'", "touch the query side"),
        ("ALTER DOMAIN query.d RENAME CONSTRAINT a TO b", "touch the query side"),
        ("ALTER SCHEMA command RENAME TO other", "the engine knows this side by the name command"),
        ("CREATE SCHEMA AUTHORIZATION bob", "name it"),
        ("CREATE TABLE command.t AS EXECUTE p", "there is nothing prepared"),
    ],
)
def test_what_lies_in_no_schema_is_refused_by_name(text: str, why: str) -> None:
    (problem,) = problems([text], [])
    assert why in problem.message


def test_statistics_need_no_name() -> None:
    assert problems(["CREATE STATISTICS ON a, b FROM command.t"], []) == []


@pytest.fixture
def nothing_read_before() -> Iterator[None]:
    """What texts say is remembered: read with another reader, it is of that test alone."""
    effects_before.cache_clear()
    yield
    effects_before.cache_clear()


@pytest.mark.usefixtures("nothing_read_before")
def test_whatever_a_reader_trips_over_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(_: Any) -> Any:
        raise AttributeError("no such thing")

    monkeypatch.setitem(READERS, ast.LockStmt, trip)
    (problem,) = problems(["LOCK TABLE command.t"], [])
    assert "LOCK: this form of it cannot be read" in problem.message
    assert (problem.line, problem.column) == (1, 1)

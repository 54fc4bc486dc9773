"""No statement gets across: what may be done on one side may not be done to the other from there,
nor to the engine's own tables, nor to PostgreSQL's."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.test_locks import STATEMENTS as LOCKING
from tests.schema.test_witness import STATEMENTS as WITNESSED
from worker.schema import Context, SchemaChange, plan_change
from worker.schema.change.change import DEFAULT_SCHEMAS
from worker.schema.errors import InvalidChange
from worker.schema.plan.operations import read_operations

Connection = psycopg.Connection[Any]
EVERY = sorted({*WITNESSED, *(text for text in map(str.strip, LOCKING.splitlines()) if text)})
READING = ("SELECT", "TABLE", "VALUES", "CALL")


def refusal(text: str, side: str) -> str:
    """Why an operation may not stand on a side; empty where it may."""
    operations = ([text], []) if side == "command" else ([], [text])
    try:
        read_operations(SchemaChange.of(*operations, "One", "1.0.0"), DEFAULT_SCHEMAS)
    except InvalidChange as refused:
        return str(refused)
    return ""


def moved(text: str, schema: str) -> str:
    """The same statement about another schema."""
    return text.replace("command.", f"{schema}.").replace("spare", schema)


ABOUT_A_SIDE = [text for text in EVERY if moved(text, "query") != text]


def test_every_statement_is_allowed_on_its_own_side() -> None:
    assert [text for text in EVERY if refusal(text, "command")] == []
    assert len(ABOUT_A_SIDE) > 200


def test_nothing_that_the_command_side_does_may_it_do_to_the_query_side() -> None:
    allowed = [moved(text, "query") for text in ABOUT_A_SIDE]
    allowed = [
        text for text in allowed if "may not touch the query side" not in refusal(text, "command")
    ]
    assert allowed == []


def test_nothing_but_reading_may_the_query_side_do_to_the_command_side() -> None:
    texts = [moved(text, "command") for text in ABOUT_A_SIDE]
    allowed = [text for text in texts if not refusal(text, "query")]
    assert allowed == [
        "SELECT count(*) FROM command.parts",
        "SELECT count(*) FROM command.users",
        "TABLE command.users",
    ]


@pytest.mark.parametrize(
    ("schema", "whose"), [("cqrs", "the engine's own"), ("pg_catalog", "PostgreSQL's own")]
)
def test_nothing_but_reading_may_be_done_to_what_is_neither_sides(schema: str, whose: str) -> None:
    texts = [moved(text, schema) for text in ABOUT_A_SIDE]
    allowed = [text for text in texts if whose not in refusal(text, "command")]
    assert [text for text in allowed if not text.startswith(READING)] == []
    assert not [text for text in allowed if "FOR UPDATE" in text or "INTO" in text]


@pytest.fixture
def doors(db: Connection) -> None:
    """Ways from one side to the other that stand already."""
    db.execute(
        """CREATE SCHEMA reference;
        CREATE TABLE command.users (id int PRIMARY KEY);
        CREATE TABLE query.own (id int);
        CREATE FUNCTION reference.wipe() RETURNS void BEGIN ATOMIC DELETE FROM query.own; END;
        CREATE FUNCTION reference.wipe_by_program() RETURNS void LANGUAGE plpgsql
            AS 'BEGIN DELETE FROM query.own; END';
        CREATE FUNCTION reference.twice() RETURNS void LANGUAGE sql
            AS 'SELECT reference.wipe_by_program()'"""
    )


@pytest.mark.usefixtures("doors")
@pytest.mark.parametrize(
    ("command", "query"),
    [
        ([], ["CREATE VIEW query.v AS SELECT * FROM command.users", "DELETE FROM query.v"]),
        (["CREATE VIEW pg_temp.v AS SELECT * FROM command.users"], ["DELETE FROM pg_temp.v"]),
        (["SELECT reference.wipe()"], []),
        (["SELECT reference.wipe_by_program()"], []),
        (["SELECT reference.twice()"], []),
        (["INSERT INTO command.users SELECT 1 FROM reference.wipe()"], []),
        (["CREATE TABLE command.t (o query.own)"], []),
        (["ALTER TABLE command.users ADD COLUMN o query.own"], []),
        (["CREATE TYPE command.t AS (o query.own)"], []),
        (["DROP SCHEMA command CASCADE"], []),
        ([], ["LOCK TABLE command.users IN EXCLUSIVE MODE"]),
        ([], ["SELECT id FROM command.users FOR UPDATE"]),
        ([], ["INSERT INTO query.own SELECT id FROM command.users AS u FOR SHARE OF u"]),
        (
            [
                """CREATE FUNCTION command.f() RETURNS void LANGUAGE sql SET search_path = query
                AS 'DELETE FROM own'"""
            ],
            [],
        ),
        (
            [
                """CREATE FUNCTION command.f() RETURNS void LANGUAGE plpgsql
                SET search_path = command, query AS 'BEGIN DELETE FROM own; END'"""
            ],
            [],
        ),
        (["CREATE VIEW reference.v AS SELECT * FROM cqrs.slots", "DELETE FROM reference.v"], []),
    ],
)
def test_no_detour_leads_across(context: Context, command: list[str], query: list[str]) -> None:
    with pytest.raises(InvalidChange, match=r"may not touch|the engine('s own| knows)"):
        plan_change(context, SchemaChange.of(command, query, "One", "1.0.0"))


def test_what_a_called_function_writes_has_its_views_refreshed(
    context: Context, db: Connection
) -> None:
    db.execute(
        """CREATE TABLE command.users (id int);
        CREATE MATERIALIZED VIEW query.count AS SELECT count(*) FROM command.users;
        CREATE FUNCTION command.fill() RETURNS void BEGIN ATOMIC
            INSERT INTO command.users VALUES (1); END"""
    )
    made = "CREATE PROCEDURE command.more() LANGUAGE sql AS 'SELECT command.fill()'"
    found = plan_change(
        context, SchemaChange.of([made, "CALL command.more()"], [], "Fill", "1.0.0")
    )
    assert [str(view) for view in found.follow_up.refreshes] == ["query.count"]

"""Objects of the other side are changed by nobody's program: what has been is seen, and undone."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from worker.schema import Context, track_change
from worker.schema.change.change import DEFAULT_SCHEMAS, Side
from worker.schema.errors import ChangeFailed
from worker.schema.execute.border import Border

Connection = psycopg.Connection[Any]
THERE = """
    CREATE TABLE command.t (id int PRIMARY KEY, n int); INSERT INTO command.t VALUES (1, 1);
    CREATE TABLE query.q (id int PRIMARY KEY, n int);
    CREATE INDEX old ON query.q (n);
    CREATE VIEW query.v AS SELECT id FROM command.t;
    CREATE MATERIALIZED VIEW query.m AS SELECT count(*) AS n FROM command.t;
    CREATE FUNCTION query.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE query.e AS ENUM ('a');
    CREATE FUNCTION command.ddl(words text) RETURNS void LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE words; END $$;
    CREATE FUNCTION command.on_write() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE 'ALTER TABLE query' || '.q ADD COLUMN late int'; RETURN NULL; END $$;
    CREATE TABLE command.watched (id int);
    CREATE TRIGGER w AFTER INSERT ON command.watched EXECUTE FUNCTION command.on_write()
"""
CROSSING = [
    ("ALTER TABLE query.q ADD COLUMN x int", "table query.q"),
    ("ALTER TABLE query.q ALTER COLUMN n SET DEFAULT 5", "table query.q"),
    ("CREATE TABLE query.made (id int)", "table query.made"),
    ("DROP TABLE query.q", "table query.q"),
    ("CREATE INDEX i ON query.q (id)", "index query.i"),
    ("DROP INDEX query.old", "index query.old"),
    ("CREATE OR REPLACE VIEW query.v AS SELECT id, 1 AS one FROM command.t", "view query.v"),
    ("DROP VIEW query.v", "view query.v"),
    ("TRUNCATE query.q", "table query.q"),
    ("REFRESH MATERIALIZED VIEW query.m", "materialized view query.m"),
    ("CREATE OR REPLACE FUNCTION query.f() RETURNS int RETURN 2", "function query.f()"),
    ("CREATE FUNCTION query.g() RETURNS int RETURN 2", "function query.g()"),
    ("DROP FUNCTION query.f()", "function query.f()"),
    ("CREATE TYPE query.e2 AS ENUM ('b')", "type query.e2"),
    ("DROP TYPE query.e", "type query.e"),
    ("GRANT SELECT ON query.q TO PUBLIC", "table query.q"),
    ("ALTER TABLE query.q ENABLE ROW LEVEL SECURITY", "table query.q"),
    ("CREATE POLICY p ON query.q USING (true)", "table query.q"),
    ("ALTER TABLE query.q RENAME TO other", "table query."),
    ("ALTER TABLE cqrs.changesets ADD COLUMN x int", "table cqrs.changesets"),
    ("CREATE FUNCTION cqrs.mine() RETURNS int RETURN 2", "function cqrs.mine()"),
]


@pytest.fixture
def there(db: Connection) -> None:
    db.execute(THERE)


def hidden(words: str) -> str:
    """The same by a program that makes it up."""
    return f"DO $do$ BEGIN EXECUTE lower('') || $w${words}$w$; END $do$"


def test_what_a_program_does_to_objects_of_the_other_side_is_stopped_and_named(
    context: Context, there: None, db: Connection
) -> None:
    before = db.execute("SELECT count(*), sum(relnatts) FROM pg_class").fetchone()
    for number, (words, what) in enumerate(CROSSING, start=1):
        with pytest.raises(ChangeFailed) as failed:
            track_change(context, [hidden(words)], [], words, f"1.0.{number}")
        assert "a command operation may not touch the query side" in str(failed.value), words
        assert what in str(failed.value), words
    assert db.execute("SELECT count(*), sum(relnatts) FROM pg_class").fetchone() == before


@pytest.mark.parametrize(
    ("command", "query", "said"),
    [
        (["SELECT command.ddl('DROP VIEW query.v')"], [], "operation 1 .*view query.v"),
        (["INSERT INTO command.watched VALUES (1)"], [], "operation 1 .*table query.q"),
        (
            ["CREATE TABLE command.fine (id int)"],
            ["CREATE TABLE query.fine (id int)", hidden("ALTER TABLE command.t ADD COLUMN x int")],
            "operation 3 failed: a query operation .*table command.t",
        ),
    ],
)
def test_by_whatever_way(
    context: Context, there: None, command: list[str], query: list[str], said: str
) -> None:
    with pytest.raises(ChangeFailed, match=said):
        track_change(context, command, query, "Across", "1.0.0")


def test_in_a_block_that_catches_errors_it_is_seen_too_unless_it_was_undone(
    context: Context, there: None
) -> None:
    block = "DO $$ BEGIN EXECUTE 'ALTER TABLE query' || '.q ADD COLUMN x int';{}"
    block += " EXCEPTION WHEN division_by_zero THEN NULL; END $$"
    with pytest.raises(ChangeFailed, match=r"table query\.q"):
        track_change(context, [block.format("")], [], "Kept", "1.0.0")
    undone = block.format(" PERFORM 1 / 0;")
    assert track_change(context, [undone], [], "Undone", "1.0.1").status == "completed"


def test_what_one_does_on_his_own_side_is_no_offence(
    context: Context, there: None, db: Connection
) -> None:
    db.execute("CREATE TABLE command.signal (id int)")
    command = [
        hidden("ALTER TABLE command.t ADD COLUMN x int"),
        "CREATE FUNCTION command.g() RETURNS int RETURN 2",
        hidden("DROP TABLE command.signal"),
    ]
    query = [hidden("CREATE TABLE query.own (id int)"), "CREATE INDEX mine ON query.q (id)"]
    assert track_change(context, command, query, "Own", "1.0.0").status == "completed"


def test_what_others_do_meanwhile_is_theirs(
    there: None, database: Database, db: Connection
) -> None:
    with psycopg.connect(database.url) as work:
        border = Border(work, DEFAULT_SCHEMAS)
        work.execute("INSERT INTO command.t VALUES (2, 2)")
        db.execute("CREATE TABLE query.theirs (id int); DROP FUNCTION query.f()")
        db.execute("CREATE FUNCTION query.theirs() RETURNS int RETURN 2; DROP TABLE query.q")
        border.check(1, Side.COMMAND, (), runs_programs=True)
        work.rollback()


def test_a_cascade_that_the_plan_has_seen_is_no_offence(context: Context, there: None) -> None:
    done = track_change(context, ["DROP TABLE command.t CASCADE"], [], "Cascade", "1.0.0")
    assert done.status == "completed"

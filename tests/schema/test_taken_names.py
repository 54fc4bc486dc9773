"""What a change makes although it is there: the plan knows it, for every kind of object."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from worker.schema import Context, SchemaChange, plan_change

Connection = psycopg.Connection[Any]
THERE = """
    CREATE TABLE command.t (id int CONSTRAINT t_key PRIMARY KEY, word text,
                            CONSTRAINT short CHECK (id < 9));
    CREATE INDEX words ON command.t (word);
    CREATE VIEW command.v AS SELECT id FROM command.t;
    CREATE MATERIALIZED VIEW command.m AS SELECT id FROM command.t;
    CREATE SEQUENCE command.s;
    CREATE TYPE command.enum AS ENUM ('a', 'b');
    CREATE TYPE command.pair AS (x int, y int);
    CREATE TYPE command.span AS RANGE (subtype = int);
    CREATE DOMAIN command.positive AS int CHECK (VALUE > 0);
    CREATE FUNCTION command.f(a int, b text DEFAULT '') RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE command.p() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE command.total(int) (sfunc = int4pl, stype = int);
    CREATE OPERATOR command.### (leftarg = int, rightarg = int, function = int4pl);
    CREATE COLLATION command.german (locale = 'C');
    CREATE TEXT SEARCH CONFIGURATION command.plain (COPY = pg_catalog.simple);
    CREATE STATISTICS command.two ON id, word FROM command.t;
    CREATE FUNCTION command.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER watch BEFORE INSERT ON command.t FOR EACH ROW EXECUTE FUNCTION command.nothing();
    CREATE POLICY own ON command.t USING (true);
    CREATE RULE quiet AS ON DELETE TO command.t DO ALSO NOTHING;
    CREATE SCHEMA extra
"""
WATCH = "TRIGGER watch BEFORE INSERT ON command.t FOR EACH ROW EXECUTE FUNCTION command.nothing()"
TAKEN = [
    ("CREATE TABLE command.t (id int)", "table command.t exists already"),
    ("CREATE TABLE command.words (id int)", "table command.words exists already"),
    ("CREATE TABLE command.enum (id int)", "table command.enum exists already"),
    ("CREATE TABLE command.n (id int CONSTRAINT words PRIMARY KEY)", "index command.words exists"),
    ("CREATE TABLE command.v AS SELECT 1 AS x", "table command.v exists already"),
    ("CREATE INDEX words ON command.t (id)", "index command.words exists already"),
    ("CREATE INDEX s ON command.t (id)", "index command.s exists already"),
    ("CREATE INDEX CONCURRENTLY words ON command.t (id)", "index command.words exists already"),
    ("CREATE VIEW command.v AS SELECT 1 AS x", "view command.v exists already"),
    ("CREATE OR REPLACE VIEW command.t AS SELECT 1 AS x", "view command.t is there, as a table"),
    ("CREATE MATERIALIZED VIEW command.m AS SELECT 1 AS x", "view command.m exists already"),
    ("CREATE SEQUENCE command.enum", "sequence command.enum exists already"),
    ("CREATE SEQUENCE command.s", "sequence command.s exists already"),
    ("CREATE TYPE command.enum AS ENUM ('x')", "type command.enum exists already"),
    ("CREATE TYPE command.t AS ENUM ('x')", "type command.t exists already"),
    ("CREATE TYPE command.pair AS (z int)", "type command.pair exists already"),
    ("CREATE TYPE command.span AS RANGE (subtype = int)", "type command.span exists already"),
    ("CREATE DOMAIN command.positive AS int", "domain command.positive exists already"),
    (
        "CREATE FUNCTION command.f(x integer, y pg_catalog.text) RETURNS int RETURN 2",
        "function command.f(integer, pg_catalog.text) exists already",
    ),
    (
        "CREATE OR REPLACE FUNCTION command.p() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "function command.p() is there, as a procedure",
    ),
    ("CREATE PROCEDURE command.p() LANGUAGE sql AS 'SELECT 2'", "procedure command.p() exists"),
    ("CREATE AGGREGATE command.total(integer) (sfunc = int4mul, stype = int)", "aggregate command"),
    (
        "CREATE OPERATOR command.### (leftarg = int4, rightarg = int4, function = int4mul)",
        "operator command.",
    ),
    ("CREATE COLLATION command.german (locale = 'C')", "collation command.german"),
    (
        "CREATE TEXT SEARCH CONFIGURATION command.plain (COPY = pg_catalog.simple)",
        "command.plain exists already",
    ),
    ("CREATE STATISTICS command.two ON id, word FROM command.t", "statistics command.two exists"),
    (f"CREATE {WATCH}", "trigger watch of command.t exists already"),
    ("CREATE POLICY own ON command.t USING (false)", "policy own of command.t exists already"),
    (
        "CREATE RULE quiet AS ON DELETE TO command.t DO ALSO NOTHING",
        "rule quiet of command.t exists already",
    ),
    ("CREATE SCHEMA extra", "schema extra exists already"),
    ("ALTER TABLE command.t ADD COLUMN word int", "column word of command.t exists already"),
    ("ALTER TABLE command.t ADD CONSTRAINT short CHECK (id > 0)", "constraint short of command.t"),
    ("ALTER TABLE command.t ADD CONSTRAINT words UNIQUE (word)", "index command.words exists"),
    ("ALTER TABLE command.t RENAME COLUMN id TO word", "column word of command.t exists already"),
    ("ALTER TYPE command.enum ADD VALUE 'a'", "value a of command.enum exists already"),
    ("ALTER TYPE command.enum RENAME VALUE 'a' TO 'b'", "value b of command.enum exists already"),
    ("ALTER TABLE command.t RENAME TO v", "table command.v exists already"),
    ("ALTER INDEX command.words RENAME TO t_key", "index command.t_key exists already"),
]
FREE = [
    ["CREATE TABLE IF NOT EXISTS command.t (id int)"],
    ["CREATE INDEX IF NOT EXISTS words ON command.t (id)"],
    ["CREATE SCHEMA IF NOT EXISTS extra"],
    ["ALTER TABLE command.t ADD COLUMN IF NOT EXISTS word int"],
    ["ALTER TYPE command.enum ADD VALUE IF NOT EXISTS 'a'"],
    ["CREATE INDEX enum ON command.t (word)"],
    ["CREATE INDEX ON command.t (word)"],
    ["CREATE FUNCTION command.f(text) RETURNS int LANGUAGE sql AS 'SELECT 2'"],
    ["CREATE OR REPLACE FUNCTION command.f(a int, b text DEFAULT '') RETURNS int RETURN 2"],
    [f"CREATE OR REPLACE {WATCH}"],
    [f"CREATE {WATCH.replace('watch', 'other')}"],
    ["DROP TRIGGER watch ON command.t", f"CREATE {WATCH}"],
    ["DROP INDEX command.words", "CREATE INDEX words ON command.t (id)"],
    [
        "DROP FUNCTION command.f(int, text)",
        "CREATE FUNCTION command.f(int, text) RETURNS text LANGUAGE sql AS 'SELECT 1'",
    ],
    [
        "DROP TABLE command.t CASCADE",
        "CREATE TABLE command.words (id int)",
        "CREATE TABLE command.t (id int)",
        "CREATE POLICY own ON command.t USING (true)",
    ],
    [
        "ALTER TABLE command.t RENAME TO old",
        "CREATE TABLE command.t (id int)",
        "CREATE POLICY own ON command.t USING (true)",
    ],
    [
        "ALTER TABLE command.t DROP COLUMN word",
        "ALTER TABLE command.t ADD COLUMN word int",
        "CREATE INDEX words ON command.t (word)",
    ],
    [
        "ALTER TABLE command.t DROP CONSTRAINT short",
        "ALTER TABLE command.t ADD CONSTRAINT short CHECK (id > 0)",
    ],
    [
        "DO $$ BEGIN EXECUTE 'DROP TABLE command.t CASCADE'; END $$",
        "CREATE TABLE command.t (id int)",
    ],
    [
        "ALTER TYPE command.enum RENAME VALUE 'a' TO 'c'",
        "ALTER TYPE command.enum RENAME VALUE 'b' TO 'a'",
    ],
    ["ALTER SEQUENCE command.s RENAME TO s2", "CREATE SEQUENCE command.s"],
    ["COMMENT ON TABLE command.t IS 'x'"],
]


@pytest.fixture
def there(db: Connection) -> None:
    db.execute(THERE)


def planned(context: Context, operations: list[str]) -> list[str]:
    plan = plan_change(context, SchemaChange.of(operations, [], "Made", "1.0.0"))
    return [str(blocker) for blocker in plan.blockers]


def done(db: Connection, operations: list[str]) -> str | None:
    """What the server says to them: an SQLSTATE, None if it takes them. Nothing is kept."""
    try:
        if "CONCURRENTLY" in operations[0]:
            db.execute(operations[0].encode())
            return None
        with db.transaction(force_rollback=True):
            for operation in operations:
                db.execute(operation.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


def test_what_is_there_already_is_not_possible(
    context: Context, there: None, db: Connection
) -> None:
    for operation, why in TAKEN:
        (blocked,) = planned(context, [operation])
        assert why in blocked
        assert done(db, [operation]) in DUPLICATES, operation


DUPLICATES = ("42P07", "42P06", "42701", "42710", "42723", "42809", "23505")
"""SQLSTATEs of what is there already, and of what is there as something else."""


def test_what_is_free_or_replaced_is_possible(
    context: Context, there: None, db: Connection
) -> None:
    for operations in FREE:
        assert planned(context, operations) == [], operations
        assert done(db, operations) is None, operations


def test_a_change_that_makes_the_same_thing_twice_is_not_possible(context: Context) -> None:
    twice = ["CREATE TABLE command.n (id int)", "CREATE INDEX i ON command.n (id)"]
    twice += ["ALTER TABLE command.n ADD COLUMN x int"]
    again = ["CREATE INDEX i ON command.n (x)", "ALTER TABLE command.n ADD COLUMN x text"]
    assert planned(context, [*twice, *again]) == [
        "index command.i exists already",
        "column x of command.n exists already",
    ]

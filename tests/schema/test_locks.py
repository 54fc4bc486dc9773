"""The locks that a plan announces are the locks that PostgreSQL takes: statement by statement."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from worker.schema.change.change import SchemaChange
from worker.schema.plan.planning import plan

Connection = psycopg.Connection[Any]
NOTHING_HANGS = SmallReadSide(connect=psycopg.connect)

STANDING = """
    CREATE SCHEMA reference;
    CREATE TABLE reference.words (code text PRIMARY KEY, name text);
    CREATE TABLE command.users (id int PRIMARY KEY, name text, age int);
    CREATE TABLE command.orders (
        id int PRIMARY KEY, user_id int REFERENCES command.users, total int,
        CONSTRAINT positive CHECK (total > 0) NOT VALID);
    CREATE INDEX orders_total ON command.orders (total);
    CREATE TABLE command."Odd Name" (id int);
    CREATE TABLE command.parent (id int);
    CREATE TABLE command.child (id int);
    CREATE TABLE command.kin () INHERITS (command.parent);
    CREATE TABLE command.parts (id int NOT NULL) PARTITION BY RANGE (id);
    CREATE TABLE command.part_1 PARTITION OF command.parts FOR VALUES FROM (0) TO (10);
    CREATE TABLE command.loose (id int NOT NULL);
    CREATE SEQUENCE command.numbers;
    CREATE TYPE command.state AS ENUM ('open');
    CREATE DOMAIN command.money AS numeric;
    CREATE FUNCTION command.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touched BEFORE UPDATE ON command.users
        FOR EACH ROW EXECUTE FUNCTION command.touch();
    CREATE POLICY everybody ON command.users USING (true);
    CREATE VIEW command.adults AS SELECT id FROM command.users WHERE age >= 18;
    CREATE MATERIALIZED VIEW command.sums AS SELECT user_id, sum(total) AS total
        FROM command.orders GROUP BY user_id;
    CREATE UNIQUE INDEX sums_user ON command.sums (user_id);
"""

STATEMENTS = """
    CREATE TABLE command.new (id int)
    CREATE TABLE command.new (u int REFERENCES command.users, c text REFERENCES reference.words)
    CREATE TABLE command.new () INHERITS (command.parent)
    CREATE TABLE command.new (LIKE command.users INCLUDING ALL)
    CREATE TABLE command.new PARTITION OF command.parts FOR VALUES FROM (10) TO (20)
    CREATE TABLE command.new AS SELECT * FROM command.users
    CREATE VIEW command.new AS SELECT o.* FROM command.orders o, command.users u
    CREATE OR REPLACE VIEW command.adults AS SELECT id FROM command.users WHERE age >= 21
    CREATE MATERIALIZED VIEW command.new AS SELECT * FROM command.users
    CREATE MATERIALIZED VIEW command.new AS WITH u AS (TABLE command.users) TABLE u WITH NO DATA
    REFRESH MATERIALIZED VIEW CONCURRENTLY command.sums
    REFRESH MATERIALIZED VIEW command.sums
    CREATE INDEX ON command.users (name)
    CREATE UNIQUE INDEX users_name ON command.users (name)
    CREATE INDEX ON command.parts (id)
    DROP INDEX command.orders_total
    REINDEX TABLE command.users
    REINDEX INDEX command.orders_total
    CREATE STATISTICS command.two ON name, age FROM command.users
    ANALYZE command.users
    CLUSTER command.orders USING orders_total
    ALTER TABLE command.users ADD COLUMN note text DEFAULT ''
    ALTER TABLE command.parts ADD COLUMN note text
    ALTER TABLE command.parent ADD COLUMN note text
    ALTER TABLE command.users ADD COLUMN word text REFERENCES reference.words (code)
    ALTER TABLE command."Odd Name" ADD COLUMN note text
    ALTER TABLE command.users DROP COLUMN name
    ALTER TABLE command.users ALTER COLUMN name TYPE varchar(100)
    ALTER TABLE command.users ALTER COLUMN name SET NOT NULL
    ALTER TABLE command.users ALTER COLUMN name SET DEFAULT 'x'
    ALTER TABLE command.users ALTER COLUMN name SET STATISTICS 100
    ALTER TABLE command.users ALTER COLUMN name SET (n_distinct = 5)
    ALTER TABLE command.users ALTER COLUMN name SET STORAGE PLAIN
    ALTER TABLE command.users SET (fillfactor = 70)
    ALTER TABLE command.users SET (autovacuum_enabled = false, toast.autovacuum_enabled = false)
    ALTER TABLE command.users RESET (fillfactor)
    ALTER TABLE command.users ADD CONSTRAINT old CHECK (age > 0)
    ALTER TABLE command.users ADD CONSTRAINT old CHECK (age > 0) NOT VALID
    ALTER TABLE command.orders VALIDATE CONSTRAINT positive
    ALTER TABLE command.orders DROP CONSTRAINT positive
    ALTER TABLE command.loose ADD FOREIGN KEY (id) REFERENCES command.users
    ALTER TABLE command.users ADD UNIQUE (name)
    ALTER TABLE command.users DISABLE TRIGGER touched
    ALTER TABLE command.users ENABLE ROW LEVEL SECURITY
    ALTER TABLE command.users OWNER TO CURRENT_USER
    ALTER TABLE command.users RENAME TO people
    ALTER TABLE command.users RENAME COLUMN name TO called
    ALTER TABLE command.orders RENAME CONSTRAINT positive TO is_positive
    ALTER TABLE command.users SET SCHEMA reference
    ALTER TABLE command.parts ATTACH PARTITION command.loose FOR VALUES FROM (10) TO (20)
    ALTER TABLE command.parts DETACH PARTITION command.part_1
    ALTER TABLE command.child INHERIT command.parent
    ALTER TABLE command.kin NO INHERIT command.parent
    ALTER TABLE command.users ALTER COLUMN age SET NOT NULL, SET (fillfactor = 80)
    ALTER VIEW command.adults RENAME TO grown_ups
    ALTER MATERIALIZED VIEW command.sums RENAME TO totals
    ALTER SEQUENCE command.numbers RESTART
    ALTER SEQUENCE command.numbers RENAME TO digits
    ALTER TYPE command.state ADD VALUE 'closed'
    ALTER TYPE command.state RENAME TO condition
    ALTER DOMAIN command.money ADD CHECK (VALUE > 0)
    ALTER FUNCTION command.touch() RENAME TO touching
    ALTER FUNCTION command.touch() STABLE
    ALTER INDEX command.orders_total RENAME TO orders_by_total
    DROP TABLE command.loose
    DROP TABLE command.orders CASCADE
    DROP VIEW command.adults
    DROP MATERIALIZED VIEW command.sums
    DROP SEQUENCE command.numbers
    DROP TRIGGER touched ON command.users
    DROP POLICY everybody ON command.users
    DROP TYPE command.state
    DROP DOMAIN command.money
    CREATE TRIGGER new BEFORE INSERT ON command.users FOR EACH ROW EXECUTE FUNCTION command.touch()
    CREATE POLICY new ON command.users USING (EXISTS (SELECT FROM command.orders))
    CREATE RULE new AS ON DELETE TO command.users DO INSTEAD NOTHING
    CREATE SEQUENCE command.new
    CREATE TYPE command.new AS ENUM ('a')
    CREATE TYPE command.new AS (a int, b text)
    CREATE DOMAIN command.new AS int
    CREATE FUNCTION command.new() RETURNS SETOF int BEGIN ATOMIC SELECT id FROM command.users; END
    CREATE AGGREGATE command.new (int) (SFUNC = int4pl, STYPE = int)
    COMMENT ON TABLE command.users IS 'people'
    COMMENT ON VIEW command.adults IS 'people'
    COMMENT ON FUNCTION command.touch() IS 'touches'
    INSERT INTO command.users VALUES (1, 'a', 2)
    INSERT INTO command.child SELECT id FROM command.users
    UPDATE command.users SET name = 'x' WHERE id IN (SELECT user_id FROM command.orders)
    DELETE FROM command.loose USING command.users WHERE false
    MERGE INTO command.loose AS l USING command.users AS u ON u.id = l.id WHEN MATCHED THEN DELETE
    WITH x AS (DELETE FROM command.loose RETURNING id) INSERT INTO command.child TABLE x
    SELECT count(*) FROM command.users
    SELECT id FROM command.users FOR UPDATE
    SELECT id FROM command.adults FOR SHARE
    SELECT u.id FROM command.users AS u, command.orders AS o FOR UPDATE OF o
    INSERT INTO command.child SELECT id FROM command.users FOR KEY SHARE
    TRUNCATE command.loose
    LOCK TABLE command.users IN SHARE MODE
    COMMENT ON TABLE command.parts IS 'parts'
    ALTER TABLE command.parts RENAME TO pieces
    ALTER TABLE command.parts RENAME COLUMN id TO number
    ALTER TABLE command.parts OWNER TO CURRENT_USER
    ALTER TABLE command.parts SET SCHEMA reference
    ALTER TABLE command.parent ALTER COLUMN id SET DEFAULT 3
    ALTER TABLE command.parts ADD CHECK (id > 0)
    ALTER TABLE command.parent SET (fillfactor = 70)
    ALTER TABLE command.parts ENABLE ROW LEVEL SECURITY
    ALTER TABLE command.parts ADD FOREIGN KEY (id) REFERENCES command.users
    CREATE STATISTICS command.two (ndistinct) ON name, id FROM command.users
    CREATE TRIGGER new BEFORE INSERT ON command.parts FOR EACH ROW EXECUTE FUNCTION command.touch()
    CREATE POLICY new ON command.parts USING (true)
    ANALYZE command.parts
    INSERT INTO command.parts VALUES (1)
    UPDATE command.parts SET id = 2
    SELECT count(*) FROM command.parts
    TRUNCATE command.parts
    LOCK TABLE command.parts
    DROP TABLE command.parts
    DROP TABLE command.parent CASCADE
    DO 'BEGIN NULL; END'
"""

HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IS NOT NULL"
EXISTING = """
    SELECT c.oid, format('%I.%I', n.nspname, c.relname)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('command', 'reference') AND c.relkind NOT IN ('i', 'I', 'c')
"""
WEAKEST_FIRST = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


@pytest.fixture
def standing(db: Connection) -> None:
    """A schema with one of everything."""
    db.execute(STANDING.encode())
    db.execute("INSERT INTO command.users VALUES (7, 'x', 20)")


def planned(db: Connection, text: str) -> dict[str, int]:
    """The locks that the plan announces, indexes left out: their tables are in it."""
    found = plan(db, SchemaChange.of([text], [], "one", "1.0.0"), NOTHING_HANGS)
    indexes = {
        str(target.name)
        for each in found.operations
        for target in each.effects.changes
        if target.kind == "index"
    }
    return {str(lock.name): int(lock.mode) for lock in found.locks if str(lock.name) not in indexes}


def taken(db: Connection, text: str) -> dict[str, int]:
    """The strongest lock on each relation that stood before, by PostgreSQL's own account."""
    names = dict(db.execute(EXISTING).fetchall())
    with db.transaction(force_rollback=True):
        db.execute(text.encode())
        held: dict[str, int] = {}
        for oid, mode in db.execute(HELD):
            if oid in names:
                rank = WEAKEST_FIRST.index(mode) + 1
                held[names[oid]] = max(held.get(names[oid], 0), rank)
        return held


@pytest.mark.usefixtures("standing")
def test_every_planned_lock_is_the_one_that_postgresql_takes(db: Connection) -> None:
    wrong = []
    for text in filter(None, map(str.strip, STATEMENTS.splitlines())):
        announced, real = planned(db, text), taken(db, text)
        if text.startswith("REFRESH"):  # what a view reads is not announced
            real = {name: mode for name, mode in real.items() if mode > 1}
        if announced != real:
            wrong.append(f"{text}\n    announced {announced}\n    taken     {real}")
    assert not wrong, "\n".join(wrong)

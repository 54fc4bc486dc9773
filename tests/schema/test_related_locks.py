"""Locks that go along: foreign keys, partitions, types, domains, views, owned sequences.

The same comparison as in test_locks, over what a statement locks without naming it. Locks weaker
than SHARE UPDATE EXCLUSIVE make nobody wait and are left out.
"""

from __future__ import annotations

from typing import Any

import psycopg

from tests.schema.test_locks import planned, taken
from worker.schema.statements.effects import LockMode

Connection = psycopg.Connection[Any]

STANDING = """
    CREATE SCHEMA reference;
    CREATE TABLE reference.words (code text primary key);
    CREATE TABLE command.users (id int primary key, name text, w text REFERENCES
        reference.words, u2 int UNIQUE);
    CREATE TABLE command.orders (id int primary key, user_id int REFERENCES command.users, b
        int);
    CREATE TABLE command.lines (id int, order_id int REFERENCES command.orders ON DELETE
        CASCADE, u2 int REFERENCES command.users (u2));
    CREATE TABLE command.staff (id int primary key, boss int REFERENCES command.staff);
    CREATE DOMAIN command.money AS numeric;
    CREATE DOMAIN command.euro AS command.money;
    CREATE TABLE command.prices (id int, m command.money);
    CREATE TABLE command.costs (id int, m command.euro);
    CREATE MATERIALIZED VIEW command.price_list AS SELECT m FROM command.prices;
    CREATE VIEW command.cost_list AS SELECT m FROM command.costs;
    CREATE TYPE command.pair AS (a int, b int);
    CREATE TABLE command.typed OF command.pair;
    CREATE TYPE command.free AS (a int, b int);
    CREATE TABLE command.parts (id int not null, u int REFERENCES command.users, primary key
        (id)) PARTITION BY RANGE (id);
    CREATE TABLE command.parts_rest PARTITION OF command.parts DEFAULT;
    CREATE TABLE command.parts_1 PARTITION OF command.parts FOR VALUES FROM (0) TO (10);
    CREATE TABLE command.parts_2 PARTITION OF command.parts FOR VALUES FROM (100) TO (200)
        PARTITION BY RANGE (id);
    CREATE TABLE command.parts_21 PARTITION OF command.parts_2 FOR VALUES FROM (100) TO (150);
    CREATE INDEX parts_u ON command.parts (u);
    CREATE TABLE command.notes (p int REFERENCES command.parts);
    CREATE TABLE command.loose (id int not null, u int);
    CREATE TABLE command.days (id int not null) PARTITION BY RANGE (id);
    CREATE TABLE command.days_1 PARTITION OF command.days FOR VALUES FROM (0) TO (10);
    CREATE TABLE command.days_rest PARTITION OF command.days DEFAULT;
    CREATE TABLE command.loose_days (id int not null);
    CREATE TABLE command.visits (uid int);
    ALTER TABLE command.visits ADD CONSTRAINT visitor FOREIGN KEY (uid) REFERENCES command.users
        NOT VALID;
    CREATE TABLE command.parent (id int, c int CHECK (c > 0));
    CREATE TABLE command.child () INHERITS (command.parent);
    CREATE FUNCTION command.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touched BEFORE UPDATE ON command.users FOR EACH ROW EXECUTE FUNCTION
        command.touch();
    CREATE SEQUENCE command.numbers;
    CREATE TABLE command.tickets (i int default nextval('command.numbers'), s serial);
    CREATE TABLE command.badges (i int GENERATED ALWAYS AS IDENTITY, g int GENERATED ALWAYS AS
        (1) STORED);
    CREATE VIEW command.ids AS SELECT id FROM command.users;
    CREATE VIEW command.mixed AS SELECT ids.id FROM command.ids, command.days;
    CREATE FUNCTION command.holds(int) RETURNS int LANGUAGE sql RETURN 1;
    CREATE TABLE command.checked (i int, j int CHECK (command.holds(j)=1));
    CREATE TABLE command.guarded (i int);
    CREATE POLICY p1 ON command.guarded USING (i = (SELECT max(id) FROM command.loose));
    CREATE RULE r1 AS ON INSERT TO command.guarded DO ALSO SELECT 1;
    CREATE STATISTICS command.two ON id, u FROM command.loose;
    CREATE TYPE command.state AS ENUM ('a');
    CREATE TABLE command.states (e command.state);
    CREATE PROCEDURE command.tidy() LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE command.logs (id int REFERENCES command.users) PARTITION BY RANGE (id);
    CREATE TABLE command.logs_1 PARTITION OF command.logs FOR VALUES FROM (0) TO (10);
    CREATE INDEX days_at ON command.days_1 (id);
"""

STATEMENTS = """
    ALTER TABLE command.orders DROP CONSTRAINT orders_user_id_fkey
    ALTER TABLE command.orders DROP COLUMN user_id
    ALTER TABLE command.orders DROP COLUMN b
    ALTER TABLE command.orders DROP COLUMN id CASCADE
    ALTER TABLE command.orders ALTER COLUMN id TYPE bigint
    ALTER TABLE command.orders ALTER COLUMN user_id TYPE bigint
    ALTER TABLE command.users ALTER COLUMN u2 TYPE bigint
    ALTER TABLE command.users DROP CONSTRAINT users_pkey CASCADE
    ALTER TABLE command.users DROP CONSTRAINT users_u2_key CASCADE
    ALTER TABLE command.staff DROP CONSTRAINT staff_boss_fkey
    ALTER TABLE command.staff DROP CONSTRAINT staff_pkey CASCADE
    ALTER TABLE command.parts DROP CONSTRAINT parts_u_fkey
    ALTER TABLE command.parts DROP CONSTRAINT parts_pkey CASCADE
    ALTER TABLE command.parts DROP COLUMN u
    ALTER TABLE command.parts ALTER COLUMN u TYPE bigint
    ALTER TABLE command.parts ADD COLUMN x int REFERENCES command.users
    ALTER TABLE command.notes DROP CONSTRAINT notes_p_fkey
    ALTER TABLE command.notes DROP COLUMN p
    ALTER TABLE command.notes ADD CONSTRAINT xx FOREIGN KEY (p) REFERENCES command.parts
    CREATE TABLE command.new (p int REFERENCES command.parts)
    ALTER TABLE command.visits VALIDATE CONSTRAINT visitor
    ALTER TABLE command.orders ALTER CONSTRAINT orders_user_id_fkey DEFERRABLE
    ALTER DOMAIN command.money ADD CHECK (VALUE > 0) NOT VALID
    ALTER DOMAIN command.euro ADD CHECK (VALUE > 0)
    ALTER TYPE command.pair ADD ATTRIBUTE c int CASCADE
    ALTER TYPE command.pair DROP ATTRIBUTE b CASCADE
    ALTER TYPE command.pair ALTER ATTRIBUTE b TYPE bigint CASCADE
    ALTER TYPE command.pair RENAME ATTRIBUTE b TO c CASCADE
    ALTER TYPE command.free ADD ATTRIBUTE c int
    ALTER TYPE command.free RENAME ATTRIBUTE b TO c
    ALTER TYPE command.free RENAME TO frei
    ALTER TYPE command.state ADD VALUE 'b'
    DROP DOMAIN command.money CASCADE
    DROP TYPE command.pair CASCADE
    DROP TYPE command.state CASCADE
    DROP TYPE command.free
    ALTER TABLE command.days ATTACH PARTITION command.loose_days FOR VALUES FROM (10) TO (20)
    ALTER TABLE command.parts ATTACH PARTITION command.loose FOR VALUES FROM (10) TO (20)
    CREATE TABLE command.new PARTITION OF command.parts FOR VALUES FROM (10) TO (20)
    CREATE TABLE command.new PARTITION OF command.days FOR VALUES FROM (10) TO (20)
    CREATE TABLE command.new PARTITION OF command.parts_2 FOR VALUES FROM (150) TO (160)
    ALTER TABLE command.days DETACH PARTITION command.days_1
    ALTER TABLE command.parts DETACH PARTITION command.parts_1
    ALTER TABLE command.days DETACH PARTITION command.days_rest
    TRUNCATE command.users CASCADE
    TRUNCATE command.lines
    TRUNCATE command.days
    TRUNCATE command.parts CASCADE
    TRUNCATE command.staff CASCADE
    DROP FUNCTION command.touch() CASCADE
    DROP SEQUENCE command.numbers CASCADE
    DROP FUNCTION command.holds(int) CASCADE
    DROP SCHEMA reference CASCADE
    DROP VIEW command.ids CASCADE
    DROP TABLE command.users CASCADE
    DROP TABLE command.days_1
    DROP TABLE command.days_rest
    DROP TABLE command.parts_2 CASCADE
    DROP TABLE command.parts CASCADE
    DROP TABLE command.days CASCADE
    DROP TABLE command.child
    DROP TABLE command.parent CASCADE
    DROP TABLE command.tickets
    DROP TABLE command.staff
    DROP INDEX command.parts_u
    DROP STATISTICS command.two
    DROP POLICY p1 ON command.guarded
    DROP RULE r1 ON command.guarded
    DROP TRIGGER touched ON command.users
    INSERT INTO command.ids (id) VALUES (3)
    ALTER TABLE command.parts_1 ADD CONSTRAINT x CHECK (id > -1)
    GRANT SELECT ON command.users TO PUBLIC
    ALTER TABLE command.checked SET UNLOGGED
    ALTER TABLE command.parent DROP COLUMN c
    ALTER TABLE command.parent DROP CONSTRAINT parent_c_check
    ALTER TABLE command.parent RENAME COLUMN c TO d
    ALTER TABLE command.child NO INHERIT command.parent
    ALTER TABLE command.badges ALTER COLUMN i DROP IDENTITY
    ALTER TABLE command.badges ALTER COLUMN i SET GENERATED BY DEFAULT
    ALTER TABLE command.badges ALTER COLUMN g DROP EXPRESSION
    ALTER TABLE command.tickets DROP COLUMN s
    ALTER TABLE command.tickets DROP COLUMN i
    LOCK TABLE command.ids IN SHARE MODE
    LOCK TABLE command.mixed
    LOCK TABLE ONLY command.days IN EXCLUSIVE MODE
    ALTER SEQUENCE command.numbers OWNED BY command.tickets.i
    SELECT nextval('command.numbers')
    SELECT setval('command.numbers', 5)
    CREATE INDEX ON ONLY command.parts (u)
    ALTER INDEX command.parts_u RENAME TO parts_by_u
    CREATE TABLE command.new OF command.pair
    CREATE SEQUENCE command.new OWNED BY command.loose.id
    CREATE RULE r2 AS ON INSERT TO command.checked DO ALSO DELETE FROM command.loose
    CREATE TRIGGER x AFTER INSERT ON command.checked FOR EACH ROW EXECUTE FUNCTION command.touch()
    CREATE TRIGGER y AFTER DELETE ON command.parts FOR EACH ROW EXECUTE FUNCTION command.touch()
    ALTER POLICY p1 ON command.guarded RENAME TO p2
    ALTER TRIGGER touched ON command.users RENAME TO touching
    ALTER RULE r1 ON command.guarded RENAME TO r2
    ALTER STATISTICS command.two RENAME TO st2
    ALTER SCHEMA reference RENAME TO refs
    COMMENT ON CONSTRAINT users_pkey ON command.users IS 'x'
    COMMENT ON TRIGGER touched ON command.users IS 'x'
    DO $$ BEGIN ALTER TABLE command.loose ADD COLUMN z int; END $$
    CALL command.tidy()
    ALTER TABLE command.badges ALTER COLUMN i TYPE bigint
    ALTER TABLE command.tickets ALTER COLUMN s TYPE bigint
    ALTER TABLE command.badges DROP COLUMN i
    DROP TABLE command.badges
    DROP TABLE command.logs_1
    ALTER TABLE command.logs DETACH PARTITION command.logs_1
    TRUNCATE ONLY command.parent
    COMMENT ON POLICY p1 ON command.guarded IS 'x'
    COMMENT ON RULE r1 ON command.guarded IS 'x'
    DELETE FROM command.cost_list
    DROP INDEX command.days_at
    ALTER TABLE command.orders DROP CONSTRAINT orders_pkey CASCADE
    ALTER TABLE command.parts_2 DETACH PARTITION command.parts_21
    ALTER TABLE command.users DROP COLUMN u2 CASCADE
    ALTER TABLE command.tickets ALTER COLUMN s DROP DEFAULT
    ALTER TABLE command.parts DROP CONSTRAINT parts_pkey CASCADE, DROP COLUMN u
    ALTER DOMAIN command.money ADD CHECK (VALUE > 0)
    ALTER DOMAIN command.money SET NOT NULL
"""


def strong(locks: dict[str, int]) -> dict[str, int]:
    """Without locks that hardly anybody waits for."""
    return {name: mode for name, mode in locks.items() if mode >= LockMode.SHARE_UPDATE_EXCLUSIVE}


def test_every_lock_that_goes_along_is_planned(db: Connection) -> None:
    db.execute(STANDING.encode())
    wrong = []
    for text in filter(None, map(str.strip, STATEMENTS.splitlines())):
        announced, real = strong(planned(db, text)), strong(taken(db, text))
        if announced != real:
            wrong.append(f"{text}\n    announced {announced}\n    taken     {real}")
    assert not wrong, "\n".join(wrong)

-- One change a line, its statements between " ;; ". The first 30 are the short form.
INSERT INTO command.users VALUES (3, 'Cyd', 40)
UPDATE command.users SET id = 9 WHERE id = 1
DELETE FROM command.users WHERE id = 1
INSERT INTO command.quiet VALUES (2)
TRUNCATE command.orders CASCADE
INSERT INTO command.heir VALUES (3)
DROP MATERIALIZED VIEW query.m_part_1 ;; DROP TABLE command.part_1
DROP TABLE command.part_2
ALTER TABLE command.parts DETACH PARTITION command.part_1
ALTER TABLE command.parts ATTACH PARTITION command.loose FOR VALUES FROM (20) TO (30)
CREATE TABLE command.part_3 PARTITION OF command.parts FOR VALUES FROM (40) TO (50)
CREATE TABLE command.part_3 PARTITION OF command.parts FOR VALUES FROM (40) TO (50) ;; INSERT INTO command.parts VALUES (41, 4)
ALTER TYPE command.state RENAME VALUE 'paid' TO 'settled'
ALTER TYPE command.state ADD VALUE 'lost'
ALTER TABLE command.users ADD COLUMN note text
ALTER TABLE command.users RENAME COLUMN age TO years
SELECT nextval('command.counter') ;; SELECT nextval('command.counter')
CREATE OR REPLACE FUNCTION command.inner_text(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2'
CREATE OR REPLACE FUNCTION command.plain(n int) RETURNS int IMMUTABLE RETURN n * 11
DELETE FROM command.lines
CREATE TABLE command.fresh (n int) ;; INSERT INTO command.fresh VALUES (1) ;; CREATE MATERIALIZED VIEW query.m_fresh AS SELECT sum(n) FROM command.fresh ;; INSERT INTO command.fresh VALUES (2)
CREATE OR REPLACE VIEW query.people AS SELECT id, name || '!' AS name FROM command.users
CREATE POLICY only_a ON command.tenants AS RESTRICTIVE USING (tenant = 'a') ;; ALTER TABLE command.tenants FORCE ROW LEVEL SECURITY
CREATE INDEX users_age ON command.users (age)
COMMENT ON TABLE command.users IS 'people'
SELECT command.writes(1)
DO $$ BEGIN EXECUTE 'UPDATE command.' || 'orders SET total = 0'; END $$
UPDATE command.adults SET name = 'Eve'
ALTER TYPE command.pair ADD ATTRIBUTE c int CASCADE
CREATE OR REPLACE FUNCTION command.step(bigint, int) RETURNS bigint IMMUTABLE RETURN $1 + 2 * $2
-- rows, by every statement
INSERT INTO command.orders VALUES (4, 2, 1)
INSERT INTO command.orders VALUES (1, 1, 1) ON CONFLICT (id) DO UPDATE SET total = 99
INSERT INTO command.orders VALUES (1, 1, 1) ON CONFLICT (id) DO NOTHING
UPDATE command.orders SET total = 0
UPDATE command.orders SET total = 0 WHERE false
DELETE FROM command.orders
DELETE FROM command.orders WHERE false
TRUNCATE command.users CASCADE
TRUNCATE command.quiet
TRUNCATE command.parts
TRUNCATE command.base
TRUNCATE ONLY command.base
MERGE INTO command.orders AS o USING command.users AS u ON o.user_id = u.id WHEN MATCHED THEN UPDATE SET total = u.age
MERGE INTO command.orders AS o USING command.users AS u ON o.user_id = u.id WHEN MATCHED THEN DELETE
WITH gone AS (DELETE FROM command.lines RETURNING id) SELECT count(*) FROM gone
WITH new AS (INSERT INTO command.loose VALUES (1, 1) RETURNING id) INSERT INTO command.log SELECT id::text FROM new
INSERT INTO command.base VALUES (5)
UPDATE command.base SET n = 9
DELETE FROM ONLY command.base
INSERT INTO command.parts VALUES (2, 2)
INSERT INTO command.part_1 VALUES (3, 3)
UPDATE command.parts SET id = 15
DELETE FROM command.parts
INSERT INTO command.later VALUES (1) ;; DELETE FROM command.later WHERE id = 1
UPDATE command.later SET id = id + 1
CALL command.fill()
DO $$ BEGIN PERFORM command.writes(2); END $$
SELECT command.writes(1) FROM command.users
INSERT INTO command.adults VALUES (7, 'Zoe', 70)
DELETE FROM command.adults
DO $$ BEGIN BEGIN INSERT INTO command.log VALUES ('x'); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END; END $$
DO $$ BEGIN BEGIN INSERT INTO command.quiet VALUES (8); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END; INSERT INTO command.loose VALUES (1); END $$
SELECT setval('command.counter', 100)
ALTER SEQUENCE command.counter RESTART WITH 50
CREATE TABLE command.copy AS SELECT * FROM command.users
SELECT * INTO command.copy FROM command.users
INSERT INTO query.read_table VALUES (2, 2)
DELETE FROM query.read_table
-- columns, tables, types
ALTER TABLE command.users ADD COLUMN rank int DEFAULT 7
ALTER TABLE command.users ALTER COLUMN name SET DEFAULT 'nobody'
ALTER TABLE command.users ADD CHECK (age > 0)
ALTER TABLE command.orders ALTER COLUMN state DROP NOT NULL
ALTER TABLE command.loose ALTER COLUMN n TYPE bigint
ALTER TABLE command.tenants ADD COLUMN region text ;; UPDATE command.tenants SET region = 'eu'
ALTER TABLE command.users RENAME TO persons
ALTER TABLE command.users SET SCHEMA spare
ALTER SCHEMA spare RENAME TO other
ALTER TABLE command.loose DROP COLUMN n
ALTER TABLE command.heir NO INHERIT command.base
CREATE TABLE command.heir_2 (n int) ;; INSERT INTO command.heir_2 VALUES (8) ;; ALTER TABLE command.heir_2 INHERIT command.base
CREATE TABLE command.heir_3 () INHERITS (command.base)
CREATE TABLE command.heir_3 () INHERITS (command.base) ;; INSERT INTO command.heir_3 VALUES (4)
DROP TABLE command.heir
DROP MATERIALIZED VIEW query.m_part_1 ;; DELETE FROM command.part_1 ;; DROP TABLE command.part_1
ALTER TABLE command.parts ATTACH PARTITION command.loose_empty FOR VALUES FROM (50) TO (60)
DROP TABLE command.part_1 CASCADE
ALTER TYPE command.pair RENAME ATTRIBUTE b TO text
ALTER TYPE command.pair RENAME TO couple
ALTER TYPE command.state RENAME TO status
ALTER DOMAIN command.money ADD CHECK (value > 0)
ALTER TABLE command.users ALTER COLUMN twice DROP EXPRESSION ;; UPDATE command.users SET twice = 1
CREATE TYPE command.size AS ENUM ('s', 'm') ;; CREATE TABLE command.sizes (s command.size) ;; INSERT INTO command.sizes VALUES ('s')
-- functions, operators, casts, aggregates
CREATE OR REPLACE FUNCTION command.outer_text(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0'
CREATE OR REPLACE FUNCTION command.reads_by_text() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) + 1 FROM command.lines'
CREATE OR REPLACE FUNCTION command.reads_by_program() RETURNS bigint STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 5; END'
CREATE OR REPLACE FUNCTION command.atomic_sum() RETURNS bigint STABLE BEGIN ATOMIC SELECT 2 * sum(total) FROM command.orders; END
CREATE OR REPLACE FUNCTION command.same(int, int) RETURNS boolean IMMUTABLE RETURN true
CREATE OR REPLACE FUNCTION command.spoken(command.pair) RETURNS text IMMUTABLE RETURN 'two ' || ($1).b
CREATE OR REPLACE FUNCTION command.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END' ;; INSERT INTO command.users VALUES (8, 'Hal', 1)
ALTER FUNCTION command.plain(int) STRICT
ALTER FUNCTION command.inner_text(int) RENAME TO once_inner
ALTER FUNCTION command.reads_by_text() SET search_path = command
CREATE FUNCTION command.unused() RETURNS int RETURN 1
INSERT INTO command.tenants VALUES (3, 'c')
UPDATE command.tenants SET tenant = upper(tenant)
DELETE FROM command.tenants
-- views, policies, rules, triggers
CREATE OR REPLACE VIEW query.people AS SELECT id, name FROM command.users WHERE id > 1
CREATE OR REPLACE VIEW query.people AS SELECT id, name FROM command.users
ALTER VIEW query.people RENAME TO folk
ALTER VIEW query.people SET (security_barrier = true)
ALTER MATERIALIZED VIEW query.m_orders RENAME TO m_sums
ALTER MATERIALIZED VIEW query.m_orders SET SCHEMA spare ;; UPDATE command.orders SET total = 3
DROP POLICY all_of_them ON command.tenants ;; ALTER TABLE command.tenants FORCE ROW LEVEL SECURITY
ALTER TABLE command.tenants DISABLE ROW LEVEL SECURITY
CREATE RULE twice AS ON INSERT TO command.loose DO ALSO INSERT INTO command.log VALUES ('loose') ;; INSERT INTO command.loose VALUES (9, 9)
CREATE RULE never AS ON DELETE TO command.quiet DO INSTEAD NOTHING ;; DELETE FROM command.quiet
CREATE TRIGGER more AFTER INSERT ON command.loose FOR EACH ROW EXECUTE FUNCTION command.note() ;; INSERT INTO command.loose VALUES (9, 9)
ALTER TABLE command.users DISABLE TRIGGER note ;; UPDATE command.users SET age = 50
-- refreshes, and views of the change's own
REFRESH MATERIALIZED VIEW query.m_orders
UPDATE command.orders SET total = 1 ;; REFRESH MATERIALIZED VIEW query.m_orders
REFRESH MATERIALIZED VIEW query.m_orders ;; UPDATE command.orders SET total = 1
REFRESH MATERIALIZED VIEW query.m_orders WITH NO DATA
CREATE MATERIALIZED VIEW query.m_new AS SELECT count(*) FROM command.users ;; DELETE FROM command.orders
CREATE MATERIALIZED VIEW query.m_new AS SELECT count(*) FROM command.users WITH NO DATA
CREATE VIEW query.w AS TABLE command.orders ;; CREATE MATERIALIZED VIEW query.m_new AS SELECT count(*) FROM query.w ;; DELETE FROM command.orders
CREATE FUNCTION query.f() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM command.orders' ;; CREATE MATERIALIZED VIEW query.m_new AS SELECT query.f() ;; DELETE FROM command.orders
DROP MATERIALIZED VIEW query.m_above ;; UPDATE command.orders SET total = 4
DROP MATERIALIZED VIEW query.m_orders CASCADE ;; CREATE MATERIALIZED VIEW query.m_orders AS SELECT 1 AS s
GRANT SELECT ON command.users TO PUBLIC
ANALYZE command.users
ALTER TEXT SEARCH CONFIGURATION command.words ALTER MAPPING FOR asciiword WITH english_stem
DROP TABLE command.loose
DROP INDEX IF EXISTS command.none
LOCK TABLE command.orders IN EXCLUSIVE MODE

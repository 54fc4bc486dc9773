-- What the planner takes, a statement a line: over what test_locks.py and test_witness.py make.
CREATE TABLE command.new (id int PRIMARY KEY, word text UNIQUE)
CREATE TABLE IF NOT EXISTS command.users (id int)
CREATE UNLOGGED TABLE command.new (id int GENERATED ALWAYS AS IDENTITY)
CREATE TABLE command.new (id serial)
CREATE TABLE command.new OF command.pair
CREATE TABLE command.new PARTITION OF command.parts FOR VALUES FROM (10) TO (20)
CREATE TABLE command.new PARTITION OF command.parts FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id)
ALTER TABLE command.parts ATTACH PARTITION command.loose FOR VALUES FROM (10) TO (20)
ALTER TABLE command.parts DETACH PARTITION command.part_1
ALTER INDEX command.parts_id ATTACH PARTITION command.part_1_id
ALTER TYPE command.pair ADD ATTRIBUTE c int CASCADE
ALTER TYPE command.pair DROP ATTRIBUTE b CASCADE
ALTER TYPE command.pair RENAME ATTRIBUTE b TO c CASCADE
ALTER TYPE command.state ADD VALUE 'closed' AFTER 'open'
ALTER TYPE command.state RENAME VALUE 'open' TO 'opened'
ALTER TYPE command.state RENAME TO condition
ALTER TYPE command.state SET SCHEMA reference
ALTER TYPE command.state OWNER TO CURRENT_USER
ALTER DOMAIN command.money SET NOT NULL
ALTER DOMAIN command.money SET DEFAULT 3
ALTER DOMAIN command.money ADD CONSTRAINT positive CHECK (VALUE > 0)
ALTER DOMAIN command.money RENAME TO amount
ALTER TABLE command.typed NOT OF
ALTER TABLE command.loose SET LOGGED
ALTER TABLE command.loose SET UNLOGGED
ALTER TABLE command.loose REPLICA IDENTITY FULL
ALTER TABLE command.loose ADD COLUMN a int, ADD COLUMN b int GENERATED ALWAYS AS (id * 2) STORED
ALTER TABLE command.users DROP COLUMN age CASCADE
ALTER TABLE command.users DROP CONSTRAINT users_pkey CASCADE
ALTER TABLE command.orders DROP CONSTRAINT orders_user_id_fkey
ALTER TABLE command.orders ALTER CONSTRAINT orders_user_id_fkey DEFERRABLE
ALTER TABLE command.users CLUSTER ON users_pkey
ALTER TABLE command.users FORCE ROW LEVEL SECURITY
ALTER TABLE IF EXISTS command.missing ADD COLUMN a int
ALTER VIEW command.adults SET (security_barrier = true)
ALTER VIEW command.adults ALTER COLUMN id SET DEFAULT 3
ALTER VIEW command.adults RENAME COLUMN id TO number
ALTER MATERIALIZED VIEW command.sums SET (autovacuum_enabled = false)
ALTER INDEX command.orders_total SET (fillfactor = 70)
ALTER INDEX command.orders_total RENAME TO totals
ALTER SEQUENCE command.numbers OWNED BY command.users.id
ALTER STATISTICS command.stats RENAME TO statistics
ALTER FUNCTION command.f(int) STABLE
ALTER FUNCTION command.f(int) RENAME TO g
ALTER FUNCTION command.f(int) SET search_path = command
ALTER FUNCTION command.f(text) SET SCHEMA reference
ALTER PROCEDURE command.clean() RENAME TO cleaned
ALTER AGGREGATE command.total(int) RENAME TO summed
ALTER COLLATION command.german RENAME TO deutsch
ALTER SCHEMA spare RENAME TO other
ALTER SCHEMA spare OWNER TO CURRENT_USER
ALTER TRIGGER touched ON command.users RENAME TO touching
ALTER POLICY everybody ON command.users USING (false)
ALTER POLICY everybody ON command.users RENAME TO nobody
ALTER TABLE command.users ENABLE TRIGGER ALL
ALTER TEXT SEARCH CONFIGURATION command.search RENAME TO finding
CREATE RULE new AS ON INSERT TO command.loose DO ALSO INSERT INTO command.child VALUES (new.id)
CREATE RULE new AS ON DELETE TO command.users DO INSTEAD NOTHING
CREATE OR REPLACE RULE new AS ON UPDATE TO command.users DO ALSO NOTIFY changed
CREATE TRIGGER new BEFORE INSERT ON command.users FOR EACH ROW EXECUTE FUNCTION command.touch()
CREATE CONSTRAINT TRIGGER new AFTER INSERT ON command.users DEFERRABLE FOR EACH ROW EXECUTE FUNCTION command.touch()
CREATE OR REPLACE TRIGGER touched BEFORE UPDATE ON command.users FOR EACH ROW EXECUTE FUNCTION command.touch()
CREATE POLICY new ON command.users FOR SELECT USING (age > 3)
CREATE SEQUENCE command.new OWNED BY command.users.id
CREATE TYPE command.new AS ENUM ('a', 'b')
CREATE TYPE command.new AS RANGE (subtype = int)
CREATE TYPE command.new AS (a int)
CREATE TYPE command.new
CREATE DOMAIN command.new AS text CHECK (VALUE <> '')
CREATE FUNCTION command.new(a int) RETURNS SETOF command.users LANGUAGE sql AS 'TABLE command.users'
CREATE FUNCTION command.new() RETURNS TABLE (n int) LANGUAGE plpgsql AS 'BEGIN RETURN; END'
CREATE OR REPLACE FUNCTION command.f(a int) RETURNS int RETURN 2
CREATE OR REPLACE FUNCTION command.f(int) RETURNS int RETURN 3
CREATE PROCEDURE command.new() LANGUAGE sql AS 'DELETE FROM command.loose'
CREATE AGGREGATE command.new (int) (SFUNC = int4pl, STYPE = int)
CREATE COLLATION command.new (provider = libc, locale = 'C')
CREATE TEXT SEARCH DICTIONARY command.new (TEMPLATE = simple)
CREATE STATISTICS command.new ON name, id FROM command.users
CREATE SCHEMA other
CREATE SCHEMA IF NOT EXISTS spare
CREATE SCHEMA other AUTHORIZATION CURRENT_USER
CREATE VIEW command.new AS SELECT * FROM command.users
CREATE VIEW command.new (a) AS VALUES (1)
CREATE RECURSIVE VIEW command.new (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM new WHERE n < 3
CREATE OR REPLACE VIEW command.adults AS SELECT id, age FROM command.users
CREATE MATERIALIZED VIEW command.new AS SELECT * FROM command.users WITH NO DATA
CREATE MATERIALIZED VIEW IF NOT EXISTS command.sums AS SELECT 1
CREATE TABLE command.new AS SELECT * FROM command.users
CREATE TABLE command.new AS WITH gone AS (DELETE FROM command.loose RETURNING id) TABLE gone
SELECT * INTO command.new FROM command.users
SELECT * INTO UNLOGGED TABLE command.new FROM command.users
CREATE INDEX new ON command.users ((lower(name)))
CREATE INDEX IF NOT EXISTS orders_total ON command.orders (id)
CREATE INDEX ON command.users (name)
CREATE UNIQUE INDEX new ON command.parts (id)
REINDEX INDEX command.orders_total
REINDEX TABLE command.users
CLUSTER command.users USING users_pkey
ANALYZE command.users (name)
DROP TABLE IF EXISTS command.missing
DROP TABLE command.users CASCADE
DROP TABLE command.part_1
DROP TABLE command.parts
DROP TABLE command.parent CASCADE
DROP VIEW command.adults
DROP MATERIALIZED VIEW command.sums
DROP INDEX command.orders_total
DROP SEQUENCE command.numbers
DROP FUNCTION command.f(text)
DROP FUNCTION command.f(int) CASCADE
DROP ROUTINE command.f(text)
DROP PROCEDURE command.clean()
DROP AGGREGATE command.total(int)
DROP TYPE command.pair CASCADE
DROP DOMAIN command.money CASCADE
DROP COLLATION command.german
DROP OPERATOR command.=== (int, int)
DROP STATISTICS command.stats
DROP TRIGGER touched ON command.users
DROP POLICY everybody ON command.users
DROP SCHEMA spare CASCADE
DROP TEXT SEARCH CONFIGURATION command.search
COMMENT ON TABLE command.users IS 'people'
COMMENT ON COLUMN command.users.name IS 'called'
COMMENT ON CONSTRAINT positive ON command.orders IS 'more than nothing'
COMMENT ON TRIGGER touched ON command.users IS 'x'
COMMENT ON POLICY everybody ON command.users IS 'x'
COMMENT ON INDEX command.orders_total IS 'x'
COMMENT ON FUNCTION command.f(int) IS 'x'
COMMENT ON SCHEMA spare IS 'x'
COMMENT ON TYPE command.pair IS 'x'
COMMENT ON DOMAIN command.money IS 'x'
COMMENT ON STATISTICS command.stats IS 'x'
GRANT SELECT ON command.users TO PUBLIC
GRANT SELECT (name) ON command.users TO PUBLIC
GRANT USAGE ON SCHEMA spare TO PUBLIC
GRANT SELECT ON ALL TABLES IN SCHEMA spare TO PUBLIC
GRANT EXECUTE ON FUNCTION command.f(int) TO PUBLIC
GRANT USAGE ON TYPE command.pair TO PUBLIC
REVOKE ALL ON command.users FROM PUBLIC
INSERT INTO command.loose VALUES (5)
INSERT INTO command.loose VALUES (5) ON CONFLICT DO NOTHING
INSERT INTO command.parts VALUES (5)
UPDATE command.users SET age = 3
UPDATE command.users AS u SET age = o.total FROM command.orders AS o WHERE o.user_id = u.id
DELETE FROM command.loose
MERGE INTO command.loose AS l USING command.users AS u ON u.id = l.id WHEN NOT MATCHED THEN INSERT VALUES (u.id)
WITH gone AS (DELETE FROM command.loose RETURNING id) INSERT INTO command.child TABLE gone
WITH gone AS (DELETE FROM command.loose RETURNING id) SELECT * FROM gone
TRUNCATE command.loose
TRUNCATE command.users CASCADE
TRUNCATE command.parts
TRUNCATE command.loose RESTART IDENTITY
LOCK TABLE command.users IN SHARE MODE
LOCK command.adults
SELECT command.wipe()
SELECT * FROM command.wipe_by_text()
SELECT nextval('command.numbers')
SELECT setval('command.numbers', 9)
SELECT id FROM command.users FOR UPDATE
TABLE command.users
VALUES (1)
CALL command.clean()
DO 'BEGIN DELETE FROM command.loose; END'
REFRESH MATERIALIZED VIEW command.sums
DROP TABLE command.loose CASCADE
ALTER TABLE command.child ALTER COLUMN id TYPE bigint
ALTER TABLE command.loose ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY

-- What the oracle's changes are made to: one of every way in which a view may read something.
CREATE SCHEMA spare;
CREATE TYPE command.state AS ENUM ('new', 'paid', 'sent');
CREATE TYPE command.pair AS (a int, b text);
CREATE DOMAIN command.money AS numeric;
CREATE SEQUENCE command.counter;
CREATE TABLE command.users (id int PRIMARY KEY, name text, age int, price command.money,
                            twice int GENERATED ALWAYS AS (age * 2) STORED);
CREATE TABLE command.orders (
    id int PRIMARY KEY, user_id int REFERENCES command.users ON DELETE CASCADE ON UPDATE CASCADE,
    total int, state command.state NOT NULL DEFAULT 'new');
CREATE TABLE command.lines (
    id int PRIMARY KEY, order_id int REFERENCES command.orders ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE command.log (what text);
CREATE TABLE command.rule_log (what text);
CREATE TABLE command.quiet (n int);
CREATE TABLE command.pairs (p command.pair);
CREATE TABLE command.parts (id int, n int) PARTITION BY RANGE (id);
CREATE TABLE command.part_1 PARTITION OF command.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE command.part_2 PARTITION OF command.parts FOR VALUES FROM (10) TO (20);
CREATE TABLE command.loose (id int, n int);
CREATE TABLE command.loose_empty (id int, n int);
CREATE TABLE command.base (n int);
CREATE TABLE command.heir () INHERITS (command.base);
CREATE TABLE command.tenants (id int, tenant text);
ALTER TABLE command.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_them ON command.tenants USING (true);
CREATE TABLE command.later (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);
INSERT INTO command.users VALUES (1, 'Ada', 30, 5), (2, 'Bob', 17, 7);
INSERT INTO command.orders VALUES (1, 1, 10, 'paid'), (2, 1, 20, 'new'), (3, 2, 5, 'sent');
INSERT INTO command.lines VALUES (1, 1), (2, 3);
INSERT INTO command.pairs VALUES (ROW(1, 'x'));
INSERT INTO command.parts VALUES (1, 1);
INSERT INTO command.loose VALUES (25, 3);
INSERT INTO command.base VALUES (1);
INSERT INTO command.heir VALUES (2);
INSERT INTO command.tenants VALUES (1, 'a'), (2, 'b');
INSERT INTO command.later VALUES (1), (2);
INSERT INTO command.quiet VALUES (1);
CREATE FUNCTION command.note() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO command.log VALUES (tg_op); RETURN NULL; END$$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON command.users
    FOR EACH ROW EXECUTE FUNCTION command.note();
CREATE RULE noted AS ON INSERT TO command.quiet DO ALSO INSERT INTO command.rule_log VALUES ('q');
CREATE VIEW command.adults AS SELECT id, name, age FROM command.users WHERE age > 17;
CREATE FUNCTION command.atomic_sum() RETURNS bigint STABLE
    BEGIN ATOMIC SELECT sum(total) FROM command.orders; END;
CREATE FUNCTION command.inner_text(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
CREATE FUNCTION command.outer_text(n int) RETURNS int IMMUTABLE LANGUAGE sql
    AS 'SELECT command.inner_text($1) * 2';
CREATE FUNCTION command.plain(n int) RETURNS int IMMUTABLE RETURN n * 10;
CREATE FUNCTION command.reads_by_text() RETURNS bigint STABLE LANGUAGE sql
    AS 'SELECT count(*) FROM command.lines';
CREATE FUNCTION command.reads_by_program() RETURNS bigint STABLE LANGUAGE plpgsql
    AS 'BEGIN RETURN (SELECT count(*) FROM command.tenants); END';
CREATE FUNCTION command.writes(n int) RETURNS void LANGUAGE plpgsql
    AS $$BEGIN EXECUTE format('INSERT INTO command.%I VALUES (%s)', 'rule_log', n); END$$;
CREATE FUNCTION command.step(bigint, int) RETURNS bigint IMMUTABLE RETURN $1 + $2;
CREATE AGGREGATE command.total (int) (SFUNC = command.step, STYPE = bigint, INITCOND = '0');
CREATE FUNCTION command.same(int, int) RETURNS boolean IMMUTABLE RETURN $1 % 10 = $2 % 10;
CREATE OPERATOR command.=~ (LEFTARG = int, RIGHTARG = int, FUNCTION = command.same);
CREATE FUNCTION command.spoken(command.pair) RETURNS text IMMUTABLE RETURN 'pair ' || ($1).b;
CREATE CAST (command.pair AS text) WITH FUNCTION command.spoken(command.pair);
CREATE PROCEDURE command.fill() LANGUAGE sql AS $$INSERT INTO command.log VALUES ('filled')$$;
CREATE TEXT SEARCH CONFIGURATION command.words (COPY = simple);
CREATE TABLE query.read_table (id int, n int);
INSERT INTO query.read_table VALUES (1, 1);
CREATE VIEW query.people AS SELECT id, name FROM command.users;

CREATE MATERIALIZED VIEW query.m_users AS SELECT count(*), sum(age), max(name) AS name FROM command.users;
CREATE MATERIALIZED VIEW query.m_orders AS SELECT sum(total) AS s, min(user_id) AS u FROM command.orders;
CREATE MATERIALIZED VIEW query.m_lines AS SELECT count(order_id), max(id) FROM command.lines;
CREATE MATERIALIZED VIEW query.m_above AS SELECT 2 * s AS s FROM query.m_orders;
CREATE MATERIALIZED VIEW query.m_people AS SELECT string_agg(name, ',' ORDER BY id) FROM query.people;
CREATE MATERIALIZED VIEW query.m_log AS SELECT count(*) FROM command.log;
CREATE MATERIALIZED VIEW query.m_rule_log AS SELECT count(*) FROM command.rule_log;
CREATE MATERIALIZED VIEW query.m_parts AS SELECT sum(n), count(*) FROM command.parts;
CREATE MATERIALIZED VIEW query.m_part_1 AS SELECT sum(n) FROM command.part_1;
CREATE MATERIALIZED VIEW query.m_base AS SELECT sum(n) FROM command.base;
CREATE MATERIALIZED VIEW query.m_only_base AS SELECT sum(n) FROM ONLY command.base;
CREATE MATERIALIZED VIEW query.m_states AS SELECT state::text, count(*) FROM command.orders GROUP BY 1;
CREATE MATERIALIZED VIEW query.m_whole AS SELECT to_jsonb(u) FROM command.users AS u;
CREATE MATERIALIZED VIEW query.m_pairs AS SELECT p::text FROM command.pairs;
CREATE MATERIALIZED VIEW query.m_attributes AS SELECT to_jsonb(p) FROM command.pairs;
CREATE MATERIALIZED VIEW query.m_twice AS SELECT sum(twice) FROM command.users;
CREATE MATERIALIZED VIEW query.m_counter AS SELECT last_value FROM command.counter;
CREATE MATERIALIZED VIEW query.m_atomic AS SELECT command.atomic_sum();
CREATE MATERIALIZED VIEW query.m_text AS SELECT command.outer_text(age) FROM command.users;
CREATE MATERIALIZED VIEW query.m_plain AS SELECT command.plain(n) FROM command.quiet;
CREATE MATERIALIZED VIEW query.m_by_text AS SELECT command.reads_by_text();
CREATE MATERIALIZED VIEW query.m_by_program AS SELECT command.reads_by_program();
CREATE MATERIALIZED VIEW query.m_total AS SELECT command.total(total) FROM command.orders;
CREATE MATERIALIZED VIEW query.m_same AS SELECT count(*) FROM command.users WHERE age OPERATOR(command.=~) 7;
CREATE MATERIALIZED VIEW query.m_tenants AS SELECT string_agg(tenant, ',' ORDER BY id) FROM command.tenants;
CREATE MATERIALIZED VIEW query.m_catalogue AS
    SELECT count(*) FROM pg_class WHERE relnamespace = 'command'::regnamespace;
CREATE MATERIALIZED VIEW query.m_names AS SELECT 'command.users'::regclass::text AS name;
CREATE MATERIALIZED VIEW query.m_comment AS SELECT obj_description('command.users'::regclass, 'pg_class');
CREATE MATERIALIZED VIEW query.m_later AS SELECT sum(id) FROM command.later;
CREATE MATERIALIZED VIEW query.m_read AS SELECT sum(n) FROM query.read_table;
CREATE MATERIALIZED VIEW query.m_price AS SELECT sum(price) FROM command.users;
CREATE MATERIALIZED VIEW query.m_words AS SELECT to_tsvector('command.words', 'the running dogs')::text;
CREATE MATERIALIZED VIEW query.m_quiet AS SELECT sum(n) FROM command.quiet;

--
-- PostgreSQL database dump
--


-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: command; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA command;


--
-- Name: SCHEMA command; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA command IS 'Write models: the truth, changed by commands.';


--
-- Name: cqrs; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA cqrs;


--
-- Name: SCHEMA cqrs; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA cqrs IS 'The engine: event log, receipts, subscriptions, audit.';


--
-- Name: query; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA query;


--
-- Name: SCHEMA query; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA query IS 'Read models: computed from events, free to be thrown away.';


--
-- Name: dependency_path; Type: TYPE; Schema: cqrs; Owner: -
--

CREATE TYPE cqrs.dependency_path AS (
	root text COLLATE pg_catalog."C",
	name text COLLATE pg_catalog."C",
	schema text,
	kind text,
	turn integer,
	is_last boolean,
	through_foreign_key boolean,
	path text[] COLLATE pg_catalog."C",
	links text[]
);


--
-- Name: TYPE dependency_path; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TYPE cqrs.dependency_path IS 'One way from a root to an object that depends on it.';


--
-- Name: dependency_paths(text, text[]); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.dependency_paths(root_schema text, root_names text[] DEFAULT NULL::text[]) RETURNS SETOF cqrs.dependency_path
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    edges    cqrs.dependency_edges[];
    reached  cqrs.dependency_path[];
    frontier cqrs.dependency_path[];
BEGIN
    PERFORM cqrs.require_schema(root_schema);
    edges := ARRAY(SELECT e FROM cqrs.dependency_edges AS e
                   UNION ALL
                   SELECT e FROM cqrs.system_edges(root_schema) AS e);
    frontier := ARRAY(
        SELECT (e.name, e.name, e.schema, e.kind, 0, false, false, ARRAY[e.name], '{}'::text[]
               )::cqrs.dependency_path
          FROM unnest(edges) AS e
         WHERE e.schema = root_schema AND e.name = ANY (coalesce(root_names, ARRAY[e.name]))
         GROUP BY e.name, e.schema, e.kind);
    reached := frontier;
    WHILE cardinality(frontier) > 0 LOOP
        frontier := ARRAY(
            SELECT DISTINCT ON (f.root, e.dependant, e.turn, e.is_last, by_key)
                   (f.root, e.dependant, e.dependant_schema, e.dependant_kind, e.turn, e.is_last,
                    by_key, f.path || e.dependant, f.links || e.link)::cqrs.dependency_path
              FROM unnest(frontier) AS f
              JOIN unnest(edges) AS e ON e.name = f.name
             CROSS JOIN LATERAL (SELECT f.through_foreign_key OR e.link = 'foreign key') AS k(by_key)
             WHERE NOT f.is_last AND f.turn * e.turn >= 0 AND e.dependant <> f.root
               AND NOT EXISTS (
                   SELECT FROM unnest(reached) AS r
                    WHERE r.root = f.root AND r.name = e.dependant AND r.turn = e.turn
                      AND r.is_last = e.is_last AND r.through_foreign_key = by_key)
             ORDER BY f.root, e.dependant, e.turn, e.is_last, by_key, f.path, e.link DESC);
        reached := reached || frontier;
    END LOOP;
    RETURN QUERY
    SELECT DISTINCT ON (r.root, r.name) r.*
      FROM unnest(reached) AS r
     WHERE cardinality(r.links) > 0
     ORDER BY r.root, r.name, r.through_foreign_key, cardinality(r.links), r.path, r.links DESC;
END
$$;


--
-- Name: FUNCTION dependency_paths(root_schema text, root_names text[]); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.dependency_paths(root_schema text, root_names text[]) IS 'Everything that depends on the objects of a schema, each pair once with its best path.';


--
-- Name: require_schema(text); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.require_schema(schema text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = schema) THEN
        RAISE EXCEPTION 'schema "%" does not exist', schema USING ERRCODE = 'invalid_schema_name';
    END IF;
END
$$;


--
-- Name: FUNCTION require_schema(schema text); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.require_schema(schema text) IS 'Raises invalid_schema_name for a misspelt schema.';


--
-- Name: analyze_dependencies(text, text); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.analyze_dependencies(command_schema text DEFAULT 'command'::text, query_schema text DEFAULT 'query'::text) RETURNS TABLE(command_object text, query_object text, dependency_type text, dependency_path text[], dependency_links text[])
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT cqrs.require_schema(query_schema) AS require_schema;
 SELECT p.root,
     p.name,
         CASE cardinality(p.links)
             WHEN 1 THEN 'direct'::text
             ELSE 'indirect'::text
         END AS "case",
     p.path,
     p.links
    FROM cqrs.dependency_paths(analyze_dependencies.command_schema) p(root, name, schema, kind, turn, is_last, through_foreign_key, path, links)
   WHERE (p.schema = analyze_dependencies.query_schema)
   ORDER BY p.root, p.name;
END;


--
-- Name: FUNCTION analyze_dependencies(command_schema text, query_schema text); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.analyze_dependencies(command_schema text, query_schema text) IS 'What on the query side depends on what on the command side, and by which path.';


--
-- Name: append(jsonb); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.append(batch jsonb) RETURNS TABLE(ord integer, stream text, version bigint, "position" bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    streams  text[];
    versions bigint[];
    conflict jsonb;
BEGIN
    IF jsonb_typeof(batch) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'a batch of events is a JSON array, not %',
            coalesce(jsonb_typeof(batch), 'NULL') USING ERRCODE = 'invalid_parameter_value';
    END IF;

    WITH wanted AS (
        SELECT e.stream, count(*) AS events,
               min(e.expected_version) AS lowest, max(e.expected_version) AS highest
          FROM jsonb_to_recordset(batch) AS e (stream text, expected_version bigint)
         GROUP BY e.stream
    ), moved AS (
        INSERT INTO cqrs.streams AS s (stream, version)
        SELECT w.stream, w.events FROM wanted AS w ORDER BY w.stream COLLATE "C"
        ON CONFLICT (stream) DO UPDATE SET version = s.version + excluded.version
        RETURNING s.stream, s.version
    )
    SELECT array_agg(m.stream), array_agg(m.version),
           jsonb_agg(jsonb_build_object(
               'stream', m.stream,
               'expected', CASE m.version - w.events WHEN w.lowest THEN w.highest ELSE w.lowest END,
               'current', m.version - w.events) ORDER BY m.stream COLLATE "C"
           ) FILTER (WHERE m.version - w.events NOT IN (w.lowest, w.highest)
                        OR w.lowest <> w.highest) -> 0
      INTO streams, versions, conflict
      FROM moved AS m JOIN wanted AS w USING (stream);

    IF conflict IS NOT NULL THEN
        RAISE EXCEPTION 'stream % is at version %, not %',
            conflict ->> 'stream', conflict ->> 'current', conflict ->> 'expected'
            USING ERRCODE = 'CQ001', DETAIL = conflict::text;
    END IF;

    IF streams IS NULL THEN
        RETURN;
    END IF;

    PERFORM cqrs.fence();

    RETURN QUERY
    WITH logged AS (
        INSERT INTO cqrs.events AS l (stream, version, type, schema_version, data, metadata)
        SELECT e.stream,
               m.version + 1 - row_number() OVER (PARTITION BY e.stream ORDER BY e.ord DESC),
               e.type, coalesce(e.schema_version, 1), e.data, e.metadata
          FROM ROWS FROM (jsonb_to_recordset(batch) AS (
                   stream text, type text, schema_version smallint, data jsonb, metadata jsonb
               )) WITH ORDINALITY AS e (stream, type, schema_version, data, metadata, ord)
          JOIN unnest(streams, versions) AS m (stream, version) USING (stream)
         ORDER BY e.ord
        RETURNING l.position, l.stream, l.version
    )
    SELECT row_number() OVER (ORDER BY l.position)::integer, l.stream, l.version, l.position
      FROM logged AS l
     ORDER BY l.position;
END
$$;


--
-- Name: FUNCTION append(batch jsonb); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.append(batch jsonb) IS 'The only way into the event log: moves the streams, takes the fence, draws the positions.';


--
-- Name: catalogue_objects; Type: VIEW; Schema: cqrs; Owner: -
--

CREATE VIEW cqrs.catalogue_objects AS
 SELECT ('pg_class'::regclass)::oid AS class,
    c.oid AS object,
    (n.nspname)::text AS schema,
    (format('%I.%I'::text, n.nspname, c.relname) COLLATE "C") AS name,
        CASE c.relkind
            WHEN 'v'::"char" THEN 'view'::text
            WHEN 'm'::"char" THEN 'materialized view'::text
            WHEN 'S'::"char" THEN 'sequence'::text
            WHEN 'f'::"char" THEN 'foreign table'::text
            WHEN 'c'::"char" THEN 'type'::text
            ELSE 'table'::text
        END AS kind
   FROM (pg_class c
     JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
  WHERE (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'v'::"char", 'm'::"char", 'f'::"char", 'S'::"char", 'c'::"char"]))
UNION ALL
 SELECT 'pg_proc'::regclass AS class,
    p.oid AS object,
    n.nspname AS schema,
    (format('%I.%I(%s)'::text, n.nspname, p.proname, oidvectortypes(p.proargtypes)) COLLATE "C") AS name,
        CASE p.prokind
            WHEN 'p'::"char" THEN 'procedure'::text
            WHEN 'a'::"char" THEN 'aggregate'::text
            ELSE 'function'::text
        END AS kind
   FROM (pg_proc p
     JOIN pg_namespace n ON ((n.oid = p.pronamespace)))
UNION ALL
 SELECT 'pg_type'::regclass AS class,
    t.oid AS object,
    n.nspname AS schema,
    (format('%I.%I'::text, n.nspname, t.typname) COLLATE "C") AS name,
        CASE t.typtype
            WHEN 'd'::"char" THEN 'domain'::text
            ELSE 'type'::text
        END AS kind
   FROM (pg_type t
     JOIN pg_namespace n ON ((n.oid = t.typnamespace)))
  WHERE ((t.typrelid = (0)::oid) AND (t.typcategory <> 'A'::"char"))
UNION ALL
 SELECT 'pg_operator'::regclass AS class,
    o.oid AS object,
    n.nspname AS schema,
    (format('%I.%s(%s,%s)'::text, n.nspname, o.oprname, format_type(NULLIF(o.oprleft, (0)::oid), NULL::integer), format_type(NULLIF(o.oprright, (0)::oid), NULL::integer)) COLLATE "C") AS name,
    'operator'::text AS kind
   FROM (pg_operator o
     JOIN pg_namespace n ON ((n.oid = o.oprnamespace)));


--
-- Name: VIEW catalogue_objects; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON VIEW cqrs.catalogue_objects IS 'Tables, views, functions, types and operators with their qualified, quoted names.';


--
-- Name: catalogue_parts; Type: VIEW; Schema: cqrs; Owner: -
--

CREATE VIEW cqrs.catalogue_parts AS
 SELECT ('pg_rewrite'::regclass)::oid AS class,
    r.oid AS part,
    ('pg_class'::regclass)::oid AS owner_class,
    r.ev_class AS owner,
        CASE
            WHEN (r.rulename <> '_RETURN'::name) THEN 'rule'::text
            WHEN (c.relkind = 'm'::"char") THEN 'materialized view'::text
            ELSE 'view'::text
        END AS link
   FROM (pg_rewrite r
     JOIN pg_class c ON ((c.oid = r.ev_class)))
UNION ALL
 SELECT 'pg_constraint'::regclass AS class,
    k.oid AS part,
        CASE
            WHEN (k.conrelid <> (0)::oid) THEN 'pg_class'::regclass
            ELSE 'pg_type'::regclass
        END AS owner_class,
        CASE
            WHEN (k.conrelid <> (0)::oid) THEN k.conrelid
            ELSE k.contypid
        END AS owner,
        CASE k.contype
            WHEN 'f'::"char" THEN 'foreign key'::text
            ELSE 'constraint'::text
        END AS link
   FROM pg_constraint k
UNION ALL
 SELECT 'pg_attrdef'::regclass AS class,
    d.oid AS part,
    'pg_class'::regclass AS owner_class,
    d.adrelid AS owner,
        CASE a.attgenerated
            WHEN ''::"char" THEN 'default'::text
            ELSE 'generated column'::text
        END AS link
   FROM (pg_attrdef d
     JOIN pg_attribute a ON (((a.attrelid = d.adrelid) AND (a.attnum = d.adnum))))
UNION ALL
 SELECT 'pg_trigger'::regclass AS class,
    t.oid AS part,
    'pg_class'::regclass AS owner_class,
    t.tgrelid AS owner,
    'trigger'::text AS link
   FROM pg_trigger t
  WHERE (NOT t.tgisinternal)
UNION ALL
 SELECT 'pg_policy'::regclass AS class,
    p.oid AS part,
    'pg_class'::regclass AS owner_class,
    p.polrelid AS owner,
    'policy'::text AS link
   FROM pg_policy p
UNION ALL
 SELECT 'pg_class'::regclass AS class,
    i.indexrelid AS part,
    'pg_class'::regclass AS owner_class,
    i.indrelid AS owner,
    'index'::text AS link
   FROM pg_index i
UNION ALL
 SELECT 'pg_statistic_ext'::regclass AS class,
    s.oid AS part,
    'pg_class'::regclass AS owner_class,
    s.stxrelid AS owner,
    'statistics'::text AS link
   FROM pg_statistic_ext s
UNION ALL
 SELECT 'pg_class'::regclass AS class,
    c.oid AS part,
    'pg_class'::regclass AS owner_class,
    d.refobjid AS owner,
    'sequence'::text AS link
   FROM (pg_class c
     JOIN pg_depend d ON (((d.classid = ('pg_class'::regclass)::oid) AND (d.objid = c.oid) AND (d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjsubid > 0) AND (d.deptype = ANY (ARRAY['a'::"char", 'i'::"char"])))))
  WHERE (c.relkind = 'S'::"char")
UNION ALL
 SELECT 'pg_type'::regclass AS class,
    t.oid AS part,
    'pg_class'::regclass AS owner_class,
    t.typrelid AS owner,
    'type'::text AS link
   FROM pg_type t
  WHERE (t.typrelid <> (0)::oid)
UNION ALL
 SELECT 'pg_type'::regclass AS class,
    t.oid AS part,
        CASE
            WHEN (e.typrelid <> (0)::oid) THEN 'pg_class'::regclass
            ELSE 'pg_type'::regclass
        END AS owner_class,
        CASE
            WHEN (e.typrelid <> (0)::oid) THEN e.typrelid
            ELSE e.oid
        END AS owner,
    'type'::text AS link
   FROM (pg_type t
     JOIN pg_type e ON ((e.oid = t.typelem)))
  WHERE (t.typcategory = 'A'::"char");


--
-- Name: VIEW catalogue_parts; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON VIEW cqrs.catalogue_parts IS 'Rules, constraints, defaults, triggers, indexes and row types, each with the object it is of.';


--
-- Name: column_users(regclass, text); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.column_users(relation regclass, column_name text) RETURNS TABLE(schema text, name text, kind text, link text)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 WITH RECURSIVE family AS (
          SELECT (column_users.relation)::oid AS relid
         UNION
          SELECT i.inhrelid
            FROM (pg_inherits i
              JOIN family f_1 ON ((f_1.relid = i.inhparent)))
         )
  SELECT DISTINCT o.schema,
     o.name,
     o.kind,
     COALESCE(p.link, 'function'::text) AS "coalesce"
    FROM ((((family f
      JOIN pg_attribute a ON (((a.attrelid = f.relid) AND (a.attname = column_users.column_name))))
      JOIN pg_depend d ON (((d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = f.relid) AND (d.refobjsubid = a.attnum) AND (d.deptype = ANY (ARRAY['n'::"char", 'a'::"char", 'i'::"char"])))))
      LEFT JOIN cqrs.catalogue_parts p ON (((p.class = d.classid) AND (p.part = d.objid))))
      JOIN cqrs.catalogue_objects o ON (((o.class = COALESCE(p.owner_class, d.classid)) AND (o.object = COALESCE(p.owner, d.objid)))))
   WHERE (NOT (o.object IN ( SELECT f_1.relid
            FROM family f_1)))
   ORDER BY o.name;
END;


--
-- Name: FUNCTION column_users(relation regclass, column_name text); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.column_users(relation regclass, column_name text) IS 'Which views, functions and foreign keys use a column of a table.';


--
-- Name: enqueue(jsonb); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.enqueue(commands jsonb) RETURNS TABLE(command_id uuid, reused boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
    WITH given AS (
        SELECT n.*, coalesce(decode(n.payload_hash, 'hex'),
                             substr(sha256(convert_to(n.payload::text, 'UTF8')), 1, 16)) AS hash
          FROM jsonb_to_recordset(commands) AS n
               (ord int, command_id uuid, name text, payload jsonb, payload_hash text, key text,
                after uuid[], actor text, roles text[], correlation_id uuid, causation_id text)
    ), first AS (
        SELECT DISTINCT ON (g.command_id) g.* FROM given AS g ORDER BY g.command_id, g.ord
    ), fresh AS (
        INSERT INTO cqrs.receipts AS r (command_id, name, payload_hash, actor, status)
        SELECT f.command_id, f.name, f.hash, f.actor, 'submitted' FROM first AS f ORDER BY f.ord
        ON CONFLICT DO NOTHING
        RETURNING r.command_id
    ), written AS (
        INSERT INTO cqrs.enqueued_commands AS e
            (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id)
        SELECT f.command_id, f.name, f.payload, f.key, coalesce(f.after, '{}'), f.actor,
               coalesce(f.roles, '{}'), f.correlation_id, f.causation_id
          FROM first AS f JOIN fresh USING (command_id)
         ORDER BY f.ord
    )
    SELECT g.command_id,
           g.hash <> f.hash OR g.name <> f.name OR EXISTS (
               SELECT FROM cqrs.receipts AS r
                WHERE r.command_id = g.command_id
                  AND (r.payload_hash <> g.hash OR r.name <> g.name))
      FROM given AS g JOIN first AS f ON f.command_id = g.command_id
     ORDER BY g.ord;
END
$$;


--
-- Name: FUNCTION enqueue(commands jsonb); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.enqueue(commands jsonb) IS 'Writes commands in the caller''s own transaction; the workers run them once it commits.';


--
-- Name: fence(); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.fence() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    last_position CONSTANT bigint :=
        coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0);
BEGIN
    PERFORM pg_advisory_xact_lock_shared((25457::bigint << 48) | last_position);
    RETURN last_position;
END
$$;


--
-- Name: FUNCTION fence(); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.fence() IS 'Holds the horizon at or below the returned position until this transaction ends.';


--
-- Name: horizon(); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.horizon() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    last_position bigint;
    lowest_fence  bigint;
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'the horizon needs a read committed transaction, this one is %',
            current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'the horizon is known on the primary only, this server is a standby'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    last_position := coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0);
    SELECT min(f.position) INTO lowest_fence FROM cqrs.fences AS f;
    RETURN least(last_position, lowest_fence);
END
$$;


--
-- Name: FUNCTION horizon(); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.horizon() IS 'Every event at or below this position is visible to the next statement, or will never be.';


--
-- Name: fences; Type: VIEW; Schema: cqrs; Owner: -
--

CREATE VIEW cqrs.fences AS
 SELECT ((((classid)::bigint & (65535)::bigint) << 32) | (objid)::bigint) AS "position",
    pid,
    virtualtransaction
   FROM pg_locks l
  WHERE ((locktype = 'advisory'::text) AND (objsubid = 1) AND (((classid)::bigint >> 16) = 25457) AND (mode = 'ShareLock'::text) AND granted AND (database = ( SELECT d.oid
           FROM pg_database d
          WHERE (d.datname = current_database()))));


--
-- Name: VIEW fences; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON VIEW cqrs.fences IS 'Transactions that append at this moment, and how far they let see.';


--
-- Name: horizon_holders(); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.horizon_holders() RETURNS TABLE(fence bigint, pid integer, prepared text, application_name text, state text, seconds double precision, query_start timestamp with time zone)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT min(f."position") AS min,
     f.pid,
     p.gid,
     a.application_name,
     a.state,
     EXTRACT(epoch FROM (clock_timestamp() - COALESCE(a.xact_start, p.prepared))) AS "extract",
     a.query_start
    FROM (((cqrs.fences f
      LEFT JOIN pg_stat_activity a ON ((a.pid = f.pid)))
      LEFT JOIN pg_locks own ON (((f.pid IS NULL) AND (own.pid IS NULL) AND (own.locktype = 'transactionid'::text) AND (own.virtualtransaction = f.virtualtransaction))))
      LEFT JOIN pg_prepared_xacts p ON ((p.transaction = own.transactionid)))
   GROUP BY f.pid, p.gid, p.prepared, a.application_name, a.state, a.xact_start, a.query_start
   ORDER BY (min(f."position")), (EXTRACT(epoch FROM (clock_timestamp() - COALESCE(a.xact_start, p.prepared)))) DESC NULLS LAST;
END;


--
-- Name: FUNCTION horizon_holders(); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.horizon_holders() IS 'Transactions that hold the horizon: fence, process or prepared name, state, age in seconds.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: streams; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.streams (
    stream text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT streams_stream_check CHECK ((stream <> ''::text)),
    CONSTRAINT streams_version_check CHECK ((version > 0))
)
WITH (fillfactor='66', autovacuum_vacuum_scale_factor='0.05');


--
-- Name: TABLE streams; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.streams IS 'The version of each stream (one aggregate''s events). Its row is the stream''s lock.';


--
-- Name: lock_streams(text[]); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.lock_streams(wanted text[]) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 WITH held AS (
          SELECT s.stream
            FROM cqrs.streams s
           WHERE (s.stream = ANY (lock_streams.wanted))
           ORDER BY (s.stream COLLATE "C")
          FOR NO KEY UPDATE OF s
         )
  SELECT count(*) AS count
    FROM held;
END;


--
-- Name: FUNCTION lock_streams(wanted text[]); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.lock_streams(wanted text[]) IS 'Holds streams until the end of the transaction; returns how many there are.';


--
-- Name: record_audit(); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.record_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entity      CONSTANT text  := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    attribution CONSTANT jsonb := nullif(current_setting('cqrs.attribution', true), '')::jsonb;
    commands    CONSTANT jsonb := attribution -> 'commands';
    places      CONSTANT jsonb := attribution -> 'rows' -> entity;
    several     CONSTANT jsonb := attribution -> 'steps' -> entity;
    alone       CONSTANT jsonb := CASE jsonb_array_length(commands) WHEN 1 THEN commands -> 0 END;
    changed     text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, new_values, actor, command_id)
        SELECT entity, r.id, 'INSERT', r.new, coalesce(r.by ->> 1, session_user),
               (r.by ->> 0)::uuid
          FROM (SELECT n.new, n.new ->> TG_ARGV[0] AS id,
                       coalesce(alone, commands -> (places ->> (n.new ->> TG_ARGV[0]))::int) AS by
                  FROM (SELECT to_jsonb(t) AS new FROM new_rows AS t OFFSET 0) AS n) AS r
         WHERE several IS NULL OR NOT several ? r.id;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, new_values,
                                    changed_fields, actor, command_id)
        SELECT entity, r.id, 'UPDATE', d.old, d.new, d.fields,
               coalesce(r.by ->> 1, session_user), (r.by ->> 0)::uuid
          FROM (SELECT o.old, n.new, n.id,
                       coalesce(alone, commands -> (places ->> n.id)::int) AS by
                  FROM (SELECT x.new, x.new ->> TG_ARGV[0] AS id
                          FROM (SELECT to_jsonb(t) AS new FROM new_rows AS t OFFSET 0) AS x) AS n
                  JOIN (SELECT x.old, x.old ->> TG_ARGV[0] AS id
                          FROM (SELECT to_jsonb(t) AS old FROM old_rows AS t OFFSET 0) AS x) AS o
                 USING (id)) AS r,
               LATERAL (SELECT jsonb_object_agg(f.key, r.old -> f.key) AS old,
                               jsonb_object_agg(f.key, f.value) AS new,
                               array_agg(f.key ORDER BY f.key) AS fields
                          FROM jsonb_each(r.new) AS f
                         WHERE f.value IS DISTINCT FROM r.old -> f.key) AS d
         WHERE d.fields IS NOT NULL AND (several IS NULL OR NOT several ? r.id);
    ELSE
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, actor, command_id)
        SELECT entity, r.id, 'DELETE', r.old, coalesce(r.by ->> 1, session_user),
               (r.by ->> 0)::uuid
          FROM (SELECT o.old, o.old ->> TG_ARGV[0] AS id,
                       coalesce(alone, commands -> (places ->> (o.old ->> TG_ARGV[0]))::int) AS by
                  FROM (SELECT to_jsonb(t) AS old FROM old_rows AS t OFFSET 0) AS o) AS r
         WHERE several IS NULL OR NOT several ? r.id;
    END IF;

    IF several IS NULL THEN
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT to_jsonb(t) ->> TG_ARGV[0] FROM old_rows AS t);
    ELSE
        changed := ARRAY(SELECT to_jsonb(t) ->> TG_ARGV[0] FROM new_rows AS t);
    END IF;
    PERFORM cqrs.record_audit_steps(entity, commands, several, changed);
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION record_audit(); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.record_audit() IS 'The generic audit trigger: one row in cqrs.audit_log for each change, with who and what for.';


--
-- Name: record_audit_steps(text, jsonb, jsonb, text[]); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.record_audit_steps(entity text, commands jsonb, steps jsonb, ids text[]) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, new_values,
                                changed_fields, actor, command_id)
    SELECT entity, r.key, s.step ->> 'operation', nullif(s.step -> 'old', 'null'),
           nullif(s.step -> 'new', 'null'),
           CASE WHEN s.step ->> 'operation' = 'UPDATE'
                THEN array(SELECT jsonb_object_keys(s.step -> 'new') ORDER BY 1) END,
           commands -> (s.step ->> 'by')::int ->> 1,
           (commands -> (s.step ->> 'by')::int ->> 0)::uuid
      FROM jsonb_each(steps) AS r,
           jsonb_array_elements(r.value) WITH ORDINALITY AS s(step, place)
     WHERE r.key = ANY (ids)
     ORDER BY r.key, s.place
$$;


--
-- Name: revive_command(uuid, text); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.revive_command(id uuid, by_whom text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE cqrs.dead_commands
       SET state = 'retried', closed_at = clock_timestamp(), closed_by = by_whom
     WHERE command_id = id AND state = 'open';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE cqrs.receipts
       SET status = 'submitted', data = NULL, error = NULL, errors = NULL, completed_at = NULL
     WHERE command_id = id AND status = 'dead';
    INSERT INTO cqrs.enqueued_commands
        (command_id, name, payload, key, actor, roles, correlation_id, causation_id, links)
    SELECT command_id, name, payload, key, actor, roles, correlation_id, causation_id, links
      FROM cqrs.dead_commands
     WHERE command_id = id;
    RETURN true;
END
$$;


--
-- Name: FUNCTION revive_command(id uuid, by_whom text); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.revive_command(id uuid, by_whom text) IS 'Opens a dead command''s receipt again and enqueues the command with its own id.';


--
-- Name: settle(jsonb, jsonb); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.settle(receipts jsonb, events jsonb) RETURNS TABLE(command_id uuid, "position" bigint, completed_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    settled int;
BEGIN
    RETURN QUERY
    WITH appended AS MATERIALIZED (
        SELECT (events -> (a.ord - 1) -> 'metadata' ->> 'command_id')::uuid AS command, a."position"
          FROM cqrs.append(events) AS a
    ), last AS (
        SELECT a.command, max(a."position") AS "position" FROM appended AS a GROUP BY a.command
    ), written AS (
        INSERT INTO cqrs.receipts AS r
            (command_id, name, payload_hash, actor, status, data, error, errors, position,
             completed_at)
        SELECT n.command_id, n.name, decode(n.payload_hash, 'hex'), n.actor, n.status, n.data,
               n.error, n.errors, l."position", clock_timestamp()
          FROM jsonb_to_recordset(receipts) AS n
               (command_id uuid, name text, payload_hash text, actor text, status text,
                data jsonb, error text, errors jsonb)
          LEFT JOIN last AS l ON l.command = n.command_id
         ORDER BY n.command_id
        ON CONFLICT ON CONSTRAINT receipts_pkey DO UPDATE
           SET status = EXCLUDED.status, data = EXCLUDED.data, error = EXCLUDED.error,
               errors = EXCLUDED.errors, position = EXCLUDED.position,
               completed_at = EXCLUDED.completed_at
         WHERE r.status = 'submitted'
        RETURNING r.command_id, r.position, r.completed_at
    )
    SELECT w.command_id, w.position, w.completed_at FROM written AS w;
    GET DIAGNOSTICS settled = ROW_COUNT;
    IF settled <> jsonb_array_length(receipts) THEN
        RAISE EXCEPTION 'a command of this batch was settled by somebody else'
            USING ERRCODE = 'CQ002';
    END IF;
END
$$;


--
-- Name: FUNCTION settle(receipts jsonb, events jsonb); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.settle(receipts jsonb, events jsonb) IS 'Writes a batch''s receipts and appends its events: the last statement before COMMIT.';


--
-- Name: audit_log; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.audit_log (
    audit_id bigint NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    operation text NOT NULL,
    old_values jsonb,
    new_values jsonb,
    changed_fields text[],
    actor text NOT NULL,
    command_id uuid,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_log_operation_check CHECK ((operation = ANY (ARRAY['INSERT'::text, 'UPDATE'::text, 'DELETE'::text])))
);


--
-- Name: TABLE audit_log; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.audit_log IS 'Every change of every write table. An INSERT holds the whole row, an UPDATE the fields that changed, a DELETE the row that went.';


--
-- Name: state_at(text, text, timestamp with time zone); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.state_at(entity_type text, entity_id text, at timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 WITH history AS (
          SELECT a.audit_id,
             a.operation,
             a.new_values
            FROM cqrs.audit_log a
           WHERE ((a.entity_type = state_at.entity_type) AND (a.entity_id = state_at.entity_id) AND (a.changed_at <= state_at.at))
         ), born AS (
          SELECT max(h_1.audit_id) AS audit_id
            FROM history h_1
           WHERE (h_1.operation <> 'UPDATE'::text)
         )
  SELECT jsonb_object_agg(f.key, f.value ORDER BY h.audit_id) AS jsonb_object_agg
    FROM history h,
     LATERAL jsonb_each(h.new_values) f(key, value)
   WHERE (h.audit_id >= ( SELECT b.audit_id
            FROM born b));
END;


--
-- Name: FUNCTION state_at(entity_type text, entity_id text, at timestamp with time zone); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.state_at(entity_type text, entity_id text, at timestamp with time zone) IS 'A row of a write table as it was at a time, folded from the audit log.';


--
-- Name: dependency_edges; Type: VIEW; Schema: cqrs; Owner: -
--

CREATE VIEW cqrs.dependency_edges AS
 WITH ties AS (
         SELECT COALESCE(r.owner_class, d_1.refclassid) AS class,
            COALESCE(r.owner, d_1.refobjid) AS object,
            COALESCE(p.owner_class, d_1.classid) AS dependant_class,
            COALESCE(p.owner, d_1.objid) AS dependant,
            COALESCE(p.link,
                CASE
                    WHEN (d_1.classid = ('pg_proc'::regclass)::oid) THEN 'function'::text
                    ELSE 'type'::text
                END) AS link
           FROM ((pg_depend d_1
             LEFT JOIN cqrs.catalogue_parts p ON (((p.class = d_1.classid) AND (p.part = d_1.objid))))
             LEFT JOIN cqrs.catalogue_parts r ON (((r.class = d_1.refclassid) AND (r.part = d_1.refobjid))))
          WHERE (d_1.deptype = ANY (ARRAY['n'::"char", 'a'::"char", 'i'::"char", 'P'::"char", 'S'::"char"]))
        ), family AS (
         SELECT i.inhparent AS parent,
            i.inhrelid AS child,
                CASE
                    WHEN c.relispartition THEN 'partition'::text
                    ELSE 'inheritance'::text
                END AS link
           FROM (pg_inherits i
             JOIN pg_class c ON (((c.oid = i.inhrelid) AND (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'f'::"char"])))))
        ), steps AS (
         SELECT t.class,
            t.object,
            t.dependant_class,
            t.dependant,
            t.link,
            0 AS turn
           FROM ties t
          WHERE (((t.class <> t.dependant_class) OR (t.object <> t.dependant)) AND (NOT (EXISTS ( SELECT
                   FROM family f
                  WHERE ((f.parent = t.object) AND (f.child = t.dependant))))))
        UNION ALL
         SELECT 'pg_class'::regclass AS regclass,
            f.parent,
            'pg_class'::regclass AS regclass,
            f.child,
            f.link,
            1
           FROM family f
        UNION ALL
         SELECT 'pg_class'::regclass AS regclass,
            f.child,
            'pg_class'::regclass AS regclass,
            f.parent,
            'parent'::text,
            '-1'::integer
           FROM family f
        )
 SELECT DISTINCT o.schema,
    o.name,
    o.kind,
    d.schema AS dependant_schema,
    d.name AS dependant,
    d.kind AS dependant_kind,
    s.link,
    s.turn,
    (s.link = ANY (ARRAY['default'::text, 'constraint'::text, 'trigger'::text, 'policy'::text, 'index'::text, 'statistics'::text])) AS is_last
   FROM ((steps s
     JOIN cqrs.catalogue_objects o ON (((o.class = s.class) AND (o.object = s.object))))
     JOIN cqrs.catalogue_objects d ON (((d.class = s.dependant_class) AND (d.object = s.dependant))));


--
-- Name: VIEW dependency_edges; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON VIEW cqrs.dependency_edges IS 'Who is built on whom, one step at a time: the dependant needs the object named first.';


--
-- Name: system_edges(text); Type: FUNCTION; Schema: cqrs; Owner: -
--

CREATE FUNCTION cqrs.system_edges(root_schema text) RETURNS SETOF cqrs.dependency_edges
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 WITH mentions AS MATERIALIZED (
          SELECT DISTINCT (m_1.relid[1])::oid AS relation,
             r.ev_class AS dependant
            FROM (pg_rewrite r
              CROSS JOIN LATERAL regexp_matches((r.ev_action)::text, ':relid (\d+)'::text, 'g'::text) m_1(relid))
           WHERE ((system_edges.root_schema = 'pg_catalog'::text) AND (r.rulename = '_RETURN'::name))
         ), relations AS MATERIALIZED (
          SELECT o_1.class,
             o_1.object,
             o_1.schema,
             o_1.name,
             o_1.kind
            FROM cqrs.catalogue_objects o_1
           WHERE (o_1.class = ('pg_class'::regclass)::oid)
         )
  SELECT o.schema,
     o.name,
     o.kind,
     d.schema,
     d.name,
     d.kind,
     d.kind,
     0,
     false
    FROM ((mentions m
      JOIN relations o ON ((o.object = m.relation)))
      JOIN relations d ON ((d.object = m.dependant)))
   WHERE ((o.schema = 'pg_catalog'::text) AND (o.object <> d.object));
END;


--
-- Name: FUNCTION system_edges(root_schema text); Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON FUNCTION cqrs.system_edges(root_schema text) IS 'Views over PostgreSQL''s own relations, which pg_depend does not record.';


--
-- Name: customers; Type: TABLE; Schema: command; Owner: -
--

CREATE TABLE command.customers (
    customer_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    phone text,
    address text,
    city text,
    country text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT customers_email_lower CHECK ((email = lower(email))),
    CONSTRAINT customers_name_given CHECK ((name <> ''::text))
);


--
-- Name: order_items; Type: TABLE; Schema: command; Owner: -
--

CREATE TABLE command.order_items (
    item_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line integer NOT NULL,
    product_id uuid NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(14,2) NOT NULL,
    discount numeric(5,4) NOT NULL,
    subtotal numeric(14,2) NOT NULL,
    CONSTRAINT order_items_counts_from_one CHECK (((line >= 1) AND (quantity >= 1))),
    CONSTRAINT order_items_price_positive CHECK (((unit_price >= (0)::numeric) AND ((discount >= (0)::numeric) AND (discount <= (1)::numeric)))),
    CONSTRAINT order_items_subtotal_right CHECK ((subtotal = round(((unit_price * (quantity)::numeric) * ((1)::numeric - discount)), 2)))
);


--
-- Name: order_numbers; Type: SEQUENCE; Schema: command; Owner: -
--

CREATE SEQUENCE command.order_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: orders; Type: TABLE; Schema: command; Owner: -
--

CREATE TABLE command.orders (
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    item_count integer NOT NULL,
    subtotal numeric(14,2) NOT NULL,
    tax_rate numeric(5,4) NOT NULL,
    tax numeric(14,2) NOT NULL,
    shipping numeric(14,2) NOT NULL,
    total numeric(14,2) NOT NULL,
    notes text NOT NULL,
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    processing_at timestamp with time zone,
    shipped_at timestamp with time zone,
    delivered_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    cancellation_reason text,
    CONSTRAINT orders_amounts_positive CHECK (((subtotal >= (0)::numeric) AND (tax_rate >= (0)::numeric) AND (shipping >= (0)::numeric))),
    CONSTRAINT orders_counts_from_one CHECK (((version >= 1) AND (item_count >= 1))),
    CONSTRAINT orders_number_form CHECK ((order_number ~~ 'ORD-____-_____%'::text)),
    CONSTRAINT orders_reason_if_cancelled CHECK (((status = 'cancelled'::text) = (cancellation_reason IS NOT NULL))),
    CONSTRAINT orders_status_with_its_times CHECK (
CASE status
    WHEN 'pending'::text THEN (num_nonnulls(paid_at, processing_at, shipped_at, delivered_at, cancelled_at) = 0)
    WHEN 'paid'::text THEN ((paid_at IS NOT NULL) AND (num_nonnulls(processing_at, shipped_at, delivered_at, cancelled_at) = 0))
    WHEN 'processing'::text THEN ((num_nulls(paid_at, processing_at) = 0) AND (num_nonnulls(shipped_at, delivered_at, cancelled_at) = 0))
    WHEN 'shipped'::text THEN ((num_nulls(paid_at, processing_at, shipped_at) = 0) AND (num_nonnulls(delivered_at, cancelled_at) = 0))
    WHEN 'delivered'::text THEN ((num_nulls(paid_at, processing_at, shipped_at, delivered_at) = 0) AND (cancelled_at IS NULL))
    WHEN 'cancelled'::text THEN ((cancelled_at IS NOT NULL) AND (num_nonnulls(shipped_at, delivered_at) = 0))
    ELSE false
END),
    CONSTRAINT orders_tax_right CHECK (((tax = round((subtotal * tax_rate), 2)) AND (tax_rate <= (1)::numeric))),
    CONSTRAINT orders_total_right CHECK ((total = ((subtotal + tax) + shipping)))
)
WITH (fillfactor='70');


--
-- Name: payments; Type: TABLE; Schema: command; Owner: -
--

CREATE TABLE command.payments (
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    amount numeric(14,2) NOT NULL,
    payment_method text NOT NULL,
    transaction_id text,
    status text NOT NULL,
    refund_amount numeric(14,2) NOT NULL,
    paid_at timestamp with time zone NOT NULL,
    refunded_at timestamp with time zone,
    CONSTRAINT payments_amount_positive CHECK ((amount >= (0)::numeric)),
    CONSTRAINT payments_refund_within CHECK (((refund_amount >= (0)::numeric) AND (refund_amount <= amount))),
    CONSTRAINT payments_refunded_with_time CHECK ((((status = 'refunded'::text) = (refunded_at IS NOT NULL)) AND ((status = 'refunded'::text) OR (refund_amount = (0)::numeric)))),
    CONSTRAINT payments_status_known CHECK ((status = ANY (ARRAY['paid'::text, 'refunded'::text])))
);


--
-- Name: products; Type: TABLE; Schema: command; Owner: -
--

CREATE TABLE command.products (
    product_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    price numeric(14,2) NOT NULL,
    cost numeric(14,2) NOT NULL,
    quantity_available integer NOT NULL,
    quantity_reserved integer NOT NULL,
    reorder_level integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT products_figures_positive CHECK (((price >= (0)::numeric) AND (cost >= (0)::numeric) AND (reorder_level >= 0))),
    CONSTRAINT products_name_given CHECK (((name <> ''::text) AND (sku <> ''::text))),
    CONSTRAINT products_never_oversold CHECK (((quantity_reserved >= 0) AND (quantity_reserved <= quantity_available)))
)
WITH (fillfactor='70');


--
-- Name: alembic_version; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: alembic_version_banking; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.alembic_version_banking (
    version_num character varying(32) NOT NULL
);


--
-- Name: alembic_version_orders; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.alembic_version_orders (
    version_num character varying(32) NOT NULL
);


--
-- Name: audit_log_audit_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.audit_log ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.audit_log_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: changeset_history; Type: VIEW; Schema: cqrs; Owner: -
--

CREATE VIEW cqrs.changeset_history AS
SELECT
    NULL::uuid AS changeset_id,
    NULL::text AS kind,
    NULL::text AS description,
    NULL::text AS version,
    NULL::text AS status,
    NULL::timestamp with time zone AS created_at,
    NULL::timestamp with time zone AS started_at,
    NULL::timestamp with time zone AS completed_at,
    NULL::interval AS duration,
    NULL::text AS created_by,
    NULL::text AS error,
    NULL::text AS deployment,
    NULL::bigint AS command_ops_count,
    NULL::bigint AS query_ops_count,
    NULL::integer AS failed_operation;


--
-- Name: VIEW changeset_history; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON VIEW cqrs.changeset_history IS 'One line per changeset: what, when, by whom, with what outcome.';


--
-- Name: changeset_operations; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.changeset_operations (
    changeset_id uuid NOT NULL,
    number integer NOT NULL,
    side text NOT NULL,
    kind text NOT NULL,
    object text,
    sql text NOT NULL,
    undo text,
    started_at timestamp with time zone,
    duration interval,
    success boolean,
    error text,
    sqlstate text,
    undo_started_at timestamp with time zone,
    CONSTRAINT changeset_operations_number_check CHECK ((number > 0)),
    CONSTRAINT changeset_operations_side_check CHECK ((side = ANY (ARRAY['command'::text, 'query'::text])))
);


--
-- Name: TABLE changeset_operations; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.changeset_operations IS 'The statements of each changeset, with when they ran, how long, and what went wrong.';


--
-- Name: changesets; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.changesets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text DEFAULT 'change'::text NOT NULL,
    description text NOT NULL,
    version text,
    status text DEFAULT 'pending'::text NOT NULL,
    forced boolean DEFAULT false NOT NULL,
    deployment_id uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_by text NOT NULL,
    executed_by text,
    command_id uuid,
    undoing boolean DEFAULT false NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    error text,
    follow_up jsonb,
    followed_up_at timestamp with time zone,
    CONSTRAINT changesets_check CHECK (((kind = 'change'::text) = (version IS NOT NULL))),
    CONSTRAINT changesets_check1 CHECK (((status <> ALL (ARRAY['completed'::text, 'rolled_back'::text])) OR (completed_at IS NOT NULL))),
    CONSTRAINT changesets_check2 CHECK (((status <> 'failed'::text) OR (error IS NOT NULL))),
    CONSTRAINT changesets_check3 CHECK (((status = 'in_progress'::text) OR (NOT undoing))),
    CONSTRAINT changesets_description_check CHECK ((description <> ''::text)),
    CONSTRAINT changesets_kind_check CHECK ((kind = ANY (ARRAY['change'::text, 'refresh'::text]))),
    CONSTRAINT changesets_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'in_progress'::text, 'completed'::text, 'failed'::text, 'rolled_back'::text])))
);


--
-- Name: TABLE changesets; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.changesets IS 'Coordinated changes of write tables and what is computed from them, failed ones included.';


--
-- Name: dead_commands; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.dead_commands (
    command_id uuid NOT NULL,
    name text NOT NULL,
    payload json NOT NULL,
    key text,
    actor text NOT NULL,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    correlation_id uuid,
    causation_id text,
    links json,
    error text NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    first_died_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_died_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    CONSTRAINT dead_commands_attempts_check CHECK ((attempts > 0)),
    CONSTRAINT dead_commands_check CHECK (((state = 'open'::text) = (closed_at IS NULL))),
    CONSTRAINT dead_commands_check1 CHECK (((state = 'open'::text) = (closed_by IS NULL))),
    CONSTRAINT dead_commands_state_check CHECK ((state = ANY (ARRAY['open'::text, 'retried'::text, 'discarded'::text])))
);


--
-- Name: TABLE dead_commands; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.dead_commands IS 'Commands that failed for good, with payload, actor and roles, so that they can be run again.';


--
-- Name: dead_letters; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.dead_letters (
    letter_id bigint NOT NULL,
    subscription text NOT NULL,
    "position" bigint NOT NULL,
    stream text NOT NULL,
    type text NOT NULL,
    error text NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    first_failed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_failed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    CONSTRAINT dead_letters_attempts_check CHECK ((attempts > 0)),
    CONSTRAINT dead_letters_check CHECK (((state = 'open'::text) = (closed_at IS NULL))),
    CONSTRAINT dead_letters_check1 CHECK (((state = 'open'::text) = (closed_by IS NULL))),
    CONSTRAINT dead_letters_state_check CHECK ((state = ANY (ARRAY['open'::text, 'retried'::text, 'discarded'::text, 'superseded'::text])))
);


--
-- Name: TABLE dead_letters; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.dead_letters IS 'Events that a subscription could not handle; each parks the rest of its stream while open.';


--
-- Name: dead_letters_letter_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.dead_letters ALTER COLUMN letter_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.dead_letters_letter_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: deployments; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.deployments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    begun_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    begun_by text NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    message text,
    CONSTRAINT deployments_check CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT deployments_name_check CHECK ((name <> ''::text)),
    CONSTRAINT deployments_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text])))
);


--
-- Name: TABLE deployments; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.deployments IS 'Groups of changesets and refreshes. One that never ended is reported by `cqrs status`.';


--
-- Name: enqueued_commands; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.enqueued_commands (
    seq bigint NOT NULL,
    command_id uuid NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    key text,
    after uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    actor text NOT NULL,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    correlation_id uuid,
    causation_id text,
    links json,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    waits_until timestamp with time zone,
    enqueued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE enqueued_commands; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.enqueued_commands IS 'Commands written in an application''s own transaction; a row goes when its receipt is final.';


--
-- Name: enqueued_commands_seq_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.enqueued_commands ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.enqueued_commands_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: events; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.events (
    "position" bigint NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    schema_version smallint DEFAULT 1 NOT NULL,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT events_data_check CHECK ((jsonb_typeof(data) = 'object'::text)),
    CONSTRAINT events_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT events_type_check CHECK ((type <> ''::text))
);


--
-- Name: TABLE events; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.events IS 'The event log: written by cqrs.append() alone, read in order of position up to cqrs.horizon().';


--
-- Name: events_position_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.events ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.events_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    MAXVALUE 281474976710655
    CACHE 1
);


--
-- Name: invalidations; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.invalidations (
    invalidation_id bigint NOT NULL,
    subscription text NOT NULL,
    tags text[] NOT NULL,
    "position" bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE invalidations; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.invalidations IS 'Cache tags to invalidate, written with the projection; a row goes once the cache knows.';


--
-- Name: invalidations_invalidation_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.invalidations ALTER COLUMN invalidation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.invalidations_invalidation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: query_audit; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.query_audit (
    audit_id bigint NOT NULL,
    query text NOT NULL,
    actor text NOT NULL,
    parameters jsonb NOT NULL,
    consistency text NOT NULL,
    after bigint,
    as_of bigint,
    from_cache boolean NOT NULL,
    stale boolean NOT NULL,
    rows integer NOT NULL,
    seconds double precision NOT NULL,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT query_audit_consistency_check CHECK ((consistency = ANY (ARRAY['eventual'::text, 'causal'::text, 'strong'::text]))),
    CONSTRAINT query_audit_rows_check CHECK ((rows >= 0))
);


--
-- Name: TABLE query_audit; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.query_audit IS 'Who asked which audited query, with what, when, and how many rows they were shown.';


--
-- Name: query_audit_audit_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.query_audit ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.query_audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: rebuild_keys; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.rebuild_keys (
    rebuild_id bigint NOT NULL,
    key text NOT NULL
);


--
-- Name: TABLE rebuild_keys; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.rebuild_keys IS 'Rows that a rebuild from a checkpoint folds anew; the others it takes over from the live table.';


--
-- Name: rebuild_parts; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.rebuild_parts (
    rebuild_id bigint NOT NULL,
    part integer NOT NULL,
    "position" bigint NOT NULL,
    events bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');


--
-- Name: TABLE rebuild_parts; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.rebuild_parts IS 'Each part folds the rows of some keys; its rows and its position are written together.';


--
-- Name: rebuilds; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.rebuilds (
    rebuild_id bigint NOT NULL,
    name text NOT NULL,
    shape integer NOT NULL,
    folds text,
    shadow text NOT NULL,
    replaced text,
    state text DEFAULT 'building'::text NOT NULL,
    goes_live boolean NOT NULL,
    from_position bigint NOT NULL,
    upto bigint NOT NULL,
    "position" bigint NOT NULL,
    reached bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    events bigint DEFAULT 0 NOT NULL,
    rows bigint,
    differing bigint,
    drift jsonb,
    left_out jsonb NOT NULL,
    walked text,
    cancel boolean DEFAULT false NOT NULL,
    error text,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT rebuilds_state_check CHECK ((state = ANY (ARRAY['seeding'::text, 'marking'::text, 'building'::text, 'indexing'::text, 'following'::text, 'comparing'::text, 'swapping'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
)
WITH (fillfactor='50');


--
-- Name: TABLE rebuilds; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.rebuilds IS 'Rebuilds of read tables: how far each has come, and how many rows of the live table differed.';


--
-- Name: COLUMN rebuilds.folds; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds.folds IS 'A fingerprint of the code that began it: under other code it is begun anew.';


--
-- Name: COLUMN rebuilds.replaced; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds.replaced IS 'The table that was live before, until it is dropped.';


--
-- Name: COLUMN rebuilds.from_position; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds.from_position IS 'Rows that no event after this position touches are taken over from the live table; 0: none are.';


--
-- Name: COLUMN rebuilds."position"; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds."position" IS 'Up to where the shadow table is complete; while its parts are built, how far they are on average.';


--
-- Name: COLUMN rebuilds.reached; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds.reached IS 'The same for each partition of the live table, once the parts are built.';


--
-- Name: COLUMN rebuilds.left_out; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds.left_out IS 'Events that the shadow table does not hold because dead letters keep them out of the live one.';


--
-- Name: COLUMN rebuilds.walked; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.rebuilds.walked IS 'How far the state it is in has come: the last key that was copied or compared, or the position.';


--
-- Name: rebuilds_rebuild_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.rebuilds ALTER COLUMN rebuild_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.rebuilds_rebuild_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: receipts; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.receipts (
    command_id uuid NOT NULL,
    name text NOT NULL,
    payload_hash bytea NOT NULL,
    actor text NOT NULL,
    status text NOT NULL,
    data jsonb,
    error text,
    errors jsonb,
    "position" bigint,
    submitted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT receipts_check CHECK (((status = 'submitted'::text) = (completed_at IS NULL))),
    CONSTRAINT receipts_status_check CHECK ((status = ANY (ARRAY['submitted'::text, 'succeeded'::text, 'rejected'::text, 'dead'::text])))
);


--
-- Name: TABLE receipts; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.receipts IS 'What became of each command. The key makes a redelivered command have effect once.';


--
-- Name: refresh_requests; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.refresh_requests (
    view text NOT NULL,
    requested bigint DEFAULT 1 NOT NULL,
    served bigint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');


--
-- Name: TABLE refresh_requests; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.refresh_requests IS 'Materialized views that events have asked to refresh, and when: however many events, one row.';


--
-- Name: refreshed; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.refreshed (
    view text NOT NULL,
    horizon bigint NOT NULL,
    refreshed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT refreshed_horizon_check CHECK ((horizon >= 0))
);


--
-- Name: TABLE refreshed; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.refreshed IS 'How much of the log each materialized view holds; written in the transaction of its refresh. `horizon` is taken before the refresh begins, `view` is schema-qualified.';


--
-- Name: refreshes; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.refreshes (
    refresh_id bigint NOT NULL,
    view text NOT NULL,
    outcome text NOT NULL,
    reason text,
    horizon bigint NOT NULL,
    rows bigint,
    concurrent boolean NOT NULL,
    started_at timestamp with time zone NOT NULL,
    duration interval NOT NULL,
    CONSTRAINT refreshes_outcome_check CHECK ((outcome = ANY (ARRAY['refreshed'::text, 'skipped'::text, 'failed'::text])))
);


--
-- Name: TABLE refreshes; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.refreshes IS 'What became of each refresh of a materialized view: how long, how many rows, up to which event, or why not.';


--
-- Name: refreshes_refresh_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.refreshes ALTER COLUMN refresh_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.refreshes_refresh_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: saga_events; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.saga_events (
    id bigint NOT NULL,
    saga_id uuid NOT NULL,
    event_type text NOT NULL,
    event_data jsonb,
    "position" bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE saga_events; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.saga_events IS 'The history of each saga, for people who ask what happened.';


--
-- Name: saga_events_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.saga_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.saga_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: sagas; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.sagas (
    saga_id uuid NOT NULL,
    saga_type text NOT NULL,
    key text NOT NULL,
    state jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    due_at timestamp with time zone,
    CONSTRAINT sagas_state_check CHECK ((state ? 'status'::text))
)
WITH (fillfactor='80');


--
-- Name: TABLE sagas; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.sagas IS 'Processes over several commands: where each of them stands.';


--
-- Name: slots; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.slots (
    task text NOT NULL,
    slot bigint NOT NULL,
    holder text NOT NULL
);


--
-- Name: TABLE slots; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.slots IS 'The last period in which each scheduled task ran: with two beats, a slot still happens once.';


--
-- Name: snapshots; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.snapshots (
    stream text NOT NULL,
    aggregate text NOT NULL,
    shape smallint NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    taken_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT snapshots_version_check CHECK ((version > 0))
);


--
-- Name: TABLE snapshots; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.snapshots IS 'Folded states of long streams, so that loading one reads its last events only.';


--
-- Name: subscriptions; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.subscriptions (
    name text NOT NULL,
    subscription text GENERATED ALWAYS AS (split_part(name, '#'::text, 1)) STORED NOT NULL,
    partition smallint DEFAULT 0 NOT NULL,
    partitions smallint DEFAULT 1 NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    changed_position bigint DEFAULT 0 NOT NULL,
    read_table text,
    shape integer,
    paused boolean DEFAULT false NOT NULL,
    batch_size integer,
    letters integer DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    suspect_upto bigint,
    error text,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT subscriptions_batch_size_check CHECK (((batch_size >= 1) AND (batch_size <= 50000))),
    CONSTRAINT subscriptions_check CHECK ((partitions > partition)),
    CONSTRAINT subscriptions_deaths_check CHECK ((deaths >= 0)),
    CONSTRAINT subscriptions_letters_check CHECK ((letters >= 0)),
    CONSTRAINT subscriptions_partition_check CHECK ((partition >= 0))
)
WITH (fillfactor='50');


--
-- Name: TABLE subscriptions; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.subscriptions IS 'How far each subscription has read the log; moved in the same transaction as what it wrote.';


--
-- Name: COLUMN subscriptions.changed_position; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.subscriptions.changed_position IS 'The last position at which it applied events, not merely passed over them; one above its own when rows were changed in place, by a repair or a rebuild.';


--
-- Name: COLUMN subscriptions.read_table; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.subscriptions.read_table IS 'A projection''s live table in schema query, the one behind the view; a rebuild replaces it.';


--
-- Name: COLUMN subscriptions.shape; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON COLUMN cqrs.subscriptions.shape IS 'The version of the projection for which that table was made.';


--
-- Name: verifications; Type: TABLE; Schema: cqrs; Owner: -
--

CREATE TABLE cqrs.verifications (
    verification_id bigint NOT NULL,
    name text NOT NULL,
    "position" bigint NOT NULL,
    checked bigint NOT NULL,
    complete boolean NOT NULL,
    differing bigint NOT NULL,
    drift jsonb NOT NULL,
    started_at timestamp with time zone NOT NULL,
    duration interval NOT NULL
);


--
-- Name: TABLE verifications; Type: COMMENT; Schema: cqrs; Owner: -
--

COMMENT ON TABLE cqrs.verifications IS 'Comparisons of read tables with what the log says: of some rows, or of all.';


--
-- Name: verifications_verification_id_seq; Type: SEQUENCE; Schema: cqrs; Owner: -
--

ALTER TABLE cqrs.verifications ALTER COLUMN verification_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cqrs.verifications_verification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: account_summaries_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.account_summaries_v1 (
    account_id uuid NOT NULL,
    owner text NOT NULL,
    currency text NOT NULL,
    balance numeric(14,2) NOT NULL,
    transaction_count integer NOT NULL,
    last_activity timestamp with time zone NOT NULL,
    status text NOT NULL
);


--
-- Name: account_summaries; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.account_summaries AS
 SELECT account_id,
    owner,
    currency,
    balance,
    transaction_count,
    last_activity,
    status
   FROM query.account_summaries_v1;


--
-- Name: active_sagas; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.active_sagas AS
 SELECT saga_id,
    saga_type,
    key,
    (state ->> 'status'::text) AS status,
    (state ->> 'step'::text) AS step,
    state,
    version,
    created_at,
    updated_at,
    due_at
   FROM cqrs.sagas
  WHERE ((state ->> 'status'::text) <> ALL (ARRAY['completed'::text, 'failed'::text]));


--
-- Name: VIEW active_sagas; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON VIEW query.active_sagas IS 'Sagas under way; one that is `stuck` stays here until somebody has looked at it.';


--
-- Name: audit_log; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.audit_log AS
 SELECT audit_id,
    entity_type,
    entity_id,
    operation,
    old_values,
    new_values,
    changed_fields,
    actor,
    command_id,
    changed_at
   FROM cqrs.audit_log;


--
-- Name: VIEW audit_log; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON VIEW query.audit_log IS 'The audit trail, for readers who see the query schema only.';


--
-- Name: checkpoints; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.checkpoints AS
 SELECT subscription AS name,
    min("position") AS "position",
    bool_or((letters > 0)) AS has_letters
   FROM cqrs.subscriptions
  GROUP BY subscription;


--
-- Name: VIEW checkpoints; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON VIEW query.checkpoints IS 'How far each read model has read the log, that is how far its slowest partition has: read in the snapshot of an answer, its as_of. Where there are dead letters, it has passed over some events.';


--
-- Name: order_summaries_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.order_summaries_v1 (
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    customer_id uuid NOT NULL,
    customer_name text NOT NULL,
    customer_email text NOT NULL,
    status text NOT NULL,
    subtotal numeric(14,2) NOT NULL,
    tax numeric(14,2) NOT NULL,
    shipping numeric(14,2) NOT NULL,
    total numeric(14,2) NOT NULL,
    item_count integer NOT NULL,
    version integer NOT NULL,
    notes text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cancellation_reason text,
    refund_amount numeric(14,2) NOT NULL
);


--
-- Name: order_summaries; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.order_summaries AS
 SELECT order_id,
    order_number,
    customer_id,
    customer_name,
    customer_email,
    status,
    subtotal,
    tax,
    shipping,
    total,
    item_count,
    version,
    notes,
    created_at,
    updated_at,
    cancellation_reason,
    refund_amount
   FROM query.order_summaries_v1;


--
-- Name: customer_lifetime_value; Type: MATERIALIZED VIEW; Schema: query; Owner: -
--

CREATE MATERIALIZED VIEW query.customer_lifetime_value AS
 SELECT customer_id,
    min(customer_name) AS customer_name,
    min(customer_email) AS customer_email,
    count(*) AS total_orders,
    sum(total) AS lifetime_value,
    round(avg(total), 2) AS average_order_value,
    min(created_at) AS first_order_at,
    max(created_at) AS last_order_at
   FROM query.order_summaries o
  WHERE (status = ANY (ARRAY['paid'::text, 'processing'::text, 'shipped'::text, 'delivered'::text]))
  GROUP BY customer_id
  WITH NO DATA;


--
-- Name: MATERIALIZED VIEW customer_lifetime_value; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON MATERIALIZED VIEW query.customer_lifetime_value IS 'Orders and spending of each customer who has paid for something.';


--
-- Name: customer_orders_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.customer_orders_v1 (
    order_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    order_number text NOT NULL,
    status text NOT NULL,
    total numeric(14,2) NOT NULL,
    item_count integer NOT NULL,
    items jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: customer_orders; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.customer_orders AS
 SELECT order_id,
    customer_id,
    order_number,
    status,
    total,
    item_count,
    items,
    created_at,
    updated_at
   FROM query.customer_orders_v1;


--
-- Name: order_items_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.order_items_v1 (
    item_id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    line integer NOT NULL,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    product_name text NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(14,2) NOT NULL,
    discount numeric(5,4) NOT NULL,
    subtotal numeric(14,2) NOT NULL
);


--
-- Name: order_items; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.order_items AS
 SELECT item_id,
    order_id,
    order_number,
    line,
    product_id,
    sku,
    product_name,
    quantity,
    unit_price,
    discount,
    subtotal
   FROM query.order_items_v1;


--
-- Name: order_status_timeline_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.order_status_timeline_v1 (
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    processing_at timestamp with time zone,
    shipped_at timestamp with time zone,
    delivered_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    hours_to_payment numeric(12,4),
    hours_to_shipment numeric(12,4),
    hours_to_delivery numeric(12,4),
    hours_in_all numeric(12,4)
);


--
-- Name: order_status_timeline; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.order_status_timeline AS
 SELECT order_id,
    order_number,
    status,
    created_at,
    paid_at,
    processing_at,
    shipped_at,
    delivered_at,
    cancelled_at,
    hours_to_payment,
    hours_to_shipment,
    hours_to_delivery,
    hours_in_all
   FROM query.order_status_timeline_v1;


--
-- Name: parked_events; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.parked_events AS
 SELECT l.subscription AS name,
    e."position",
    e.type,
    l.letter_id
   FROM (cqrs.dead_letters l
     JOIN cqrs.events e ON (((e.stream = l.stream) AND (e."position" >= l."position"))))
  WHERE (l.state = 'open'::text);


--
-- Name: VIEW parked_events; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON VIEW query.parked_events IS 'Events that a read model has passed over, or will, while a dead letter of their stream is open.';


--
-- Name: payments_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.payments_v1 (
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    customer_id uuid NOT NULL,
    amount numeric(14,2) NOT NULL,
    payment_method text NOT NULL,
    transaction_id text,
    status text NOT NULL,
    refund_amount numeric(14,2) NOT NULL,
    paid_at timestamp with time zone NOT NULL,
    refunded_at timestamp with time zone
);


--
-- Name: payments; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.payments AS
 SELECT payment_id,
    order_id,
    order_number,
    customer_id,
    amount,
    payment_method,
    transaction_id,
    status,
    refund_amount,
    paid_at,
    refunded_at
   FROM query.payments_v1;


--
-- Name: product_inventory_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.product_inventory_v1 (
    product_id uuid NOT NULL,
    sku text NOT NULL,
    product_name text NOT NULL,
    price numeric(14,2) NOT NULL,
    quantity_available integer NOT NULL,
    quantity_reserved integer NOT NULL,
    quantity_in_stock integer NOT NULL,
    quantity_in_orders integer NOT NULL,
    reorder_level integer NOT NULL,
    low_stock boolean NOT NULL,
    updated_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70');


--
-- Name: product_inventory; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.product_inventory AS
 SELECT product_id,
    sku,
    product_name,
    price,
    quantity_available,
    quantity_reserved,
    quantity_in_stock,
    quantity_in_orders,
    reorder_level,
    low_stock,
    updated_at
   FROM query.product_inventory_v1;


--
-- Name: refreshed; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.refreshed AS
 SELECT view,
    horizon,
    refreshed_at
   FROM cqrs.refreshed;


--
-- Name: VIEW refreshed; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON VIEW query.refreshed IS 'How much of the log each materialized view holds: read in the snapshot of an answer, its as_of.';


--
-- Name: revenue_by_product; Type: MATERIALIZED VIEW; Schema: query; Owner: -
--

CREATE MATERIALIZED VIEW query.revenue_by_product AS
 SELECT i.product_id,
    min(i.sku) AS sku,
    min(i.product_name) AS product_name,
    count(DISTINCT i.order_id) AS orders_count,
    sum(i.quantity) AS units_sold,
    sum(i.subtotal) AS total_revenue,
    round((sum(i.subtotal) / (sum(i.quantity))::numeric), 2) AS average_price,
    min(i.unit_price) AS lowest_price,
    max(i.unit_price) AS highest_price
   FROM (query.order_items i
     JOIN query.order_summaries o USING (order_id))
  WHERE (o.status = ANY (ARRAY['paid'::text, 'processing'::text, 'shipped'::text, 'delivered'::text]))
  GROUP BY i.product_id
  WITH NO DATA;


--
-- Name: MATERIALIZED VIEW revenue_by_product; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON MATERIALIZED VIEW query.revenue_by_product IS 'Orders, units and revenue of each product that has been sold.';


--
-- Name: saga_status; Type: MATERIALIZED VIEW; Schema: query; Owner: -
--

CREATE MATERIALIZED VIEW query.saga_status AS
 SELECT saga_type,
    (state ->> 'status'::text) AS status,
    count(*) AS count,
    max(updated_at) AS last_update
   FROM cqrs.sagas
  GROUP BY saga_type, (state ->> 'status'::text)
  WITH NO DATA;


--
-- Name: MATERIALIZED VIEW saga_status; Type: COMMENT; Schema: query; Owner: -
--

COMMENT ON MATERIALIZED VIEW query.saga_status IS 'How many sagas of each type are in which status.';


--
-- Name: transfers_v1; Type: TABLE; Schema: query; Owner: -
--

CREATE TABLE query.transfers_v1 (
    transfer_id uuid NOT NULL,
    from_account_id uuid NOT NULL,
    to_account_id uuid NOT NULL,
    amount numeric(14,2) NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    reason text,
    requested_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);


--
-- Name: transfers; Type: VIEW; Schema: query; Owner: -
--

CREATE VIEW query.transfers AS
 SELECT transfer_id,
    from_account_id,
    to_account_id,
    amount,
    currency,
    status,
    reason,
    requested_at,
    ended_at
   FROM query.transfers_v1;


--
-- Data for Name: customers; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.customers (customer_id, email, name, phone, address, city, country, created_at) FROM stdin;
01a22ce0-b3d6-7580-ae5e-3a626b75e932	ada@example.com	Ada	\N	\N	\N	\N	2026-11-30 14:34:13.343575+00
\.


--
-- Data for Name: order_items; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.order_items (item_id, order_id, line, product_id, quantity, unit_price, discount, subtotal) FROM stdin;
01a22ce0-b3ed-86af-ab1f-0934853d12a2	01a22ce0-b3ed-73a9-9918-4d4838c39101	1	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	2	9.62	0.0000	19.24
01a22ce0-b3ed-81cb-8d60-33073e401021	01a22ce0-b3ed-73a9-9918-4d4838c39101	2	01a22ce0-b3d6-7949-a737-c22915dd404b	1	4.00	0.0000	4.00
01a22ce0-b3f3-8d19-a9cf-707fac801a9b	01a22ce0-b3f3-7800-9d88-e3585c670981	1	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	2	9.62	0.0000	19.24
01a22ce0-b3f3-8375-8b6a-b15afabc01fb	01a22ce0-b3f3-7800-9d88-e3585c670981	2	01a22ce0-b3d6-7949-a737-c22915dd404b	2	4.00	0.0000	8.00
01a22ce0-b3f6-8d96-abc3-34cce31fa4e7	01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	1	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	2	9.62	0.0000	19.24
01a22ce0-b3f6-8039-8f53-e9d41d249f03	01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	2	01a22ce0-b3d6-7949-a737-c22915dd404b	3	4.00	0.0000	12.00
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.orders (order_id, order_number, customer_id, status, item_count, subtotal, tax_rate, tax, shipping, total, notes, version, created_at, paid_at, processing_at, shipped_at, delivered_at, cancelled_at, cancellation_reason) FROM stdin;
01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	ORD-2026-00003	01a22ce0-b3d6-7580-ae5e-3a626b75e932	pending	2	31.24	0.1000	3.12	10.00	44.36	by hand	1	2026-11-30 14:34:13.366365+00	\N	\N	\N	\N	\N	\N
01a22ce0-b3ed-73a9-9918-4d4838c39101	ORD-2026-00001	01a22ce0-b3d6-7580-ae5e-3a626b75e932	shipped	2	23.24	0.1000	2.32	10.00	35.56	by hand	4	2026-11-30 14:34:13.357858+00	2026-11-30 14:34:13.369512+00	2026-11-30 14:34:13.374251+00	2026-11-30 14:34:13.376451+00	\N	\N	\N
01a22ce0-b3f3-7800-9d88-e3585c670981	ORD-2026-00002	01a22ce0-b3d6-7580-ae5e-3a626b75e932	cancelled	2	27.24	0.1000	2.72	10.00	39.96	by hand	2	2026-11-30 14:34:13.363555+00	\N	\N	\N	\N	2026-11-30 14:34:13.379531+00	changed her mind
\.


--
-- Data for Name: payments; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.payments (payment_id, order_id, amount, payment_method, transaction_id, status, refund_amount, paid_at, refunded_at) FROM stdin;
01a22ce0-b3ed-8ce4-bc62-6befda2114d8	01a22ce0-b3ed-73a9-9918-4d4838c39101	35.56	card	\N	paid	0.00	2026-11-30 14:34:13.369512+00	\N
\.


--
-- Data for Name: products; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.products (product_id, sku, name, description, price, cost, quantity_available, quantity_reserved, reorder_level, created_at) FROM stdin;
01a22ce0-b3d6-73f6-95a2-c2558eb88b26	tea	Tea		9.62	0.00	98	2	10	2026-11-30 14:34:13.352548+00
01a22ce0-b3d6-7949-a737-c22915dd404b	cup	Cup		4.00	0.00	99	3	10	2026-11-30 14:34:13.35575+00
\.


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.alembic_version (version_num) FROM stdin;
0001_engine
\.


--
-- Data for Name: alembic_version_banking; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.alembic_version_banking (version_num) FROM stdin;
0001_banking
\.


--
-- Data for Name: alembic_version_orders; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.alembic_version_orders (version_num) FROM stdin;
0001_orders
\.


--
-- Data for Name: audit_log; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.audit_log (audit_id, entity_type, entity_id, operation, old_values, new_values, changed_fields, actor, command_id, changed_at) FROM stdin;
1	command.customers	01a22ce0-b3d6-7580-ae5e-3a626b75e932	INSERT	\N	{"city": null, "name": "Ada", "email": "ada@example.com", "phone": null, "address": null, "country": null, "created_at": "2026-11-30T14:34:13.343575+00:00", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932"}	\N	system	01a22ce0-b3d6-7534-a972-9fe2098d060e	2026-11-30 14:34:13.347916+00
2	command.products	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	INSERT	\N	{"sku": "tea", "cost": 0.00, "name": "Tea", "price": 9.62, "created_at": "2026-11-30T14:34:13.352548+00:00", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "description": "", "reorder_level": 10, "quantity_reserved": 0, "quantity_available": 100}	\N	system	01a22ce0-b3e7-78a1-b541-bf8cf2b87ceb	2026-11-30 14:34:13.354484+00
3	command.products	01a22ce0-b3d6-7949-a737-c22915dd404b	INSERT	\N	{"sku": "cup", "cost": 0.00, "name": "Cup", "price": 4.00, "created_at": "2026-11-30T14:34:13.35575+00:00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "description": "", "reorder_level": 10, "quantity_reserved": 0, "quantity_available": 100}	\N	system	01a22ce0-b3eb-73dc-a80f-7720ff290cdc	2026-11-30 14:34:13.356526+00
4	command.orders	01a22ce0-b3ed-73a9-9918-4d4838c39101	INSERT	\N	{"tax": 2.32, "notes": "by hand", "total": 35.56, "status": "pending", "paid_at": null, "version": 1, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "shipping": 10.00, "subtotal": 23.24, "tax_rate": 0.1000, "created_at": "2026-11-30T14:34:13.357858+00:00", "item_count": 2, "shipped_at": null, "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "cancelled_at": null, "delivered_at": null, "order_number": "ORD-2026-00001", "processing_at": null, "cancellation_reason": null}	\N	system	01a22ce0-b3ed-7c56-801f-8de71b88350f	2026-11-30 14:34:13.360471+00
5	command.products	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	UPDATE	{"quantity_reserved": 0}	{"quantity_reserved": 2}	{quantity_reserved}	system	01a22ce0-b3ed-7c56-801f-8de71b88350f	2026-11-30 14:34:13.361385+00
6	command.products	01a22ce0-b3d6-7949-a737-c22915dd404b	UPDATE	{"quantity_reserved": 0}	{"quantity_reserved": 1}	{quantity_reserved}	system	01a22ce0-b3ed-7c56-801f-8de71b88350f	2026-11-30 14:34:13.361424+00
7	command.order_items	01a22ce0-b3ed-86af-ab1f-0934853d12a2	INSERT	\N	{"line": 1, "item_id": "01a22ce0-b3ed-86af-ab1f-0934853d12a2", "discount": 0.0000, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "quantity": 2, "subtotal": 19.24, "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": 9.62}	\N	system	01a22ce0-b3ed-7c56-801f-8de71b88350f	2026-11-30 14:34:13.362225+00
8	command.order_items	01a22ce0-b3ed-81cb-8d60-33073e401021	INSERT	\N	{"line": 2, "item_id": "01a22ce0-b3ed-81cb-8d60-33073e401021", "discount": 0.0000, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "quantity": 1, "subtotal": 4.00, "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": 4.00}	\N	system	01a22ce0-b3ed-7c56-801f-8de71b88350f	2026-11-30 14:34:13.36225+00
9	command.orders	01a22ce0-b3f3-7800-9d88-e3585c670981	INSERT	\N	{"tax": 2.72, "notes": "by hand", "total": 39.96, "status": "pending", "paid_at": null, "version": 1, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "shipping": 10.00, "subtotal": 27.24, "tax_rate": 0.1000, "created_at": "2026-11-30T14:34:13.363555+00:00", "item_count": 2, "shipped_at": null, "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "cancelled_at": null, "delivered_at": null, "order_number": "ORD-2026-00002", "processing_at": null, "cancellation_reason": null}	\N	system	01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc	2026-11-30 14:34:13.364683+00
10	command.products	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	UPDATE	{"quantity_reserved": 2}	{"quantity_reserved": 4}	{quantity_reserved}	system	01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc	2026-11-30 14:34:13.365113+00
11	command.products	01a22ce0-b3d6-7949-a737-c22915dd404b	UPDATE	{"quantity_reserved": 1}	{"quantity_reserved": 3}	{quantity_reserved}	system	01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc	2026-11-30 14:34:13.365145+00
12	command.order_items	01a22ce0-b3f3-8d19-a9cf-707fac801a9b	INSERT	\N	{"line": 1, "item_id": "01a22ce0-b3f3-8d19-a9cf-707fac801a9b", "discount": 0.0000, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "quantity": 2, "subtotal": 19.24, "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": 9.62}	\N	system	01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc	2026-11-30 14:34:13.365371+00
13	command.order_items	01a22ce0-b3f3-8375-8b6a-b15afabc01fb	INSERT	\N	{"line": 2, "item_id": "01a22ce0-b3f3-8375-8b6a-b15afabc01fb", "discount": 0.0000, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "quantity": 2, "subtotal": 8.00, "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": 4.00}	\N	system	01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc	2026-11-30 14:34:13.365386+00
14	command.orders	01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	INSERT	\N	{"tax": 3.12, "notes": "by hand", "total": 44.36, "status": "pending", "paid_at": null, "version": 1, "order_id": "01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b", "shipping": 10.00, "subtotal": 31.24, "tax_rate": 0.1000, "created_at": "2026-11-30T14:34:13.366365+00:00", "item_count": 2, "shipped_at": null, "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "cancelled_at": null, "delivered_at": null, "order_number": "ORD-2026-00003", "processing_at": null, "cancellation_reason": null}	\N	system	01a22ce0-b3f6-7cd8-8a84-5832d213ead5	2026-11-30 14:34:13.367432+00
15	command.products	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	UPDATE	{"quantity_reserved": 4}	{"quantity_reserved": 6}	{quantity_reserved}	system	01a22ce0-b3f6-7cd8-8a84-5832d213ead5	2026-11-30 14:34:13.367832+00
16	command.products	01a22ce0-b3d6-7949-a737-c22915dd404b	UPDATE	{"quantity_reserved": 3}	{"quantity_reserved": 6}	{quantity_reserved}	system	01a22ce0-b3f6-7cd8-8a84-5832d213ead5	2026-11-30 14:34:13.36786+00
17	command.order_items	01a22ce0-b3f6-8d96-abc3-34cce31fa4e7	INSERT	\N	{"line": 1, "item_id": "01a22ce0-b3f6-8d96-abc3-34cce31fa4e7", "discount": 0.0000, "order_id": "01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b", "quantity": 2, "subtotal": 19.24, "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": 9.62}	\N	system	01a22ce0-b3f6-7cd8-8a84-5832d213ead5	2026-11-30 14:34:13.368167+00
18	command.order_items	01a22ce0-b3f6-8039-8f53-e9d41d249f03	INSERT	\N	{"line": 2, "item_id": "01a22ce0-b3f6-8039-8f53-e9d41d249f03", "discount": 0.0000, "order_id": "01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b", "quantity": 3, "subtotal": 12.00, "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": 4.00}	\N	system	01a22ce0-b3f6-7cd8-8a84-5832d213ead5	2026-11-30 14:34:13.368183+00
19	command.orders	01a22ce0-b3ed-73a9-9918-4d4838c39101	UPDATE	{"status": "pending", "paid_at": null, "version": 1}	{"status": "paid", "paid_at": "2026-11-30T14:34:13.369512+00:00", "version": 2}	{paid_at,status,version}	system	01a22ce0-b3f8-70bf-8cab-17b297833b4e	2026-11-30 14:34:13.371446+00
20	command.payments	01a22ce0-b3ed-8ce4-bc62-6befda2114d8	INSERT	\N	{"amount": 35.56, "status": "paid", "paid_at": "2026-11-30T14:34:13.369512+00:00", "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "payment_id": "01a22ce0-b3ed-8ce4-bc62-6befda2114d8", "refunded_at": null, "refund_amount": 0.00, "payment_method": "card", "transaction_id": null}	\N	system	01a22ce0-b3f8-70bf-8cab-17b297833b4e	2026-11-30 14:34:13.372498+00
21	command.orders	01a22ce0-b3ed-73a9-9918-4d4838c39101	UPDATE	{"status": "paid", "version": 2, "processing_at": null}	{"status": "processing", "version": 3, "processing_at": "2026-11-30T14:34:13.374251+00:00"}	{processing_at,status,version}	system	01a22ce0-b3fd-7688-9f6d-4820a1d6bdc8	2026-11-30 14:34:13.375749+00
22	command.orders	01a22ce0-b3ed-73a9-9918-4d4838c39101	UPDATE	{"status": "processing", "version": 3, "shipped_at": null}	{"status": "shipped", "version": 4, "shipped_at": "2026-11-30T14:34:13.376451+00:00"}	{shipped_at,status,version}	system	01a22ce0-b400-7b34-ba3c-e0ff1ecdb979	2026-11-30 14:34:13.378002+00
23	command.products	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	UPDATE	{"quantity_reserved": 6, "quantity_available": 100}	{"quantity_reserved": 4, "quantity_available": 98}	{quantity_available,quantity_reserved}	system	01a22ce0-b400-7b34-ba3c-e0ff1ecdb979	2026-11-30 14:34:13.378401+00
24	command.products	01a22ce0-b3d6-7949-a737-c22915dd404b	UPDATE	{"quantity_reserved": 6, "quantity_available": 100}	{"quantity_reserved": 5, "quantity_available": 99}	{quantity_available,quantity_reserved}	system	01a22ce0-b400-7b34-ba3c-e0ff1ecdb979	2026-11-30 14:34:13.378434+00
25	command.orders	01a22ce0-b3f3-7800-9d88-e3585c670981	UPDATE	{"status": "pending", "version": 1, "cancelled_at": null, "cancellation_reason": null}	{"status": "cancelled", "version": 2, "cancelled_at": "2026-11-30T14:34:13.379531+00:00", "cancellation_reason": "changed her mind"}	{cancellation_reason,cancelled_at,status,version}	system	01a22ce0-b402-7208-b764-a042d9d58c27	2026-11-30 14:34:13.380963+00
26	command.products	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	UPDATE	{"quantity_reserved": 4}	{"quantity_reserved": 2}	{quantity_reserved}	system	01a22ce0-b402-7208-b764-a042d9d58c27	2026-11-30 14:34:13.381282+00
27	command.products	01a22ce0-b3d6-7949-a737-c22915dd404b	UPDATE	{"quantity_reserved": 5}	{"quantity_reserved": 3}	{quantity_reserved}	system	01a22ce0-b402-7208-b764-a042d9d58c27	2026-11-30 14:34:13.381311+00
\.


--
-- Data for Name: changeset_operations; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.changeset_operations (changeset_id, number, side, kind, object, sql, undo, started_at, duration, success, error, sqlstate, undo_started_at) FROM stdin;
\.


--
-- Data for Name: changesets; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.changesets (id, kind, description, version, status, forced, deployment_id, created_at, started_at, completed_at, created_by, executed_by, command_id, undoing, attempts, error, follow_up, followed_up_at) FROM stdin;
\.


--
-- Data for Name: dead_commands; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.dead_commands (command_id, name, payload, key, actor, roles, correlation_id, causation_id, links, error, attempts, first_died_at, last_died_at, state, closed_at, closed_by) FROM stdin;
\.


--
-- Data for Name: dead_letters; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.dead_letters (letter_id, subscription, "position", stream, type, error, attempts, first_failed_at, last_failed_at, state, closed_at, closed_by) FROM stdin;
\.


--
-- Data for Name: deployments; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.deployments (id, name, begun_at, begun_by, ended_at, outcome, message) FROM stdin;
\.


--
-- Data for Name: enqueued_commands; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.enqueued_commands (seq, command_id, name, payload, key, after, actor, roles, correlation_id, causation_id, links, attempts, due_at, waits_until, enqueued_at) FROM stdin;
1	01a22ce0-b4aa-7506-86c7-5d0583e28877	orders.create_order	{"items": [{"discount": "0", "quantity": 1, "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": null}], "notes": "", "order_id": "01a22ce0-b4aa-732e-ad4b-ec393999f88a", "shipping": null, "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932"}	\N	{}	system	{system}	01a22ce0-b4aa-7506-86c7-5d0583e28877	\N	\N	0	2026-11-30 14:34:13.548598+00	\N	2026-11-30 14:34:13.548598+00
\.


--
-- Data for Name: events; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.events ("position", stream, version, type, schema_version, data, metadata, recorded_at) FROM stdin;
1	customer-01a22ce0-b3d6-7580-ae5e-3a626b75e932	1	orders.CustomerRegistered	1	{"city": null, "name": "Ada", "email": "ada@example.com", "phone": null, "address": null, "country": null, "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "registered_at": "2026-11-30T14:34:13.343575Z"}	{"actor": "system", "command_id": "01a22ce0-b3d6-7534-a972-9fe2098d060e", "causation_id": null, "correlation_id": "01a22ce0-b3d6-7534-a972-9fe2098d060e"}	2026-11-30 14:34:13.350778+00
2	product-01a22ce0-b3d6-73f6-95a2-c2558eb88b26	1	orders.ProductAdded	1	{"sku": "tea", "cost": "0.00", "name": "Tea", "price": "9.62", "added_at": "2026-11-30T14:34:13.352548Z", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "description": "", "reorder_level": 10, "quantity_available": 100}	{"actor": "system", "command_id": "01a22ce0-b3e7-78a1-b541-bf8cf2b87ceb", "causation_id": null, "correlation_id": "01a22ce0-b3e7-78a1-b541-bf8cf2b87ceb"}	2026-11-30 14:34:13.355217+00
3	product-01a22ce0-b3d6-7949-a737-c22915dd404b	1	orders.ProductAdded	1	{"sku": "cup", "cost": "0.00", "name": "Cup", "price": "4.00", "added_at": "2026-11-30T14:34:13.355750Z", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "description": "", "reorder_level": 10, "quantity_available": 100}	{"actor": "system", "command_id": "01a22ce0-b3eb-73dc-a80f-7720ff290cdc", "causation_id": null, "correlation_id": "01a22ce0-b3eb-73dc-a80f-7720ff290cdc"}	2026-11-30 14:34:13.356999+00
4	order-01a22ce0-b3ed-73a9-9918-4d4838c39101	1	orders.OrderCreated	1	{"tax": "2.32", "items": [{"sku": "tea", "line": 1, "item_id": "01a22ce0-b3ed-86af-ab1f-0934853d12a2", "discount": "0", "quantity": 2, "subtotal": "19.24", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "item_id": "01a22ce0-b3ed-81cb-8d60-33073e401021", "discount": "0", "quantity": 1, "subtotal": "4.00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": "4.00", "product_name": "Cup"}], "notes": "by hand", "total": "35.56", "pieces": {"01a22ce0-b3d6-73f6-95a2-c2558eb88b26": 2, "01a22ce0-b3d6-7949-a737-c22915dd404b": 1}, "version": 1, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "shipping": "10.00", "subtotal": "23.24", "tax_rate": "0.10", "created_at": "2026-11-30T14:34:13.357858Z", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "order_number": "ORD-2026-00001", "customer_name": "Ada", "customer_email": "ada@example.com"}	{"actor": "system", "command_id": "01a22ce0-b3ed-7c56-801f-8de71b88350f", "causation_id": null, "correlation_id": "01a22ce0-b3ed-7c56-801f-8de71b88350f"}	2026-11-30 14:34:13.362985+00
5	order-01a22ce0-b3f3-7800-9d88-e3585c670981	1	orders.OrderCreated	1	{"tax": "2.72", "items": [{"sku": "tea", "line": 1, "item_id": "01a22ce0-b3f3-8d19-a9cf-707fac801a9b", "discount": "0", "quantity": 2, "subtotal": "19.24", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "item_id": "01a22ce0-b3f3-8375-8b6a-b15afabc01fb", "discount": "0", "quantity": 2, "subtotal": "8.00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": "4.00", "product_name": "Cup"}], "notes": "by hand", "total": "39.96", "pieces": {"01a22ce0-b3d6-73f6-95a2-c2558eb88b26": 2, "01a22ce0-b3d6-7949-a737-c22915dd404b": 2}, "version": 1, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "shipping": "10.00", "subtotal": "27.24", "tax_rate": "0.10", "created_at": "2026-11-30T14:34:13.363555Z", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "order_number": "ORD-2026-00002", "customer_name": "Ada", "customer_email": "ada@example.com"}	{"actor": "system", "command_id": "01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc", "causation_id": null, "correlation_id": "01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc"}	2026-11-30 14:34:13.365893+00
6	order-01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	1	orders.OrderCreated	1	{"tax": "3.12", "items": [{"sku": "tea", "line": 1, "item_id": "01a22ce0-b3f6-8d96-abc3-34cce31fa4e7", "discount": "0", "quantity": 2, "subtotal": "19.24", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "item_id": "01a22ce0-b3f6-8039-8f53-e9d41d249f03", "discount": "0", "quantity": 3, "subtotal": "12.00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": "4.00", "product_name": "Cup"}], "notes": "by hand", "total": "44.36", "pieces": {"01a22ce0-b3d6-73f6-95a2-c2558eb88b26": 2, "01a22ce0-b3d6-7949-a737-c22915dd404b": 3}, "version": 1, "order_id": "01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b", "shipping": "10.00", "subtotal": "31.24", "tax_rate": "0.10", "created_at": "2026-11-30T14:34:13.366365Z", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "order_number": "ORD-2026-00003", "customer_name": "Ada", "customer_email": "ada@example.com"}	{"actor": "system", "command_id": "01a22ce0-b3f6-7cd8-8a84-5832d213ead5", "causation_id": null, "correlation_id": "01a22ce0-b3f6-7cd8-8a84-5832d213ead5"}	2026-11-30 14:34:13.368624+00
7	order-01a22ce0-b3ed-73a9-9918-4d4838c39101	2	orders.PaymentProcessed	1	{"amount": "35.56", "paid_at": "2026-11-30T14:34:13.369512Z", "version": 2, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "payment_id": "01a22ce0-b3ed-8ce4-bc62-6befda2114d8", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "order_number": "ORD-2026-00001", "payment_method": "card", "transaction_id": null}	{"actor": "system", "command_id": "01a22ce0-b3f8-70bf-8cab-17b297833b4e", "causation_id": null, "correlation_id": "01a22ce0-b3f8-70bf-8cab-17b297833b4e"}	2026-11-30 14:34:13.373226+00
8	order-01a22ce0-b3ed-73a9-9918-4d4838c39101	3	orders.OrderProcessingStarted	1	{"version": 3, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "order_number": "ORD-2026-00001", "processing_at": "2026-11-30T14:34:13.374251Z"}	{"actor": "system", "command_id": "01a22ce0-b3fd-7688-9f6d-4820a1d6bdc8", "causation_id": null, "correlation_id": "01a22ce0-b3fd-7688-9f6d-4820a1d6bdc8"}	2026-11-30 14:34:13.376032+00
9	order-01a22ce0-b3ed-73a9-9918-4d4838c39101	4	orders.OrderShipped	1	{"pieces": {"01a22ce0-b3d6-73f6-95a2-c2558eb88b26": 2, "01a22ce0-b3d6-7949-a737-c22915dd404b": 1}, "version": 4, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "shipped_at": "2026-11-30T14:34:13.376451Z", "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "order_number": "ORD-2026-00001"}	{"actor": "system", "command_id": "01a22ce0-b400-7b34-ba3c-e0ff1ecdb979", "causation_id": null, "correlation_id": "01a22ce0-b400-7b34-ba3c-e0ff1ecdb979"}	2026-11-30 14:34:13.378652+00
10	order-01a22ce0-b3f3-7800-9d88-e3585c670981	2	orders.OrderCancelled	1	{"pieces": {"01a22ce0-b3d6-73f6-95a2-c2558eb88b26": 2, "01a22ce0-b3d6-7949-a737-c22915dd404b": 2}, "reason": "changed her mind", "version": 2, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "payment_id": null, "customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932", "cancelled_at": "2026-11-30T14:34:13.379531Z", "order_number": "ORD-2026-00002", "refund_amount": "0.00"}	{"actor": "system", "command_id": "01a22ce0-b402-7208-b764-a042d9d58c27", "causation_id": null, "correlation_id": "01a22ce0-b402-7208-b764-a042d9d58c27"}	2026-11-30 14:34:13.381529+00
11	account-01a22ce0-b405-7995-aa7b-82869021b4e4	1	banking.AccountOpened	1	{"owner": "Ada", "balance": "0.00", "currency": "EUR", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	{"actor": "system", "command_id": "01a22ce0-b405-7ec6-8d3d-55ed83cc23f2", "causation_id": null, "correlation_id": "01a22ce0-b405-7ec6-8d3d-55ed83cc23f2"}	2026-11-30 14:34:13.384054+00
12	account-01a22ce0-b405-777f-8655-af3d2eb3a263	1	banking.AccountOpened	1	{"owner": "Ada", "balance": "0.00", "currency": "EUR", "account_id": "01a22ce0-b405-777f-8655-af3d2eb3a263"}	{"actor": "system", "command_id": "01a22ce0-b408-7416-803c-8d44e0d6057d", "causation_id": null, "correlation_id": "01a22ce0-b408-7416-803c-8d44e0d6057d"}	2026-11-30 14:34:13.385763+00
13	account-01a22ce0-b405-7995-aa7b-82869021b4e4	2	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "10.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b409-7206-aac7-895cc624a01f", "causation_id": null, "correlation_id": "01a22ce0-b409-7206-aac7-895cc624a01f"}	2026-11-30 14:34:13.387376+00
14	account-01a22ce0-b405-7995-aa7b-82869021b4e4	3	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "20.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b40b-75e3-94b2-59146ba4afe3", "causation_id": null, "correlation_id": "01a22ce0-b40b-75e3-94b2-59146ba4afe3"}	2026-11-30 14:34:13.388484+00
15	account-01a22ce0-b405-7995-aa7b-82869021b4e4	4	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "30.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b40c-7fdc-9234-308bcc0ec492", "causation_id": null, "correlation_id": "01a22ce0-b40c-7fdc-9234-308bcc0ec492"}	2026-11-30 14:34:13.389529+00
16	account-01a22ce0-b405-7995-aa7b-82869021b4e4	5	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "40.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b40d-7c71-b61a-4384635bb8ad", "causation_id": null, "correlation_id": "01a22ce0-b40d-7c71-b61a-4384635bb8ad"}	2026-11-30 14:34:13.390565+00
17	account-01a22ce0-b405-7995-aa7b-82869021b4e4	6	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "50.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b40e-776b-b77a-9079d189f70a", "causation_id": null, "correlation_id": "01a22ce0-b40e-776b-b77a-9079d189f70a"}	2026-11-30 14:34:13.391558+00
18	account-01a22ce0-b405-7995-aa7b-82869021b4e4	7	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "60.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b40f-7db3-9904-16549020d23a", "causation_id": null, "correlation_id": "01a22ce0-b40f-7db3-9904-16549020d23a"}	2026-11-30 14:34:13.392449+00
19	account-01a22ce0-b405-7995-aa7b-82869021b4e4	8	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "70.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b410-70a2-82f9-473272e3aea1", "causation_id": null, "correlation_id": "01a22ce0-b410-70a2-82f9-473272e3aea1"}	2026-11-30 14:34:13.393315+00
20	account-01a22ce0-b405-7995-aa7b-82869021b4e4	9	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "80.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b411-7c50-a5d4-370d16def63b", "causation_id": null, "correlation_id": "01a22ce0-b411-7c50-a5d4-370d16def63b"}	2026-11-30 14:34:13.394224+00
21	account-01a22ce0-b405-7995-aa7b-82869021b4e4	10	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "90.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b412-7706-99b9-59bd59aed527", "causation_id": null, "correlation_id": "01a22ce0-b412-7706-99b9-59bd59aed527"}	2026-11-30 14:34:13.395082+00
22	account-01a22ce0-b405-7995-aa7b-82869021b4e4	11	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "100.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b413-7a25-956d-cad9339fc176", "causation_id": null, "correlation_id": "01a22ce0-b413-7a25-956d-cad9339fc176"}	2026-11-30 14:34:13.395957+00
23	account-01a22ce0-b405-7995-aa7b-82869021b4e4	12	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "110.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b414-7fb3-bd6a-b92abe5ba0b6", "causation_id": null, "correlation_id": "01a22ce0-b414-7fb3-bd6a-b92abe5ba0b6"}	2026-11-30 14:34:13.396733+00
24	account-01a22ce0-b405-7995-aa7b-82869021b4e4	13	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "120.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b414-7e06-a664-6d037330af3d", "causation_id": null, "correlation_id": "01a22ce0-b414-7e06-a664-6d037330af3d"}	2026-11-30 14:34:13.397502+00
25	account-01a22ce0-b405-7995-aa7b-82869021b4e4	14	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "130.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b415-7cd2-8732-6cc8e430468e", "causation_id": null, "correlation_id": "01a22ce0-b415-7cd2-8732-6cc8e430468e"}	2026-11-30 14:34:13.39832+00
26	account-01a22ce0-b405-7995-aa7b-82869021b4e4	15	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "140.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b416-76ff-b028-41fa5a5ce79e", "causation_id": null, "correlation_id": "01a22ce0-b416-76ff-b028-41fa5a5ce79e"}	2026-11-30 14:34:13.399096+00
27	account-01a22ce0-b405-7995-aa7b-82869021b4e4	16	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "150.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b417-7dc4-8c4e-41ff90ce529b", "causation_id": null, "correlation_id": "01a22ce0-b417-7dc4-8c4e-41ff90ce529b"}	2026-11-30 14:34:13.399946+00
28	account-01a22ce0-b405-7995-aa7b-82869021b4e4	17	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "160.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b418-77e8-aaa3-3061bb1858d9", "causation_id": null, "correlation_id": "01a22ce0-b418-77e8-aaa3-3061bb1858d9"}	2026-11-30 14:34:13.400768+00
29	account-01a22ce0-b405-7995-aa7b-82869021b4e4	18	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "170.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b418-7159-8e3e-e757730ed01e", "causation_id": null, "correlation_id": "01a22ce0-b418-7159-8e3e-e757730ed01e"}	2026-11-30 14:34:13.401588+00
30	account-01a22ce0-b405-7995-aa7b-82869021b4e4	19	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "180.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b419-7e3f-b632-65f4f827c2a2", "causation_id": null, "correlation_id": "01a22ce0-b419-7e3f-b632-65f4f827c2a2"}	2026-11-30 14:34:13.402385+00
31	account-01a22ce0-b405-7995-aa7b-82869021b4e4	20	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "190.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b41a-72bc-a2ca-0220eab9c9a9", "causation_id": null, "correlation_id": "01a22ce0-b41a-72bc-a2ca-0220eab9c9a9"}	2026-11-30 14:34:13.403272+00
32	account-01a22ce0-b405-7995-aa7b-82869021b4e4	21	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "200.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b41b-7b73-a056-8334b49cfa7a", "causation_id": null, "correlation_id": "01a22ce0-b41b-7b73-a056-8334b49cfa7a"}	2026-11-30 14:34:13.404223+00
33	account-01a22ce0-b405-7995-aa7b-82869021b4e4	22	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "210.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b41c-7a57-8d21-849bacbbc351", "causation_id": null, "correlation_id": "01a22ce0-b41c-7a57-8d21-849bacbbc351"}	2026-11-30 14:34:13.405073+00
34	account-01a22ce0-b405-7995-aa7b-82869021b4e4	23	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "220.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b41d-70f5-84a3-3cc6e1ec8039", "causation_id": null, "correlation_id": "01a22ce0-b41d-70f5-84a3-3cc6e1ec8039"}	2026-11-30 14:34:13.405917+00
35	account-01a22ce0-b405-7995-aa7b-82869021b4e4	24	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "230.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b41e-7231-b7dc-566989300e35", "causation_id": null, "correlation_id": "01a22ce0-b41e-7231-b7dc-566989300e35"}	2026-11-30 14:34:13.406812+00
36	account-01a22ce0-b405-7995-aa7b-82869021b4e4	25	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "240.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b41e-7633-a082-e2968fd28a66", "causation_id": null, "correlation_id": "01a22ce0-b41e-7633-a082-e2968fd28a66"}	2026-11-30 14:34:13.407713+00
37	account-01a22ce0-b405-7995-aa7b-82869021b4e4	26	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "250.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b420-72bf-af84-2b72069c42a1", "causation_id": null, "correlation_id": "01a22ce0-b420-72bf-af84-2b72069c42a1"}	2026-11-30 14:34:13.409055+00
38	account-01a22ce0-b405-7995-aa7b-82869021b4e4	27	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "260.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b421-7a04-aed1-252a5c9a6e77", "causation_id": null, "correlation_id": "01a22ce0-b421-7a04-aed1-252a5c9a6e77"}	2026-11-30 14:34:13.410142+00
39	account-01a22ce0-b405-7995-aa7b-82869021b4e4	28	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "270.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b422-7635-909d-fa218437f5af", "causation_id": null, "correlation_id": "01a22ce0-b422-7635-909d-fa218437f5af"}	2026-11-30 14:34:13.411016+00
40	account-01a22ce0-b405-7995-aa7b-82869021b4e4	29	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "280.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b423-73fe-8205-64250ad3a352", "causation_id": null, "correlation_id": "01a22ce0-b423-73fe-8205-64250ad3a352"}	2026-11-30 14:34:13.411892+00
41	account-01a22ce0-b405-7995-aa7b-82869021b4e4	30	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "290.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b424-72f6-9b87-e1b3275ae514", "causation_id": null, "correlation_id": "01a22ce0-b424-72f6-9b87-e1b3275ae514"}	2026-11-30 14:34:13.412766+00
42	account-01a22ce0-b405-7995-aa7b-82869021b4e4	31	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "300.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b424-71de-bfbd-660ae2390c18", "causation_id": null, "correlation_id": "01a22ce0-b424-71de-bfbd-660ae2390c18"}	2026-11-30 14:34:13.413641+00
43	account-01a22ce0-b405-7995-aa7b-82869021b4e4	32	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "310.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b425-724e-853d-a02b54d404e4", "causation_id": null, "correlation_id": "01a22ce0-b425-724e-853d-a02b54d404e4"}	2026-11-30 14:34:13.414718+00
44	account-01a22ce0-b405-7995-aa7b-82869021b4e4	33	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "320.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b426-789a-8e86-257c90fef831", "causation_id": null, "correlation_id": "01a22ce0-b426-789a-8e86-257c90fef831"}	2026-11-30 14:34:13.415763+00
45	account-01a22ce0-b405-7995-aa7b-82869021b4e4	34	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "330.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b427-7167-bcb7-4f1fa96c7f60", "causation_id": null, "correlation_id": "01a22ce0-b427-7167-bcb7-4f1fa96c7f60"}	2026-11-30 14:34:13.416732+00
46	account-01a22ce0-b405-7995-aa7b-82869021b4e4	35	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "340.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b428-7b36-bca7-c8e852c95b22", "causation_id": null, "correlation_id": "01a22ce0-b428-7b36-bca7-c8e852c95b22"}	2026-11-30 14:34:13.417643+00
47	account-01a22ce0-b405-7995-aa7b-82869021b4e4	36	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "350.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b429-72ae-ac49-71e3aa3222ad", "causation_id": null, "correlation_id": "01a22ce0-b429-72ae-ac49-71e3aa3222ad"}	2026-11-30 14:34:13.419981+00
48	account-01a22ce0-b405-7995-aa7b-82869021b4e4	37	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "360.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b42c-78ee-8fb7-22861bc36433", "causation_id": null, "correlation_id": "01a22ce0-b42c-78ee-8fb7-22861bc36433"}	2026-11-30 14:34:13.42136+00
49	account-01a22ce0-b405-7995-aa7b-82869021b4e4	38	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "370.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b42d-7ede-968a-ec693b0b02cf", "causation_id": null, "correlation_id": "01a22ce0-b42d-7ede-968a-ec693b0b02cf"}	2026-11-30 14:34:13.422555+00
50	account-01a22ce0-b405-7995-aa7b-82869021b4e4	39	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "380.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b42e-7182-8890-1e21ed46b235", "causation_id": null, "correlation_id": "01a22ce0-b42e-7182-8890-1e21ed46b235"}	2026-11-30 14:34:13.423753+00
51	account-01a22ce0-b405-7995-aa7b-82869021b4e4	40	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "390.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b431-7bcf-a437-71f301b98102", "causation_id": null, "correlation_id": "01a22ce0-b431-7bcf-a437-71f301b98102"}	2026-11-30 14:34:13.427001+00
52	account-01a22ce0-b405-7995-aa7b-82869021b4e4	41	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "400.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b433-7646-812e-2e6e4200b522", "causation_id": null, "correlation_id": "01a22ce0-b433-7646-812e-2e6e4200b522"}	2026-11-30 14:34:13.428407+00
53	account-01a22ce0-b405-7995-aa7b-82869021b4e4	42	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "410.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b434-757f-8065-6a59b74f109f", "causation_id": null, "correlation_id": "01a22ce0-b434-757f-8065-6a59b74f109f"}	2026-11-30 14:34:13.429615+00
54	account-01a22ce0-b405-7995-aa7b-82869021b4e4	43	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "420.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b435-7f66-9518-76f71ec9c2ff", "causation_id": null, "correlation_id": "01a22ce0-b435-7f66-9518-76f71ec9c2ff"}	2026-11-30 14:34:13.430871+00
55	account-01a22ce0-b405-7995-aa7b-82869021b4e4	44	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "430.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b437-7a66-8c0b-abfd6f7d7b15", "causation_id": null, "correlation_id": "01a22ce0-b437-7a66-8c0b-abfd6f7d7b15"}	2026-11-30 14:34:13.432032+00
56	account-01a22ce0-b405-7995-aa7b-82869021b4e4	45	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "440.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b438-74ae-abb7-26e9515fd4a3", "causation_id": null, "correlation_id": "01a22ce0-b438-74ae-abb7-26e9515fd4a3"}	2026-11-30 14:34:13.433054+00
57	account-01a22ce0-b405-7995-aa7b-82869021b4e4	46	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "450.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b439-7b01-9f1b-e637a66b5e76", "causation_id": null, "correlation_id": "01a22ce0-b439-7b01-9f1b-e637a66b5e76"}	2026-11-30 14:34:13.434096+00
58	account-01a22ce0-b405-7995-aa7b-82869021b4e4	47	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "460.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b43a-75ea-9322-8b20b3268111", "causation_id": null, "correlation_id": "01a22ce0-b43a-75ea-9322-8b20b3268111"}	2026-11-30 14:34:13.435123+00
59	account-01a22ce0-b405-7995-aa7b-82869021b4e4	48	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "470.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b43b-71db-af08-7487fde398fb", "causation_id": null, "correlation_id": "01a22ce0-b43b-71db-af08-7487fde398fb"}	2026-11-30 14:34:13.436169+00
60	account-01a22ce0-b405-7995-aa7b-82869021b4e4	49	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "480.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b43c-79a8-b6fa-634af23fa9b7", "causation_id": null, "correlation_id": "01a22ce0-b43c-79a8-b6fa-634af23fa9b7"}	2026-11-30 14:34:13.437129+00
61	account-01a22ce0-b405-7995-aa7b-82869021b4e4	50	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "490.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b43d-7a20-91ed-62cc0a20c1d8", "causation_id": null, "correlation_id": "01a22ce0-b43d-7a20-91ed-62cc0a20c1d8"}	2026-11-30 14:34:13.438239+00
62	account-01a22ce0-b405-7995-aa7b-82869021b4e4	51	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "500.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b43e-7cd6-a18d-4aa83ab7cf81", "causation_id": null, "correlation_id": "01a22ce0-b43e-7cd6-a18d-4aa83ab7cf81"}	2026-11-30 14:34:13.439206+00
63	account-01a22ce0-b405-7995-aa7b-82869021b4e4	52	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "510.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b443-7313-8b03-4205031d3dff", "causation_id": null, "correlation_id": "01a22ce0-b443-7313-8b03-4205031d3dff"}	2026-11-30 14:34:13.444655+00
64	account-01a22ce0-b405-7995-aa7b-82869021b4e4	53	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "520.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b444-7a3a-9073-8e8177b490aa", "causation_id": null, "correlation_id": "01a22ce0-b444-7a3a-9073-8e8177b490aa"}	2026-11-30 14:34:13.445774+00
65	account-01a22ce0-b405-7995-aa7b-82869021b4e4	54	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "530.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b445-72bc-b040-993c32dbfade", "causation_id": null, "correlation_id": "01a22ce0-b445-72bc-b040-993c32dbfade"}	2026-11-30 14:34:13.446882+00
66	account-01a22ce0-b405-7995-aa7b-82869021b4e4	55	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "540.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b447-7efd-ab6b-e84a875d52cb", "causation_id": null, "correlation_id": "01a22ce0-b447-7efd-ab6b-e84a875d52cb"}	2026-11-30 14:34:13.448131+00
67	account-01a22ce0-b405-7995-aa7b-82869021b4e4	56	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "550.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b448-7b68-a850-89670e495d52", "causation_id": null, "correlation_id": "01a22ce0-b448-7b68-a850-89670e495d52"}	2026-11-30 14:34:13.449557+00
68	account-01a22ce0-b405-7995-aa7b-82869021b4e4	57	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "560.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b449-7463-807e-24b8bb8c170b", "causation_id": null, "correlation_id": "01a22ce0-b449-7463-807e-24b8bb8c170b"}	2026-11-30 14:34:13.450719+00
69	account-01a22ce0-b405-7995-aa7b-82869021b4e4	58	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "570.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b44a-7b33-a773-38216d67af93", "causation_id": null, "correlation_id": "01a22ce0-b44a-7b33-a773-38216d67af93"}	2026-11-30 14:34:13.451957+00
70	account-01a22ce0-b405-7995-aa7b-82869021b4e4	59	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "580.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b44c-7dbd-8366-b9c56736aa50", "causation_id": null, "correlation_id": "01a22ce0-b44c-7dbd-8366-b9c56736aa50"}	2026-11-30 14:34:13.453047+00
71	account-01a22ce0-b405-7995-aa7b-82869021b4e4	60	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "590.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b44d-74a3-ac0d-076b18aa4535", "causation_id": null, "correlation_id": "01a22ce0-b44d-74a3-ac0d-076b18aa4535"}	2026-11-30 14:34:13.454159+00
72	account-01a22ce0-b405-7995-aa7b-82869021b4e4	61	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "600.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b44e-7504-8752-175988b7fae0", "causation_id": null, "correlation_id": "01a22ce0-b44e-7504-8752-175988b7fae0"}	2026-11-30 14:34:13.455246+00
73	account-01a22ce0-b405-7995-aa7b-82869021b4e4	62	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "610.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b44f-7783-a036-5839d4a5a7bb", "causation_id": null, "correlation_id": "01a22ce0-b44f-7783-a036-5839d4a5a7bb"}	2026-11-30 14:34:13.456355+00
74	account-01a22ce0-b405-7995-aa7b-82869021b4e4	63	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "620.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b450-799f-b964-99e577e56a64", "causation_id": null, "correlation_id": "01a22ce0-b450-799f-b964-99e577e56a64"}	2026-11-30 14:34:13.457409+00
75	account-01a22ce0-b405-7995-aa7b-82869021b4e4	64	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "630.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b451-7fd5-b0c2-3410f6bb1060", "causation_id": null, "correlation_id": "01a22ce0-b451-7fd5-b0c2-3410f6bb1060"}	2026-11-30 14:34:13.458528+00
76	account-01a22ce0-b405-7995-aa7b-82869021b4e4	65	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "640.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b452-7451-9986-fee2e0a20138", "causation_id": null, "correlation_id": "01a22ce0-b452-7451-9986-fee2e0a20138"}	2026-11-30 14:34:13.459608+00
77	account-01a22ce0-b405-7995-aa7b-82869021b4e4	66	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "650.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b453-7828-8406-c47f883f23db", "causation_id": null, "correlation_id": "01a22ce0-b453-7828-8406-c47f883f23db"}	2026-11-30 14:34:13.46071+00
78	account-01a22ce0-b405-7995-aa7b-82869021b4e4	67	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "660.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b454-752f-9064-492aa0144f60", "causation_id": null, "correlation_id": "01a22ce0-b454-752f-9064-492aa0144f60"}	2026-11-30 14:34:13.461813+00
79	account-01a22ce0-b405-7995-aa7b-82869021b4e4	68	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "670.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b455-7162-ad62-f46b5043de5b", "causation_id": null, "correlation_id": "01a22ce0-b455-7162-ad62-f46b5043de5b"}	2026-11-30 14:34:13.462944+00
80	account-01a22ce0-b405-7995-aa7b-82869021b4e4	69	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "680.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b457-7830-81e9-82bbbc96003d", "causation_id": null, "correlation_id": "01a22ce0-b457-7830-81e9-82bbbc96003d"}	2026-11-30 14:34:13.464135+00
81	account-01a22ce0-b405-7995-aa7b-82869021b4e4	70	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "690.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b458-738a-948b-4d8a04c697b3", "causation_id": null, "correlation_id": "01a22ce0-b458-738a-948b-4d8a04c697b3"}	2026-11-30 14:34:13.465219+00
82	account-01a22ce0-b405-7995-aa7b-82869021b4e4	71	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "700.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b459-7141-aeb5-c70a70421e94", "causation_id": null, "correlation_id": "01a22ce0-b459-7141-aeb5-c70a70421e94"}	2026-11-30 14:34:13.466272+00
83	account-01a22ce0-b405-7995-aa7b-82869021b4e4	72	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "710.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b45a-7ff6-8f7a-8ef7d0760cbe", "causation_id": null, "correlation_id": "01a22ce0-b45a-7ff6-8f7a-8ef7d0760cbe"}	2026-11-30 14:34:13.467367+00
84	account-01a22ce0-b405-7995-aa7b-82869021b4e4	73	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "720.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b45b-7d3f-99d8-3f54c8fd7d70", "causation_id": null, "correlation_id": "01a22ce0-b45b-7d3f-99d8-3f54c8fd7d70"}	2026-11-30 14:34:13.468639+00
85	account-01a22ce0-b405-7995-aa7b-82869021b4e4	74	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "730.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b45c-718c-9ae1-7db3d0e353c9", "causation_id": null, "correlation_id": "01a22ce0-b45c-718c-9ae1-7db3d0e353c9"}	2026-11-30 14:34:13.469769+00
86	account-01a22ce0-b405-7995-aa7b-82869021b4e4	75	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "740.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b45d-7e66-a2eb-7156d5e50478", "causation_id": null, "correlation_id": "01a22ce0-b45d-7e66-a2eb-7156d5e50478"}	2026-11-30 14:34:13.470903+00
87	account-01a22ce0-b405-7995-aa7b-82869021b4e4	76	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "750.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b45f-7179-92e0-d1144afa2300", "causation_id": null, "correlation_id": "01a22ce0-b45f-7179-92e0-d1144afa2300"}	2026-11-30 14:34:13.472098+00
88	account-01a22ce0-b405-7995-aa7b-82869021b4e4	77	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "760.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b460-7246-91d3-f783f26a2916", "causation_id": null, "correlation_id": "01a22ce0-b460-7246-91d3-f783f26a2916"}	2026-11-30 14:34:13.4733+00
89	account-01a22ce0-b405-7995-aa7b-82869021b4e4	78	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "770.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b461-79c4-b7e9-c008262823a1", "causation_id": null, "correlation_id": "01a22ce0-b461-79c4-b7e9-c008262823a1"}	2026-11-30 14:34:13.474498+00
90	account-01a22ce0-b405-7995-aa7b-82869021b4e4	79	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "780.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b462-78fd-a062-a19fd4067418", "causation_id": null, "correlation_id": "01a22ce0-b462-78fd-a062-a19fd4067418"}	2026-11-30 14:34:13.475697+00
91	account-01a22ce0-b405-7995-aa7b-82869021b4e4	80	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "790.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b463-71e6-9aba-41d7b5b80e6a", "causation_id": null, "correlation_id": "01a22ce0-b463-71e6-9aba-41d7b5b80e6a"}	2026-11-30 14:34:13.476864+00
92	account-01a22ce0-b405-7995-aa7b-82869021b4e4	81	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "800.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b464-7067-ae6e-7cdc4407109c", "causation_id": null, "correlation_id": "01a22ce0-b464-7067-ae6e-7cdc4407109c"}	2026-11-30 14:34:13.477993+00
93	account-01a22ce0-b405-7995-aa7b-82869021b4e4	82	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "810.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b466-7299-ab3d-a6d784ce00d0", "causation_id": null, "correlation_id": "01a22ce0-b466-7299-ab3d-a6d784ce00d0"}	2026-11-30 14:34:13.479125+00
94	account-01a22ce0-b405-7995-aa7b-82869021b4e4	83	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "820.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b467-759a-81be-268b031146b9", "causation_id": null, "correlation_id": "01a22ce0-b467-759a-81be-268b031146b9"}	2026-11-30 14:34:13.480301+00
95	account-01a22ce0-b405-7995-aa7b-82869021b4e4	84	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "830.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b468-7df3-99a1-bda8bdf6cfdb", "causation_id": null, "correlation_id": "01a22ce0-b468-7df3-99a1-bda8bdf6cfdb"}	2026-11-30 14:34:13.481466+00
96	account-01a22ce0-b405-7995-aa7b-82869021b4e4	85	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "840.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b469-7b14-af4d-b4358f7e9be6", "causation_id": null, "correlation_id": "01a22ce0-b469-7b14-af4d-b4358f7e9be6"}	2026-11-30 14:34:13.482644+00
97	account-01a22ce0-b405-7995-aa7b-82869021b4e4	86	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "850.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b46a-7847-8f7d-233f35c0a625", "causation_id": null, "correlation_id": "01a22ce0-b46a-7847-8f7d-233f35c0a625"}	2026-11-30 14:34:13.483875+00
98	account-01a22ce0-b405-7995-aa7b-82869021b4e4	87	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "860.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b46c-7e57-8fde-048c34bc6417", "causation_id": null, "correlation_id": "01a22ce0-b46c-7e57-8fde-048c34bc6417"}	2026-11-30 14:34:13.485064+00
99	account-01a22ce0-b405-7995-aa7b-82869021b4e4	88	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "870.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b46d-7ccc-bf07-7f3464cd3d82", "causation_id": null, "correlation_id": "01a22ce0-b46d-7ccc-bf07-7f3464cd3d82"}	2026-11-30 14:34:13.486236+00
100	account-01a22ce0-b405-7995-aa7b-82869021b4e4	89	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "880.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b46e-7a70-8f0a-12d4c8522c48", "causation_id": null, "correlation_id": "01a22ce0-b46e-7a70-8f0a-12d4c8522c48"}	2026-11-30 14:34:13.48741+00
101	account-01a22ce0-b405-7995-aa7b-82869021b4e4	90	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "890.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b46f-75cc-bfb4-e9ac42dd24ee", "causation_id": null, "correlation_id": "01a22ce0-b46f-75cc-bfb4-e9ac42dd24ee"}	2026-11-30 14:34:13.488623+00
102	account-01a22ce0-b405-7995-aa7b-82869021b4e4	91	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "900.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b470-7eb0-afbc-e77e24a46a15", "causation_id": null, "correlation_id": "01a22ce0-b470-7eb0-afbc-e77e24a46a15"}	2026-11-30 14:34:13.48978+00
103	account-01a22ce0-b405-7995-aa7b-82869021b4e4	92	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "910.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b471-78bb-a6a1-e3a36d280257", "causation_id": null, "correlation_id": "01a22ce0-b471-78bb-a6a1-e3a36d280257"}	2026-11-30 14:34:13.490934+00
104	account-01a22ce0-b405-7995-aa7b-82869021b4e4	93	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "920.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b473-74cb-90dc-52e6889d89a4", "causation_id": null, "correlation_id": "01a22ce0-b473-74cb-90dc-52e6889d89a4"}	2026-11-30 14:34:13.492181+00
105	account-01a22ce0-b405-7995-aa7b-82869021b4e4	94	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "930.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b474-70c6-93aa-5ad55671d6bd", "causation_id": null, "correlation_id": "01a22ce0-b474-70c6-93aa-5ad55671d6bd"}	2026-11-30 14:34:13.493387+00
106	account-01a22ce0-b405-7995-aa7b-82869021b4e4	95	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "940.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b475-7db7-a070-8e0240ded599", "causation_id": null, "correlation_id": "01a22ce0-b475-7db7-a070-8e0240ded599"}	2026-11-30 14:34:13.494622+00
107	account-01a22ce0-b405-7995-aa7b-82869021b4e4	96	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "950.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b476-7083-820d-02f2bde8f3dd", "causation_id": null, "correlation_id": "01a22ce0-b476-7083-820d-02f2bde8f3dd"}	2026-11-30 14:34:13.495966+00
108	account-01a22ce0-b405-7995-aa7b-82869021b4e4	97	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "960.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b478-71e4-b85b-243952b17a74", "causation_id": null, "correlation_id": "01a22ce0-b478-71e4-b85b-243952b17a74"}	2026-11-30 14:34:13.497195+00
109	account-01a22ce0-b405-7995-aa7b-82869021b4e4	98	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "970.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b479-7aa8-9cbd-4e3f29bc8f1f", "causation_id": null, "correlation_id": "01a22ce0-b479-7aa8-9cbd-4e3f29bc8f1f"}	2026-11-30 14:34:13.498579+00
110	account-01a22ce0-b405-7995-aa7b-82869021b4e4	99	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "980.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b47a-733f-a2ce-3b5d4c589e05", "causation_id": null, "correlation_id": "01a22ce0-b47a-733f-a2ce-3b5d4c589e05"}	2026-11-30 14:34:13.50001+00
111	account-01a22ce0-b405-7995-aa7b-82869021b4e4	100	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "990.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b47c-788d-a3aa-c438efa04180", "causation_id": null, "correlation_id": "01a22ce0-b47c-788d-a3aa-c438efa04180"}	2026-11-30 14:34:13.501343+00
112	account-01a22ce0-b405-7995-aa7b-82869021b4e4	101	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1000.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b47d-75a1-8708-52a9ed0a3c2d", "causation_id": null, "correlation_id": "01a22ce0-b47d-75a1-8708-52a9ed0a3c2d"}	2026-11-30 14:34:13.50261+00
113	account-01a22ce0-b405-7995-aa7b-82869021b4e4	102	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1010.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b47e-704a-887e-af4311cddb4d", "causation_id": null, "correlation_id": "01a22ce0-b47e-704a-887e-af4311cddb4d"}	2026-11-30 14:34:13.503513+00
114	account-01a22ce0-b405-7995-aa7b-82869021b4e4	103	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1020.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b47f-73a2-8e72-fa962a735de0", "causation_id": null, "correlation_id": "01a22ce0-b47f-73a2-8e72-fa962a735de0"}	2026-11-30 14:34:13.504288+00
115	account-01a22ce0-b405-7995-aa7b-82869021b4e4	104	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1030.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b480-723d-96d8-4a31d9316556", "causation_id": null, "correlation_id": "01a22ce0-b480-723d-96d8-4a31d9316556"}	2026-11-30 14:34:13.504998+00
116	account-01a22ce0-b405-7995-aa7b-82869021b4e4	105	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1040.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b481-7b5e-ad9e-7b186192356a", "causation_id": null, "correlation_id": "01a22ce0-b481-7b5e-ad9e-7b186192356a"}	2026-11-30 14:34:13.50571+00
117	account-01a22ce0-b405-7995-aa7b-82869021b4e4	106	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1050.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b481-7a70-8810-3ae7473ca4e7", "causation_id": null, "correlation_id": "01a22ce0-b481-7a70-8810-3ae7473ca4e7"}	2026-11-30 14:34:13.506432+00
118	account-01a22ce0-b405-7995-aa7b-82869021b4e4	107	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1060.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b482-7984-9d78-fa30c9559a00", "causation_id": null, "correlation_id": "01a22ce0-b482-7984-9d78-fa30c9559a00"}	2026-11-30 14:34:13.507176+00
119	account-01a22ce0-b405-7995-aa7b-82869021b4e4	108	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1070.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b483-7484-b676-2b83f36c6650", "causation_id": null, "correlation_id": "01a22ce0-b483-7484-b676-2b83f36c6650"}	2026-11-30 14:34:13.507978+00
120	account-01a22ce0-b405-7995-aa7b-82869021b4e4	109	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1080.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b484-7f61-88d1-46da83d40587", "causation_id": null, "correlation_id": "01a22ce0-b484-7f61-88d1-46da83d40587"}	2026-11-30 14:34:13.508724+00
121	account-01a22ce0-b405-7995-aa7b-82869021b4e4	110	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1090.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b484-746b-b5df-bcad62c4e78c", "causation_id": null, "correlation_id": "01a22ce0-b484-746b-b5df-bcad62c4e78c"}	2026-11-30 14:34:13.509588+00
122	account-01a22ce0-b405-7995-aa7b-82869021b4e4	111	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1100.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b485-7c14-85aa-ab35094b9d6e", "causation_id": null, "correlation_id": "01a22ce0-b485-7c14-85aa-ab35094b9d6e"}	2026-11-30 14:34:13.510347+00
123	account-01a22ce0-b405-7995-aa7b-82869021b4e4	112	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1110.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b486-722c-a26f-b827c9aff230", "causation_id": null, "correlation_id": "01a22ce0-b486-722c-a26f-b827c9aff230"}	2026-11-30 14:34:13.511114+00
124	account-01a22ce0-b405-7995-aa7b-82869021b4e4	113	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1120.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b487-7d70-9c58-b9ce391b31b3", "causation_id": null, "correlation_id": "01a22ce0-b487-7d70-9c58-b9ce391b31b3"}	2026-11-30 14:34:13.511921+00
125	account-01a22ce0-b405-7995-aa7b-82869021b4e4	114	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1130.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b488-705a-82c0-a3ab46618968", "causation_id": null, "correlation_id": "01a22ce0-b488-705a-82c0-a3ab46618968"}	2026-11-30 14:34:13.512689+00
126	account-01a22ce0-b405-7995-aa7b-82869021b4e4	115	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1140.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b488-7183-ba96-efd6275c71e5", "causation_id": null, "correlation_id": "01a22ce0-b488-7183-ba96-efd6275c71e5"}	2026-11-30 14:34:13.513508+00
127	account-01a22ce0-b405-7995-aa7b-82869021b4e4	116	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1150.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b489-732b-9c9b-e3700198d3ac", "causation_id": null, "correlation_id": "01a22ce0-b489-732b-9c9b-e3700198d3ac"}	2026-11-30 14:34:13.514314+00
128	account-01a22ce0-b405-7995-aa7b-82869021b4e4	117	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1160.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b48a-7390-b333-1ca3d376d0b7", "causation_id": null, "correlation_id": "01a22ce0-b48a-7390-b333-1ca3d376d0b7"}	2026-11-30 14:34:13.515096+00
129	account-01a22ce0-b405-7995-aa7b-82869021b4e4	118	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1170.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b48b-7cb7-a5af-d0d308f31386", "causation_id": null, "correlation_id": "01a22ce0-b48b-7cb7-a5af-d0d308f31386"}	2026-11-30 14:34:13.516008+00
130	account-01a22ce0-b405-7995-aa7b-82869021b4e4	119	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1180.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b48c-70b4-af13-7a1de66cd474", "causation_id": null, "correlation_id": "01a22ce0-b48c-70b4-af13-7a1de66cd474"}	2026-11-30 14:34:13.51694+00
131	account-01a22ce0-b405-7995-aa7b-82869021b4e4	120	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1190.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b48d-7ab9-9a34-dfcfc2a2af1b", "causation_id": null, "correlation_id": "01a22ce0-b48d-7ab9-9a34-dfcfc2a2af1b"}	2026-11-30 14:34:13.517825+00
132	account-01a22ce0-b405-7995-aa7b-82869021b4e4	121	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1200.00", "reference": "", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "transfer_id": null}	{"actor": "system", "command_id": "01a22ce0-b48d-7281-b988-7d3b7c1e10a3", "causation_id": null, "correlation_id": "01a22ce0-b48d-7281-b988-7d3b7c1e10a3"}	2026-11-30 14:34:13.518615+00
\.


--
-- Data for Name: invalidations; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.invalidations (invalidation_id, subscription, tags, "position", created_at) FROM stdin;
1	banking.account_summaries	{account:01a22ce0-b405-777f-8655-af3d2eb3a263,account:01a22ce0-b405-7995-aa7b-82869021b4e4,accounts}	132	2026-11-30 14:34:13.533603+00
2	orders.customer_orders	{customer:01a22ce0-b3d6-7580-ae5e-3a626b75e932}	132	2026-11-30 14:34:13.535037+00
3	orders.order_items	{order:01a22ce0-b3ed-73a9-9918-4d4838c39101,order:01a22ce0-b3f3-7800-9d88-e3585c670981,order:01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b}	132	2026-11-30 14:34:13.536484+00
4	orders.order_status_timeline	{order:01a22ce0-b3ed-73a9-9918-4d4838c39101,order:01a22ce0-b3f3-7800-9d88-e3585c670981,order:01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b}	132	2026-11-30 14:34:13.537406+00
5	orders.order_summaries	{customer:01a22ce0-b3d6-7580-ae5e-3a626b75e932,order-number:ORD-2026-00001,order-number:ORD-2026-00002,order-number:ORD-2026-00003,order:01a22ce0-b3ed-73a9-9918-4d4838c39101,order:01a22ce0-b3f3-7800-9d88-e3585c670981,order:01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b,orders}	132	2026-11-30 14:34:13.538684+00
6	orders.payments	{order:01a22ce0-b3ed-73a9-9918-4d4838c39101}	132	2026-11-30 14:34:13.539648+00
7	orders.product_inventory	{inventory,product:01a22ce0-b3d6-73f6-95a2-c2558eb88b26,product:01a22ce0-b3d6-7949-a737-c22915dd404b}	132	2026-11-30 14:34:13.5419+00
\.


--
-- Data for Name: query_audit; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.query_audit (audit_id, query, actor, parameters, consistency, after, as_of, from_cache, stale, rows, seconds, asked_at) FROM stdin;
\.


--
-- Data for Name: rebuild_keys; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.rebuild_keys (rebuild_id, key) FROM stdin;
\.


--
-- Data for Name: rebuild_parts; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.rebuild_parts (rebuild_id, part, "position", events) FROM stdin;
\.


--
-- Data for Name: rebuilds; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.rebuilds (rebuild_id, name, shape, folds, shadow, replaced, state, goes_live, from_position, upto, "position", reached, events, rows, differing, drift, left_out, walked, cancel, error, started_at, updated_at, finished_at) FROM stdin;
\.


--
-- Data for Name: receipts; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.receipts (command_id, name, payload_hash, actor, status, data, error, errors, "position", submitted_at, completed_at) FROM stdin;
01a22ce0-b3d6-7534-a972-9fe2098d060e	orders.register_customer	\\xb8413aaa684c16b5fd8ba5cc1de33481	system	succeeded	{"customer_id": "01a22ce0-b3d6-7580-ae5e-3a626b75e932"}	\N	\N	1	2026-11-30 14:34:13.351221+00	2026-11-30 14:34:13.35122+00
01a22ce0-b3e7-78a1-b541-bf8cf2b87ceb	orders.add_product	\\xcbbb69a63925f69365b855171617bb69	system	succeeded	{"sku": "tea", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26"}	\N	\N	2	2026-11-30 14:34:13.355264+00	2026-11-30 14:34:13.355264+00
01a22ce0-b3eb-73dc-a80f-7720ff290cdc	orders.add_product	\\xfa68174a82b62bef0b964f63b7121ea5	system	succeeded	{"sku": "cup", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b"}	\N	\N	3	2026-11-30 14:34:13.357032+00	2026-11-30 14:34:13.357031+00
01a22ce0-b3ed-7c56-801f-8de71b88350f	orders.create_order	\\x17a0e89ef148336dc94e3d839ad7f3df	system	succeeded	{"total": "35.56", "status": "pending", "version": 1, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "order_number": "ORD-2026-00001"}	\N	\N	4	2026-11-30 14:34:13.363035+00	2026-11-30 14:34:13.363035+00
01a22ce0-b3f3-7d4d-90aa-69efcb03b4cc	orders.create_order	\\x151c26d891ff2c713706b8d3f90fd211	system	succeeded	{"total": "39.96", "status": "pending", "version": 1, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "order_number": "ORD-2026-00002"}	\N	\N	5	2026-11-30 14:34:13.365934+00	2026-11-30 14:34:13.365934+00
01a22ce0-b3f6-7cd8-8a84-5832d213ead5	orders.create_order	\\x5b3e084a5c6a6082a091beb1d3814b10	system	succeeded	{"total": "44.36", "status": "pending", "version": 1, "order_id": "01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b", "order_number": "ORD-2026-00003"}	\N	\N	6	2026-11-30 14:34:13.368684+00	2026-11-30 14:34:13.368684+00
01a22ce0-b3f8-70bf-8cab-17b297833b4e	orders.process_payment	\\xb838159ef0804349fab61dcdb6d37d48	system	succeeded	{"status": "paid", "version": 2, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "payment_id": "01a22ce0-b3ed-8ce4-bc62-6befda2114d8", "order_number": "ORD-2026-00001"}	\N	\N	7	2026-11-30 14:34:13.37329+00	2026-11-30 14:34:13.37329+00
01a22ce0-b3fd-7688-9f6d-4820a1d6bdc8	orders.update_order_status	\\x261546e7ce04454bf2024b21c1210476	system	succeeded	{"status": "processing", "version": 3, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "order_number": "ORD-2026-00001"}	\N	\N	8	2026-11-30 14:34:13.376063+00	2026-11-30 14:34:13.376063+00
01a22ce0-b400-7b34-ba3c-e0ff1ecdb979	orders.update_order_status	\\x6e0ece419a460833ef503fb73a7edd24	system	succeeded	{"status": "shipped", "version": 4, "order_id": "01a22ce0-b3ed-73a9-9918-4d4838c39101", "order_number": "ORD-2026-00001"}	\N	\N	9	2026-11-30 14:34:13.378697+00	2026-11-30 14:34:13.378696+00
01a22ce0-b402-7208-b764-a042d9d58c27	orders.cancel_order	\\xd3a55a64f5d0728f806b662e72f784b5	system	succeeded	{"status": "cancelled", "version": 2, "order_id": "01a22ce0-b3f3-7800-9d88-e3585c670981", "order_number": "ORD-2026-00002", "refund_amount": "0.00"}	\N	\N	10	2026-11-30 14:34:13.381564+00	2026-11-30 14:34:13.381564+00
01a22ce0-b405-7ec6-8d3d-55ed83cc23f2	banking.open_account	\\x24cf43d6952670adf0a0829f6c2bdae7	system	succeeded	{"balance": "0.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	11	2026-11-30 14:34:13.384544+00	2026-11-30 14:34:13.384543+00
01a22ce0-b408-7416-803c-8d44e0d6057d	banking.open_account	\\x4759256f142134baffee34861984f113	system	succeeded	{"balance": "0.00", "account_id": "01a22ce0-b405-777f-8655-af3d2eb3a263"}	\N	\N	12	2026-11-30 14:34:13.385792+00	2026-11-30 14:34:13.385791+00
01a22ce0-b409-7206-aac7-895cc624a01f	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "10.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	13	2026-11-30 14:34:13.387403+00	2026-11-30 14:34:13.387403+00
01a22ce0-b40b-75e3-94b2-59146ba4afe3	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "20.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	14	2026-11-30 14:34:13.388509+00	2026-11-30 14:34:13.388509+00
01a22ce0-b40c-7fdc-9234-308bcc0ec492	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "30.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	15	2026-11-30 14:34:13.389552+00	2026-11-30 14:34:13.389552+00
01a22ce0-b40d-7c71-b61a-4384635bb8ad	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "40.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	16	2026-11-30 14:34:13.390596+00	2026-11-30 14:34:13.390596+00
01a22ce0-b40e-776b-b77a-9079d189f70a	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "50.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	17	2026-11-30 14:34:13.391585+00	2026-11-30 14:34:13.391585+00
01a22ce0-b40f-7db3-9904-16549020d23a	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "60.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	18	2026-11-30 14:34:13.392485+00	2026-11-30 14:34:13.392484+00
01a22ce0-b410-70a2-82f9-473272e3aea1	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "70.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	19	2026-11-30 14:34:13.393336+00	2026-11-30 14:34:13.393336+00
01a22ce0-b411-7c50-a5d4-370d16def63b	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "80.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	20	2026-11-30 14:34:13.394248+00	2026-11-30 14:34:13.394247+00
01a22ce0-b412-7706-99b9-59bd59aed527	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "90.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	21	2026-11-30 14:34:13.395115+00	2026-11-30 14:34:13.395115+00
01a22ce0-b413-7a25-956d-cad9339fc176	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "100.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	22	2026-11-30 14:34:13.395978+00	2026-11-30 14:34:13.395978+00
01a22ce0-b414-7fb3-bd6a-b92abe5ba0b6	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "110.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	23	2026-11-30 14:34:13.396754+00	2026-11-30 14:34:13.396754+00
01a22ce0-b414-7e06-a664-6d037330af3d	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "120.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	24	2026-11-30 14:34:13.397523+00	2026-11-30 14:34:13.397523+00
01a22ce0-b415-7cd2-8732-6cc8e430468e	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "130.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	25	2026-11-30 14:34:13.398341+00	2026-11-30 14:34:13.39834+00
01a22ce0-b416-76ff-b028-41fa5a5ce79e	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "140.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	26	2026-11-30 14:34:13.399122+00	2026-11-30 14:34:13.399122+00
01a22ce0-b417-7dc4-8c4e-41ff90ce529b	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "150.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	27	2026-11-30 14:34:13.399967+00	2026-11-30 14:34:13.399967+00
01a22ce0-b418-77e8-aaa3-3061bb1858d9	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "160.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	28	2026-11-30 14:34:13.400802+00	2026-11-30 14:34:13.400801+00
01a22ce0-b418-7159-8e3e-e757730ed01e	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "170.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	29	2026-11-30 14:34:13.401609+00	2026-11-30 14:34:13.401609+00
01a22ce0-b419-7e3f-b632-65f4f827c2a2	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "180.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	30	2026-11-30 14:34:13.402461+00	2026-11-30 14:34:13.40246+00
01a22ce0-b41a-72bc-a2ca-0220eab9c9a9	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "190.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	31	2026-11-30 14:34:13.403299+00	2026-11-30 14:34:13.403299+00
01a22ce0-b41b-7b73-a056-8334b49cfa7a	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "200.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	32	2026-11-30 14:34:13.404245+00	2026-11-30 14:34:13.404245+00
01a22ce0-b41c-7a57-8d21-849bacbbc351	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "210.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	33	2026-11-30 14:34:13.405094+00	2026-11-30 14:34:13.405094+00
01a22ce0-b41d-70f5-84a3-3cc6e1ec8039	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "220.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	34	2026-11-30 14:34:13.405937+00	2026-11-30 14:34:13.405937+00
01a22ce0-b41e-7231-b7dc-566989300e35	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "230.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	35	2026-11-30 14:34:13.406834+00	2026-11-30 14:34:13.406834+00
01a22ce0-b41e-7633-a082-e2968fd28a66	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "240.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	36	2026-11-30 14:34:13.407733+00	2026-11-30 14:34:13.407733+00
01a22ce0-b420-72bf-af84-2b72069c42a1	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "250.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	37	2026-11-30 14:34:13.409077+00	2026-11-30 14:34:13.409077+00
01a22ce0-b421-7a04-aed1-252a5c9a6e77	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "260.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	38	2026-11-30 14:34:13.410162+00	2026-11-30 14:34:13.410162+00
01a22ce0-b422-7635-909d-fa218437f5af	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "270.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	39	2026-11-30 14:34:13.411036+00	2026-11-30 14:34:13.411036+00
01a22ce0-b423-73fe-8205-64250ad3a352	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "280.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	40	2026-11-30 14:34:13.411913+00	2026-11-30 14:34:13.411913+00
01a22ce0-b424-72f6-9b87-e1b3275ae514	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "290.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	41	2026-11-30 14:34:13.412799+00	2026-11-30 14:34:13.412799+00
01a22ce0-b424-71de-bfbd-660ae2390c18	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "300.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	42	2026-11-30 14:34:13.413751+00	2026-11-30 14:34:13.413751+00
01a22ce0-b425-724e-853d-a02b54d404e4	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "310.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	43	2026-11-30 14:34:13.414739+00	2026-11-30 14:34:13.414739+00
01a22ce0-b426-789a-8e86-257c90fef831	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "320.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	44	2026-11-30 14:34:13.415786+00	2026-11-30 14:34:13.415786+00
01a22ce0-b427-7167-bcb7-4f1fa96c7f60	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "330.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	45	2026-11-30 14:34:13.416754+00	2026-11-30 14:34:13.416754+00
01a22ce0-b428-7b36-bca7-c8e852c95b22	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "340.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	46	2026-11-30 14:34:13.417665+00	2026-11-30 14:34:13.417665+00
01a22ce0-b429-72ae-ac49-71e3aa3222ad	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "350.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	47	2026-11-30 14:34:13.420009+00	2026-11-30 14:34:13.420009+00
01a22ce0-b42c-78ee-8fb7-22861bc36433	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "360.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	48	2026-11-30 14:34:13.421386+00	2026-11-30 14:34:13.421385+00
01a22ce0-b42d-7ede-968a-ec693b0b02cf	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "370.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	49	2026-11-30 14:34:13.422648+00	2026-11-30 14:34:13.422647+00
01a22ce0-b42e-7182-8890-1e21ed46b235	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "380.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	50	2026-11-30 14:34:13.423777+00	2026-11-30 14:34:13.423777+00
01a22ce0-b431-7bcf-a437-71f301b98102	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "390.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	51	2026-11-30 14:34:13.427044+00	2026-11-30 14:34:13.427044+00
01a22ce0-b433-7646-812e-2e6e4200b522	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "400.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	52	2026-11-30 14:34:13.428435+00	2026-11-30 14:34:13.428434+00
01a22ce0-b434-757f-8065-6a59b74f109f	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "410.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	53	2026-11-30 14:34:13.42964+00	2026-11-30 14:34:13.42964+00
01a22ce0-b435-7f66-9518-76f71ec9c2ff	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "420.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	54	2026-11-30 14:34:13.430907+00	2026-11-30 14:34:13.430907+00
01a22ce0-b437-7a66-8c0b-abfd6f7d7b15	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "430.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	55	2026-11-30 14:34:13.432055+00	2026-11-30 14:34:13.432055+00
01a22ce0-b438-74ae-abb7-26e9515fd4a3	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "440.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	56	2026-11-30 14:34:13.433076+00	2026-11-30 14:34:13.433076+00
01a22ce0-b439-7b01-9f1b-e637a66b5e76	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "450.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	57	2026-11-30 14:34:13.434119+00	2026-11-30 14:34:13.434119+00
01a22ce0-b43a-75ea-9322-8b20b3268111	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "460.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	58	2026-11-30 14:34:13.435146+00	2026-11-30 14:34:13.435145+00
01a22ce0-b43b-71db-af08-7487fde398fb	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "470.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	59	2026-11-30 14:34:13.436191+00	2026-11-30 14:34:13.436191+00
01a22ce0-b43c-79a8-b6fa-634af23fa9b7	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "480.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	60	2026-11-30 14:34:13.43715+00	2026-11-30 14:34:13.43715+00
01a22ce0-b43d-7a20-91ed-62cc0a20c1d8	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "490.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	61	2026-11-30 14:34:13.43827+00	2026-11-30 14:34:13.43827+00
01a22ce0-b43e-7cd6-a18d-4aa83ab7cf81	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "500.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	62	2026-11-30 14:34:13.439226+00	2026-11-30 14:34:13.439226+00
01a22ce0-b443-7313-8b03-4205031d3dff	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "510.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	63	2026-11-30 14:34:13.44468+00	2026-11-30 14:34:13.44468+00
01a22ce0-b444-7a3a-9073-8e8177b490aa	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "520.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	64	2026-11-30 14:34:13.445805+00	2026-11-30 14:34:13.445805+00
01a22ce0-b445-72bc-b040-993c32dbfade	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "530.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	65	2026-11-30 14:34:13.446903+00	2026-11-30 14:34:13.446903+00
01a22ce0-b447-7efd-ab6b-e84a875d52cb	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "540.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	66	2026-11-30 14:34:13.448161+00	2026-11-30 14:34:13.448161+00
01a22ce0-b448-7b68-a850-89670e495d52	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "550.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	67	2026-11-30 14:34:13.44959+00	2026-11-30 14:34:13.44959+00
01a22ce0-b449-7463-807e-24b8bb8c170b	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "560.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	68	2026-11-30 14:34:13.4508+00	2026-11-30 14:34:13.4508+00
01a22ce0-b44a-7b33-a773-38216d67af93	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "570.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	69	2026-11-30 14:34:13.451979+00	2026-11-30 14:34:13.451979+00
01a22ce0-b44c-7dbd-8366-b9c56736aa50	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "580.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	70	2026-11-30 14:34:13.453068+00	2026-11-30 14:34:13.453068+00
01a22ce0-b44d-74a3-ac0d-076b18aa4535	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "590.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	71	2026-11-30 14:34:13.45418+00	2026-11-30 14:34:13.45418+00
01a22ce0-b44e-7504-8752-175988b7fae0	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "600.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	72	2026-11-30 14:34:13.455267+00	2026-11-30 14:34:13.455267+00
01a22ce0-b44f-7783-a036-5839d4a5a7bb	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "610.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	73	2026-11-30 14:34:13.456376+00	2026-11-30 14:34:13.456376+00
01a22ce0-b450-799f-b964-99e577e56a64	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "620.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	74	2026-11-30 14:34:13.457441+00	2026-11-30 14:34:13.457441+00
01a22ce0-b451-7fd5-b0c2-3410f6bb1060	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "630.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	75	2026-11-30 14:34:13.458549+00	2026-11-30 14:34:13.458549+00
01a22ce0-b452-7451-9986-fee2e0a20138	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "640.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	76	2026-11-30 14:34:13.459629+00	2026-11-30 14:34:13.459629+00
01a22ce0-b453-7828-8406-c47f883f23db	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "650.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	77	2026-11-30 14:34:13.460742+00	2026-11-30 14:34:13.460741+00
01a22ce0-b454-752f-9064-492aa0144f60	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "660.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	78	2026-11-30 14:34:13.461834+00	2026-11-30 14:34:13.461834+00
01a22ce0-b455-7162-ad62-f46b5043de5b	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "670.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	79	2026-11-30 14:34:13.462964+00	2026-11-30 14:34:13.462964+00
01a22ce0-b457-7830-81e9-82bbbc96003d	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "680.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	80	2026-11-30 14:34:13.464156+00	2026-11-30 14:34:13.464156+00
01a22ce0-b458-738a-948b-4d8a04c697b3	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "690.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	81	2026-11-30 14:34:13.465239+00	2026-11-30 14:34:13.465239+00
01a22ce0-b459-7141-aeb5-c70a70421e94	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "700.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	82	2026-11-30 14:34:13.466292+00	2026-11-30 14:34:13.466292+00
01a22ce0-b45a-7ff6-8f7a-8ef7d0760cbe	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "710.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	83	2026-11-30 14:34:13.467387+00	2026-11-30 14:34:13.467387+00
01a22ce0-b45b-7d3f-99d8-3f54c8fd7d70	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "720.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	84	2026-11-30 14:34:13.46867+00	2026-11-30 14:34:13.46867+00
01a22ce0-b45c-718c-9ae1-7db3d0e353c9	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "730.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	85	2026-11-30 14:34:13.469789+00	2026-11-30 14:34:13.469789+00
01a22ce0-b45d-7e66-a2eb-7156d5e50478	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "740.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	86	2026-11-30 14:34:13.470924+00	2026-11-30 14:34:13.470924+00
01a22ce0-b45f-7179-92e0-d1144afa2300	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "750.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	87	2026-11-30 14:34:13.472177+00	2026-11-30 14:34:13.472177+00
01a22ce0-b460-7246-91d3-f783f26a2916	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "760.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	88	2026-11-30 14:34:13.473319+00	2026-11-30 14:34:13.473319+00
01a22ce0-b461-79c4-b7e9-c008262823a1	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "770.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	89	2026-11-30 14:34:13.474519+00	2026-11-30 14:34:13.474519+00
01a22ce0-b462-78fd-a062-a19fd4067418	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "780.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	90	2026-11-30 14:34:13.475718+00	2026-11-30 14:34:13.475718+00
01a22ce0-b463-71e6-9aba-41d7b5b80e6a	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "790.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	91	2026-11-30 14:34:13.476886+00	2026-11-30 14:34:13.476885+00
01a22ce0-b464-7067-ae6e-7cdc4407109c	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "800.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	92	2026-11-30 14:34:13.478014+00	2026-11-30 14:34:13.478014+00
01a22ce0-b466-7299-ab3d-a6d784ce00d0	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "810.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	93	2026-11-30 14:34:13.479145+00	2026-11-30 14:34:13.479145+00
01a22ce0-b467-759a-81be-268b031146b9	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "820.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	94	2026-11-30 14:34:13.480331+00	2026-11-30 14:34:13.480331+00
01a22ce0-b468-7df3-99a1-bda8bdf6cfdb	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "830.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	95	2026-11-30 14:34:13.481486+00	2026-11-30 14:34:13.481486+00
01a22ce0-b469-7b14-af4d-b4358f7e9be6	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "840.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	96	2026-11-30 14:34:13.482663+00	2026-11-30 14:34:13.482663+00
01a22ce0-b46a-7847-8f7d-233f35c0a625	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "850.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	97	2026-11-30 14:34:13.483903+00	2026-11-30 14:34:13.483903+00
01a22ce0-b46c-7e57-8fde-048c34bc6417	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "860.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	98	2026-11-30 14:34:13.485084+00	2026-11-30 14:34:13.485083+00
01a22ce0-b46d-7ccc-bf07-7f3464cd3d82	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "870.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	99	2026-11-30 14:34:13.486256+00	2026-11-30 14:34:13.486256+00
01a22ce0-b46e-7a70-8f0a-12d4c8522c48	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "880.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	100	2026-11-30 14:34:13.48743+00	2026-11-30 14:34:13.48743+00
01a22ce0-b46f-75cc-bfb4-e9ac42dd24ee	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "890.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	101	2026-11-30 14:34:13.488642+00	2026-11-30 14:34:13.488642+00
01a22ce0-b470-7eb0-afbc-e77e24a46a15	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "900.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	102	2026-11-30 14:34:13.489799+00	2026-11-30 14:34:13.489799+00
01a22ce0-b471-78bb-a6a1-e3a36d280257	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "910.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	103	2026-11-30 14:34:13.490954+00	2026-11-30 14:34:13.490954+00
01a22ce0-b473-74cb-90dc-52e6889d89a4	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "920.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	104	2026-11-30 14:34:13.4922+00	2026-11-30 14:34:13.4922+00
01a22ce0-b474-70c6-93aa-5ad55671d6bd	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "930.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	105	2026-11-30 14:34:13.493408+00	2026-11-30 14:34:13.493407+00
01a22ce0-b475-7db7-a070-8e0240ded599	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "940.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	106	2026-11-30 14:34:13.494697+00	2026-11-30 14:34:13.494696+00
01a22ce0-b476-7083-820d-02f2bde8f3dd	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "950.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	107	2026-11-30 14:34:13.495993+00	2026-11-30 14:34:13.495993+00
01a22ce0-b478-71e4-b85b-243952b17a74	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "960.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	108	2026-11-30 14:34:13.497215+00	2026-11-30 14:34:13.497215+00
01a22ce0-b479-7aa8-9cbd-4e3f29bc8f1f	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "970.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	109	2026-11-30 14:34:13.4986+00	2026-11-30 14:34:13.498599+00
01a22ce0-b47a-733f-a2ce-3b5d4c589e05	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "980.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	110	2026-11-30 14:34:13.50004+00	2026-11-30 14:34:13.50004+00
01a22ce0-b47c-788d-a3aa-c438efa04180	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "990.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	111	2026-11-30 14:34:13.501363+00	2026-11-30 14:34:13.501363+00
01a22ce0-b47d-75a1-8708-52a9ed0a3c2d	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1000.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	112	2026-11-30 14:34:13.502682+00	2026-11-30 14:34:13.502681+00
01a22ce0-b47e-704a-887e-af4311cddb4d	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1010.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	113	2026-11-30 14:34:13.503564+00	2026-11-30 14:34:13.503564+00
01a22ce0-b47f-73a2-8e72-fa962a735de0	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1020.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	114	2026-11-30 14:34:13.504331+00	2026-11-30 14:34:13.504331+00
01a22ce0-b480-723d-96d8-4a31d9316556	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1030.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	115	2026-11-30 14:34:13.50504+00	2026-11-30 14:34:13.505039+00
01a22ce0-b481-7b5e-ad9e-7b186192356a	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1040.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	116	2026-11-30 14:34:13.505753+00	2026-11-30 14:34:13.505752+00
01a22ce0-b481-7a70-8810-3ae7473ca4e7	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1050.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	117	2026-11-30 14:34:13.506476+00	2026-11-30 14:34:13.506475+00
01a22ce0-b482-7984-9d78-fa30c9559a00	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1060.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	118	2026-11-30 14:34:13.507218+00	2026-11-30 14:34:13.507218+00
01a22ce0-b483-7484-b676-2b83f36c6650	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1070.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	119	2026-11-30 14:34:13.508021+00	2026-11-30 14:34:13.50802+00
01a22ce0-b484-7f61-88d1-46da83d40587	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1080.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	120	2026-11-30 14:34:13.508867+00	2026-11-30 14:34:13.508867+00
01a22ce0-b484-746b-b5df-bcad62c4e78c	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1090.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	121	2026-11-30 14:34:13.50963+00	2026-11-30 14:34:13.50963+00
01a22ce0-b485-7c14-85aa-ab35094b9d6e	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1100.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	122	2026-11-30 14:34:13.510393+00	2026-11-30 14:34:13.510392+00
01a22ce0-b486-722c-a26f-b827c9aff230	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1110.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	123	2026-11-30 14:34:13.511155+00	2026-11-30 14:34:13.511155+00
01a22ce0-b487-7d70-9c58-b9ce391b31b3	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1120.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	124	2026-11-30 14:34:13.511963+00	2026-11-30 14:34:13.511963+00
01a22ce0-b488-705a-82c0-a3ab46618968	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1130.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	125	2026-11-30 14:34:13.51278+00	2026-11-30 14:34:13.51278+00
01a22ce0-b488-7183-ba96-efd6275c71e5	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1140.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	126	2026-11-30 14:34:13.513549+00	2026-11-30 14:34:13.513549+00
01a22ce0-b489-732b-9c9b-e3700198d3ac	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1150.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	127	2026-11-30 14:34:13.514356+00	2026-11-30 14:34:13.514356+00
01a22ce0-b48a-7390-b333-1ca3d376d0b7	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1160.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	128	2026-11-30 14:34:13.515138+00	2026-11-30 14:34:13.515138+00
01a22ce0-b48b-7cb7-a5af-d0d308f31386	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1170.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	129	2026-11-30 14:34:13.516053+00	2026-11-30 14:34:13.516052+00
01a22ce0-b48c-70b4-af13-7a1de66cd474	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1180.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	130	2026-11-30 14:34:13.517052+00	2026-11-30 14:34:13.517051+00
01a22ce0-b48d-7ab9-9a34-dfcfc2a2af1b	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1190.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	131	2026-11-30 14:34:13.517866+00	2026-11-30 14:34:13.517866+00
01a22ce0-b48d-7281-b988-7d3b7c1e10a3	banking.deposit	\\x2bb0166d6dc3e19f5c08cbc113be184f	system	succeeded	{"balance": "1200.00", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4"}	\N	\N	132	2026-11-30 14:34:13.518659+00	2026-11-30 14:34:13.518659+00
01a22ce0-b4aa-7506-86c7-5d0583e28877	orders.create_order	\\xf5e05e955878aa6ae0a3dea6688bec0a	system	submitted	\N	\N	\N	\N	2026-11-30 14:34:13.54849+00	\N
\.


--
-- Data for Name: refresh_requests; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.refresh_requests (view, requested, served, due_at) FROM stdin;
query.customer_lifetime_value	5	0	2026-11-30 14:34:23.535311+00
query.revenue_by_product	5	0	2026-11-30 14:34:23.535406+00
\.


--
-- Data for Name: refreshed; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.refreshed (view, horizon, refreshed_at) FROM stdin;
\.


--
-- Data for Name: refreshes; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.refreshes (refresh_id, view, outcome, reason, horizon, rows, concurrent, started_at, duration) FROM stdin;
\.


--
-- Data for Name: saga_events; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.saga_events (id, saga_id, event_type, event_data, "position", created_at) FROM stdin;
\.


--
-- Data for Name: sagas; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.sagas (saga_id, saga_type, key, state, version, created_at, updated_at, due_at) FROM stdin;
\.


--
-- Data for Name: slots; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.slots (task, slot, holder) FROM stdin;
\.


--
-- Data for Name: snapshots; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.snapshots (stream, aggregate, shape, version, state, taken_at) FROM stdin;
account-01a22ce0-b405-7995-aa7b-82869021b4e4	banking.account	1	100	{"owner": "Ada", "status": "open", "balance": "990.00", "currency": "EUR", "account_id": "01a22ce0-b405-7995-aa7b-82869021b4e4", "in_transit": {}}	2026-11-30 14:34:13.501705+00
\.


--
-- Data for Name: streams; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.streams (stream, version) FROM stdin;
customer-01a22ce0-b3d6-7580-ae5e-3a626b75e932	1
product-01a22ce0-b3d6-73f6-95a2-c2558eb88b26	1
product-01a22ce0-b3d6-7949-a737-c22915dd404b	1
order-01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	1
order-01a22ce0-b3ed-73a9-9918-4d4838c39101	4
order-01a22ce0-b3f3-7800-9d88-e3585c670981	2
account-01a22ce0-b405-777f-8655-af3d2eb3a263	1
account-01a22ce0-b405-7995-aa7b-82869021b4e4	121
\.


--
-- Data for Name: subscriptions; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.subscriptions (name, partition, partitions, "position", changed_position, read_table, shape, paused, batch_size, letters, deaths, suspect_upto, error, updated_at) FROM stdin;
banking.money_transfer	0	1	132	0	\N	\N	f	\N	0	0	\N	\N	2026-11-30 14:34:13.531838+00
banking.transfers	0	1	132	0	transfers_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.531873+00
banking.account_summaries	0	1	132	132	account_summaries_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.533838+00
orders.customer_orders	0	1	132	132	customer_orders_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.535545+00
orders.order_items	0	1	132	132	order_items_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.536522+00
orders.order_status_timeline	0	1	132	132	order_status_timeline_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.537611+00
orders.order_summaries	0	1	132	132	order_summaries_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.53878+00
orders.payments	0	1	132	132	payments_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.539737+00
orders.product_inventory	0	1	132	132	product_inventory_v1	1	f	\N	0	0	\N	\N	2026-11-30 14:34:13.541992+00
\.


--
-- Data for Name: verifications; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.verifications (verification_id, name, "position", checked, complete, differing, drift, started_at, duration) FROM stdin;
\.


--
-- Data for Name: account_summaries_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.account_summaries_v1 (account_id, owner, currency, balance, transaction_count, last_activity, status) FROM stdin;
01a22ce0-b405-7995-aa7b-82869021b4e4	Ada	EUR	1200.00	120	2026-11-30 14:34:13.518615+00	open
01a22ce0-b405-777f-8655-af3d2eb3a263	Ada	EUR	0.00	0	2026-11-30 14:34:13.385763+00	open
\.


--
-- Data for Name: customer_orders_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.customer_orders_v1 (order_id, customer_id, order_number, status, total, item_count, items, created_at, updated_at) FROM stdin;
01a22ce0-b3ed-73a9-9918-4d4838c39101	01a22ce0-b3d6-7580-ae5e-3a626b75e932	ORD-2026-00001	shipped	35.56	2	[{"sku": "tea", "line": 1, "quantity": 2, "subtotal": "19.24", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "quantity": 1, "subtotal": "4.00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": "4.00", "product_name": "Cup"}]	2026-11-30 14:34:13.357858+00	2026-11-30 14:34:13.378652+00
01a22ce0-b3f3-7800-9d88-e3585c670981	01a22ce0-b3d6-7580-ae5e-3a626b75e932	ORD-2026-00002	cancelled	39.96	2	[{"sku": "tea", "line": 1, "quantity": 2, "subtotal": "19.24", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "quantity": 2, "subtotal": "8.00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": "4.00", "product_name": "Cup"}]	2026-11-30 14:34:13.363555+00	2026-11-30 14:34:13.381529+00
01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	01a22ce0-b3d6-7580-ae5e-3a626b75e932	ORD-2026-00003	pending	44.36	2	[{"sku": "tea", "line": 1, "quantity": 2, "subtotal": "19.24", "product_id": "01a22ce0-b3d6-73f6-95a2-c2558eb88b26", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "quantity": 3, "subtotal": "12.00", "product_id": "01a22ce0-b3d6-7949-a737-c22915dd404b", "unit_price": "4.00", "product_name": "Cup"}]	2026-11-30 14:34:13.366365+00	2026-11-30 14:34:13.368624+00
\.


--
-- Data for Name: order_items_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.order_items_v1 (item_id, order_id, order_number, line, product_id, sku, product_name, quantity, unit_price, discount, subtotal) FROM stdin;
01a22ce0-b3ed-86af-ab1f-0934853d12a2	01a22ce0-b3ed-73a9-9918-4d4838c39101	ORD-2026-00001	1	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	tea	Tea	2	9.62	0.0000	19.24
01a22ce0-b3ed-81cb-8d60-33073e401021	01a22ce0-b3ed-73a9-9918-4d4838c39101	ORD-2026-00001	2	01a22ce0-b3d6-7949-a737-c22915dd404b	cup	Cup	1	4.00	0.0000	4.00
01a22ce0-b3f3-8d19-a9cf-707fac801a9b	01a22ce0-b3f3-7800-9d88-e3585c670981	ORD-2026-00002	1	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	tea	Tea	2	9.62	0.0000	19.24
01a22ce0-b3f3-8375-8b6a-b15afabc01fb	01a22ce0-b3f3-7800-9d88-e3585c670981	ORD-2026-00002	2	01a22ce0-b3d6-7949-a737-c22915dd404b	cup	Cup	2	4.00	0.0000	8.00
01a22ce0-b3f6-8d96-abc3-34cce31fa4e7	01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	ORD-2026-00003	1	01a22ce0-b3d6-73f6-95a2-c2558eb88b26	tea	Tea	2	9.62	0.0000	19.24
01a22ce0-b3f6-8039-8f53-e9d41d249f03	01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	ORD-2026-00003	2	01a22ce0-b3d6-7949-a737-c22915dd404b	cup	Cup	3	4.00	0.0000	12.00
\.


--
-- Data for Name: order_status_timeline_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.order_status_timeline_v1 (order_id, order_number, status, created_at, paid_at, processing_at, shipped_at, delivered_at, cancelled_at, hours_to_payment, hours_to_shipment, hours_to_delivery, hours_in_all) FROM stdin;
01a22ce0-b3ed-73a9-9918-4d4838c39101	ORD-2026-00001	shipped	2026-11-30 14:34:13.357858+00	2026-11-30 14:34:13.369512+00	2026-11-30 14:34:13.374251+00	2026-11-30 14:34:13.376451+00	\N	\N	0.0000	0.0000	\N	\N
01a22ce0-b3f3-7800-9d88-e3585c670981	ORD-2026-00002	cancelled	2026-11-30 14:34:13.363555+00	\N	\N	\N	\N	2026-11-30 14:34:13.379531+00	\N	\N	\N	\N
01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	ORD-2026-00003	pending	2026-11-30 14:34:13.366365+00	\N	\N	\N	\N	\N	\N	\N	\N	\N
\.


--
-- Data for Name: order_summaries_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.order_summaries_v1 (order_id, order_number, customer_id, customer_name, customer_email, status, subtotal, tax, shipping, total, item_count, version, notes, created_at, updated_at, cancellation_reason, refund_amount) FROM stdin;
01a22ce0-b3ed-73a9-9918-4d4838c39101	ORD-2026-00001	01a22ce0-b3d6-7580-ae5e-3a626b75e932	Ada	ada@example.com	shipped	23.24	2.32	10.00	35.56	2	4	by hand	2026-11-30 14:34:13.357858+00	2026-11-30 14:34:13.378652+00	\N	0.00
01a22ce0-b3f3-7800-9d88-e3585c670981	ORD-2026-00002	01a22ce0-b3d6-7580-ae5e-3a626b75e932	Ada	ada@example.com	cancelled	27.24	2.72	10.00	39.96	2	2	by hand	2026-11-30 14:34:13.363555+00	2026-11-30 14:34:13.381529+00	changed her mind	0.00
01a22ce0-b3f6-7ff8-b3d9-ac6a0c752f8b	ORD-2026-00003	01a22ce0-b3d6-7580-ae5e-3a626b75e932	Ada	ada@example.com	pending	31.24	3.12	10.00	44.36	2	1	by hand	2026-11-30 14:34:13.366365+00	2026-11-30 14:34:13.368624+00	\N	0.00
\.


--
-- Data for Name: payments_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.payments_v1 (payment_id, order_id, order_number, customer_id, amount, payment_method, transaction_id, status, refund_amount, paid_at, refunded_at) FROM stdin;
01a22ce0-b3ed-8ce4-bc62-6befda2114d8	01a22ce0-b3ed-73a9-9918-4d4838c39101	ORD-2026-00001	01a22ce0-b3d6-7580-ae5e-3a626b75e932	35.56	card	\N	paid	0.00	2026-11-30 14:34:13.369512+00	\N
\.


--
-- Data for Name: product_inventory_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.product_inventory_v1 (product_id, sku, product_name, price, quantity_available, quantity_reserved, quantity_in_stock, quantity_in_orders, reorder_level, low_stock, updated_at) FROM stdin;
01a22ce0-b3d6-73f6-95a2-c2558eb88b26	tea	Tea	9.62	98	2	96	2	10	f	2026-11-30 14:34:13.381529+00
01a22ce0-b3d6-7949-a737-c22915dd404b	cup	Cup	4.00	99	3	96	3	10	f	2026-11-30 14:34:13.381529+00
\.


--
-- Data for Name: transfers_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.transfers_v1 (transfer_id, from_account_id, to_account_id, amount, currency, status, reason, requested_at, ended_at) FROM stdin;
\.


--
-- Name: order_numbers; Type: SEQUENCE SET; Schema: command; Owner: -
--

SELECT pg_catalog.setval('command.order_numbers', 3, true);


--
-- Name: audit_log_audit_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.audit_log_audit_id_seq', 27, true);


--
-- Name: dead_letters_letter_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.dead_letters_letter_id_seq', 1, false);


--
-- Name: enqueued_commands_seq_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.enqueued_commands_seq_seq', 1, true);


--
-- Name: events_position_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.events_position_seq', 132, true);


--
-- Name: invalidations_invalidation_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.invalidations_invalidation_id_seq', 7, true);


--
-- Name: query_audit_audit_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.query_audit_audit_id_seq', 1, false);


--
-- Name: rebuilds_rebuild_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.rebuilds_rebuild_id_seq', 1, false);


--
-- Name: refreshes_refresh_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.refreshes_refresh_id_seq', 1, false);


--
-- Name: saga_events_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.saga_events_id_seq', 1, false);


--
-- Name: verifications_verification_id_seq; Type: SEQUENCE SET; Schema: cqrs; Owner: -
--

SELECT pg_catalog.setval('cqrs.verifications_verification_id_seq', 1, false);


--
-- Name: customers customers_email_once; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.customers
    ADD CONSTRAINT customers_email_once UNIQUE (email);


--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (customer_id);


--
-- Name: order_items order_items_line_once; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.order_items
    ADD CONSTRAINT order_items_line_once UNIQUE (order_id, line);


--
-- Name: order_items order_items_pkey; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.order_items
    ADD CONSTRAINT order_items_pkey PRIMARY KEY (item_id);


--
-- Name: orders orders_number_once; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.orders
    ADD CONSTRAINT orders_number_once UNIQUE (order_number);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);


--
-- Name: payments payments_pkey; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (payment_id);


--
-- Name: payments payments_transaction_once; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.payments
    ADD CONSTRAINT payments_transaction_once UNIQUE (transaction_id);


--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (product_id);


--
-- Name: products products_sku_once; Type: CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.products
    ADD CONSTRAINT products_sku_once UNIQUE (sku);


--
-- Name: alembic_version_banking alembic_version_banking_pkc; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.alembic_version_banking
    ADD CONSTRAINT alembic_version_banking_pkc PRIMARY KEY (version_num);


--
-- Name: alembic_version_orders alembic_version_orders_pkc; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.alembic_version_orders
    ADD CONSTRAINT alembic_version_orders_pkc PRIMARY KEY (version_num);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id);


--
-- Name: changeset_operations changeset_operations_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.changeset_operations
    ADD CONSTRAINT changeset_operations_pkey PRIMARY KEY (changeset_id, number);


--
-- Name: changesets changesets_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.changesets
    ADD CONSTRAINT changesets_pkey PRIMARY KEY (id);


--
-- Name: dead_commands dead_commands_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.dead_commands
    ADD CONSTRAINT dead_commands_pkey PRIMARY KEY (command_id);


--
-- Name: dead_letters dead_letters_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (letter_id);


--
-- Name: deployments deployments_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.deployments
    ADD CONSTRAINT deployments_pkey PRIMARY KEY (id);


--
-- Name: enqueued_commands enqueued_commands_command_id_key; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.enqueued_commands
    ADD CONSTRAINT enqueued_commands_command_id_key UNIQUE (command_id);


--
-- Name: enqueued_commands enqueued_commands_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.enqueued_commands
    ADD CONSTRAINT enqueued_commands_pkey PRIMARY KEY (seq);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");


--
-- Name: events events_stream_version_key; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.events
    ADD CONSTRAINT events_stream_version_key UNIQUE (stream, version);


--
-- Name: invalidations invalidations_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.invalidations
    ADD CONSTRAINT invalidations_pkey PRIMARY KEY (invalidation_id);


--
-- Name: query_audit query_audit_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.query_audit
    ADD CONSTRAINT query_audit_pkey PRIMARY KEY (audit_id);


--
-- Name: rebuild_keys rebuild_keys_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.rebuild_keys
    ADD CONSTRAINT rebuild_keys_pkey PRIMARY KEY (rebuild_id, key);


--
-- Name: rebuild_parts rebuild_parts_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.rebuild_parts
    ADD CONSTRAINT rebuild_parts_pkey PRIMARY KEY (rebuild_id, part);


--
-- Name: rebuilds rebuilds_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.rebuilds
    ADD CONSTRAINT rebuilds_pkey PRIMARY KEY (rebuild_id);


--
-- Name: receipts receipts_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (command_id);


--
-- Name: refresh_requests refresh_requests_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.refresh_requests
    ADD CONSTRAINT refresh_requests_pkey PRIMARY KEY (view);


--
-- Name: refreshed refreshed_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.refreshed
    ADD CONSTRAINT refreshed_pkey PRIMARY KEY (view);


--
-- Name: refreshes refreshes_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.refreshes
    ADD CONSTRAINT refreshes_pkey PRIMARY KEY (refresh_id);


--
-- Name: saga_events saga_events_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.saga_events
    ADD CONSTRAINT saga_events_pkey PRIMARY KEY (id);


--
-- Name: sagas sagas_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.sagas
    ADD CONSTRAINT sagas_pkey PRIMARY KEY (saga_id);


--
-- Name: sagas sagas_saga_type_key_key; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.sagas
    ADD CONSTRAINT sagas_saga_type_key_key UNIQUE (saga_type, key);


--
-- Name: slots slots_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.slots
    ADD CONSTRAINT slots_pkey PRIMARY KEY (task);


--
-- Name: snapshots snapshots_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (stream, aggregate);


--
-- Name: streams streams_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (stream);


--
-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (name);


--
-- Name: verifications verifications_pkey; Type: CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.verifications
    ADD CONSTRAINT verifications_pkey PRIMARY KEY (verification_id);


--
-- Name: account_summaries_v1 account_summaries_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.account_summaries_v1
    ADD CONSTRAINT account_summaries_v1_pkey PRIMARY KEY (account_id);


--
-- Name: customer_orders_v1 customer_orders_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.customer_orders_v1
    ADD CONSTRAINT customer_orders_v1_pkey PRIMARY KEY (order_id);


--
-- Name: order_items_v1 order_items_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.order_items_v1
    ADD CONSTRAINT order_items_v1_pkey PRIMARY KEY (item_id);


--
-- Name: order_status_timeline_v1 order_status_timeline_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.order_status_timeline_v1
    ADD CONSTRAINT order_status_timeline_v1_pkey PRIMARY KEY (order_id);


--
-- Name: order_summaries_v1 order_summaries_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.order_summaries_v1
    ADD CONSTRAINT order_summaries_v1_pkey PRIMARY KEY (order_id);


--
-- Name: payments_v1 payments_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.payments_v1
    ADD CONSTRAINT payments_v1_pkey PRIMARY KEY (payment_id);


--
-- Name: product_inventory_v1 product_inventory_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.product_inventory_v1
    ADD CONSTRAINT product_inventory_v1_pkey PRIMARY KEY (product_id);


--
-- Name: transfers_v1 transfers_v1_pkey; Type: CONSTRAINT; Schema: query; Owner: -
--

ALTER TABLE ONLY query.transfers_v1
    ADD CONSTRAINT transfers_v1_pkey PRIMARY KEY (transfer_id);


--
-- Name: order_items_of_product; Type: INDEX; Schema: command; Owner: -
--

CREATE INDEX order_items_of_product ON command.order_items USING btree (product_id);


--
-- Name: orders_of_customer; Type: INDEX; Schema: command; Owner: -
--

CREATE INDEX orders_of_customer ON command.orders USING btree (customer_id, created_at);


--
-- Name: payments_of_order; Type: INDEX; Schema: command; Owner: -
--

CREATE INDEX payments_of_order ON command.payments USING btree (order_id);


--
-- Name: payments_paid_once; Type: INDEX; Schema: command; Owner: -
--

CREATE UNIQUE INDEX payments_paid_once ON command.payments USING btree (order_id) WHERE (status = 'paid'::text);


--
-- Name: audit_log_entity; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX audit_log_entity ON cqrs.audit_log USING btree (entity_type, entity_id, audit_id);


--
-- Name: audit_log_time; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX audit_log_time ON cqrs.audit_log USING brin (changed_at);


--
-- Name: changesets_created; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX changesets_created ON cqrs.changesets USING btree (created_at);


--
-- Name: changesets_one_at_a_time; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE UNIQUE INDEX changesets_one_at_a_time ON cqrs.changesets USING btree ((true)) WHERE (status = 'in_progress'::text);


--
-- Name: changesets_owed; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX changesets_owed ON cqrs.changesets USING btree (completed_at) WHERE ((follow_up IS NOT NULL) AND (followed_up_at IS NULL));


--
-- Name: dead_commands_open; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX dead_commands_open ON cqrs.dead_commands USING btree (last_died_at) WHERE (state = 'open'::text);


--
-- Name: dead_letters_discarded; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX dead_letters_discarded ON cqrs.dead_letters USING btree (subscription, "position") WHERE (state = 'discarded'::text);


--
-- Name: dead_letters_open; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE UNIQUE INDEX dead_letters_open ON cqrs.dead_letters USING btree (subscription, stream) WHERE (state = 'open'::text);


--
-- Name: deployments_begun; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX deployments_begun ON cqrs.deployments USING btree (begun_at);


--
-- Name: deployments_one_open; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE UNIQUE INDEX deployments_one_open ON cqrs.deployments USING btree ((true)) WHERE (ended_at IS NULL);


--
-- Name: enqueued_commands_key; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX enqueued_commands_key ON cqrs.enqueued_commands USING btree (key, seq) WHERE (key IS NOT NULL);


--
-- Name: query_audit_actor; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX query_audit_actor ON cqrs.query_audit USING btree (actor, audit_id);


--
-- Name: query_audit_time; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX query_audit_time ON cqrs.query_audit USING brin (asked_at);


--
-- Name: rebuilds_history; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX rebuilds_history ON cqrs.rebuilds USING btree (name, started_at);


--
-- Name: rebuilds_one_at_a_time; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE UNIQUE INDEX rebuilds_one_at_a_time ON cqrs.rebuilds USING btree (name) WHERE (finished_at IS NULL);


--
-- Name: receipts_completed; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX receipts_completed ON cqrs.receipts USING brin (completed_at);


--
-- Name: receipts_dead; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX receipts_dead ON cqrs.receipts USING btree (completed_at) WHERE (status = 'dead'::text);


--
-- Name: refreshes_view; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX refreshes_view ON cqrs.refreshes USING btree (view, started_at);


--
-- Name: saga_events_saga; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX saga_events_saga ON cqrs.saga_events USING btree (saga_id, id);


--
-- Name: sagas_due; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX sagas_due ON cqrs.sagas USING btree (due_at) WHERE (due_at IS NOT NULL);


--
-- Name: sagas_ended; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX sagas_ended ON cqrs.sagas USING btree (updated_at) WHERE (((state ->> 'status'::text) = ANY (ARRAY['completed'::text, 'failed'::text])) AND (state ? 'results'::text));


--
-- Name: verifications_name; Type: INDEX; Schema: cqrs; Owner: -
--

CREATE INDEX verifications_name ON cqrs.verifications USING btree (name, started_at);


--
-- Name: account_summaries_v1_by_balance; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX account_summaries_v1_by_balance ON query.account_summaries_v1 USING btree (balance, account_id);


--
-- Name: customer_lifetime_value_key; Type: INDEX; Schema: query; Owner: -
--

CREATE UNIQUE INDEX customer_lifetime_value_key ON query.customer_lifetime_value USING btree (customer_id);


--
-- Name: customer_lifetime_value_rank; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX customer_lifetime_value_rank ON query.customer_lifetime_value USING btree (lifetime_value DESC);


--
-- Name: customer_orders_v1_by_customer; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX customer_orders_v1_by_customer ON query.customer_orders_v1 USING btree (customer_id, created_at);


--
-- Name: order_items_v1_by_order; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX order_items_v1_by_order ON query.order_items_v1 USING btree (order_id, line);


--
-- Name: order_items_v1_by_product; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX order_items_v1_by_product ON query.order_items_v1 USING btree (product_id);


--
-- Name: order_summaries_v1_by_customer; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX order_summaries_v1_by_customer ON query.order_summaries_v1 USING btree (customer_id, created_at);


--
-- Name: order_summaries_v1_by_number; Type: INDEX; Schema: query; Owner: -
--

CREATE UNIQUE INDEX order_summaries_v1_by_number ON query.order_summaries_v1 USING btree (order_number);


--
-- Name: order_summaries_v1_by_status; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX order_summaries_v1_by_status ON query.order_summaries_v1 USING btree (status, created_at);


--
-- Name: order_summaries_v1_by_time; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX order_summaries_v1_by_time ON query.order_summaries_v1 USING btree (created_at);


--
-- Name: payments_v1_by_order; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX payments_v1_by_order ON query.payments_v1 USING btree (order_id);


--
-- Name: product_inventory_v1_by_name; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX product_inventory_v1_by_name ON query.product_inventory_v1 USING btree (product_name);


--
-- Name: product_inventory_v1_low; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX product_inventory_v1_low ON query.product_inventory_v1 USING btree (product_name) WHERE low_stock;


--
-- Name: revenue_by_product_key; Type: INDEX; Schema: query; Owner: -
--

CREATE UNIQUE INDEX revenue_by_product_key ON query.revenue_by_product USING btree (product_id);


--
-- Name: revenue_by_product_rank; Type: INDEX; Schema: query; Owner: -
--

CREATE INDEX revenue_by_product_rank ON query.revenue_by_product USING btree (total_revenue DESC);


--
-- Name: saga_status_key; Type: INDEX; Schema: query; Owner: -
--

CREATE UNIQUE INDEX saga_status_key ON query.saga_status USING btree (saga_type, status);


--
-- Name: changeset_history _RETURN; Type: RULE; Schema: cqrs; Owner: -
--

CREATE OR REPLACE VIEW cqrs.changeset_history AS
 SELECT c.id AS changeset_id,
    c.kind,
    c.description,
    c.version,
    c.status,
    c.created_at,
    c.started_at,
    c.completed_at,
    (c.completed_at - c.started_at) AS duration,
    c.created_by,
    c.error,
    d.name AS deployment,
    count(o.number) FILTER (WHERE (o.side = 'command'::text)) AS command_ops_count,
    count(o.number) FILTER (WHERE (o.side = 'query'::text)) AS query_ops_count,
    min(o.number) FILTER (WHERE (NOT o.success)) AS failed_operation
   FROM ((cqrs.changesets c
     LEFT JOIN cqrs.deployments d ON ((d.id = c.deployment_id)))
     LEFT JOIN cqrs.changeset_operations o ON ((o.changeset_id = c.id)))
  GROUP BY c.id, d.id;


--
-- Name: customers audit_delete; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_delete AFTER DELETE ON command.customers REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('customer_id');


--
-- Name: order_items audit_delete; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_delete AFTER DELETE ON command.order_items REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');


--
-- Name: orders audit_delete; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_delete AFTER DELETE ON command.orders REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');


--
-- Name: payments audit_delete; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_delete AFTER DELETE ON command.payments REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('payment_id');


--
-- Name: products audit_delete; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_delete AFTER DELETE ON command.products REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('product_id');


--
-- Name: customers audit_insert; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_insert AFTER INSERT ON command.customers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('customer_id');


--
-- Name: order_items audit_insert; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_insert AFTER INSERT ON command.order_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');


--
-- Name: orders audit_insert; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_insert AFTER INSERT ON command.orders REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');


--
-- Name: payments audit_insert; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_insert AFTER INSERT ON command.payments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('payment_id');


--
-- Name: products audit_insert; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_insert AFTER INSERT ON command.products REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('product_id');


--
-- Name: customers audit_update; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_update AFTER UPDATE ON command.customers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('customer_id');


--
-- Name: order_items audit_update; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_update AFTER UPDATE ON command.order_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');


--
-- Name: orders audit_update; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_update AFTER UPDATE ON command.orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');


--
-- Name: payments audit_update; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_update AFTER UPDATE ON command.payments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('payment_id');


--
-- Name: products audit_update; Type: TRIGGER; Schema: command; Owner: -
--

CREATE TRIGGER audit_update AFTER UPDATE ON command.products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('product_id');


--
-- Name: order_items order_items_order_id_fkey; Type: FK CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.order_items
    ADD CONSTRAINT order_items_order_id_fkey FOREIGN KEY (order_id) REFERENCES command.orders(order_id);


--
-- Name: order_items order_items_product_id_fkey; Type: FK CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.order_items
    ADD CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES command.products(product_id);


--
-- Name: orders orders_customer_id_fkey; Type: FK CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.orders
    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES command.customers(customer_id);


--
-- Name: payments payments_order_id_fkey; Type: FK CONSTRAINT; Schema: command; Owner: -
--

ALTER TABLE ONLY command.payments
    ADD CONSTRAINT payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES command.orders(order_id);


--
-- Name: changeset_operations changeset_operations_changeset_id_fkey; Type: FK CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.changeset_operations
    ADD CONSTRAINT changeset_operations_changeset_id_fkey FOREIGN KEY (changeset_id) REFERENCES cqrs.changesets(id) ON DELETE CASCADE;


--
-- Name: changesets changesets_deployment_id_fkey; Type: FK CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.changesets
    ADD CONSTRAINT changesets_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES cqrs.deployments(id);


--
-- Name: rebuild_keys rebuild_keys_rebuild_id_fkey; Type: FK CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.rebuild_keys
    ADD CONSTRAINT rebuild_keys_rebuild_id_fkey FOREIGN KEY (rebuild_id) REFERENCES cqrs.rebuilds(rebuild_id) ON DELETE CASCADE;


--
-- Name: rebuild_parts rebuild_parts_rebuild_id_fkey; Type: FK CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.rebuild_parts
    ADD CONSTRAINT rebuild_parts_rebuild_id_fkey FOREIGN KEY (rebuild_id) REFERENCES cqrs.rebuilds(rebuild_id) ON DELETE CASCADE;


--
-- Name: saga_events saga_events_saga_id_fkey; Type: FK CONSTRAINT; Schema: cqrs; Owner: -
--

ALTER TABLE ONLY cqrs.saga_events
    ADD CONSTRAINT saga_events_saga_id_fkey FOREIGN KEY (saga_id) REFERENCES cqrs.sagas(saga_id) ON DELETE CASCADE;


--
-- Name: SCHEMA command; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA command TO cqrs_writer;


--
-- Name: SCHEMA cqrs; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA cqrs TO cqrs_writer;


--
-- Name: SCHEMA query; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA query TO cqrs_writer;
GRANT USAGE ON SCHEMA query TO cqrs_reader;


--
-- Name: FUNCTION append(batch jsonb); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.append(batch jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.append(batch jsonb) TO cqrs_writer;


--
-- Name: FUNCTION enqueue(commands jsonb); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.enqueue(commands jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.enqueue(commands jsonb) TO cqrs_writer;


--
-- Name: FUNCTION fence(); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.fence() FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.fence() TO cqrs_writer;


--
-- Name: FUNCTION horizon(); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.horizon() FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.horizon() TO cqrs_writer;


--
-- Name: TABLE fences; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON TABLE cqrs.fences TO cqrs_writer;


--
-- Name: FUNCTION horizon_holders(); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.horizon_holders() FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.horizon_holders() TO cqrs_writer;


--
-- Name: TABLE streams; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON TABLE cqrs.streams TO cqrs_writer;


--
-- Name: FUNCTION lock_streams(wanted text[]); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.lock_streams(wanted text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.lock_streams(wanted text[]) TO cqrs_writer;


--
-- Name: FUNCTION revive_command(id uuid, by_whom text); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.revive_command(id uuid, by_whom text) FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.revive_command(id uuid, by_whom text) TO cqrs_writer;


--
-- Name: FUNCTION settle(receipts jsonb, events jsonb); Type: ACL; Schema: cqrs; Owner: -
--

REVOKE ALL ON FUNCTION cqrs.settle(receipts jsonb, events jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION cqrs.settle(receipts jsonb, events jsonb) TO cqrs_writer;


--
-- Name: TABLE audit_log; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON TABLE cqrs.audit_log TO cqrs_writer;


--
-- Name: FUNCTION state_at(entity_type text, entity_id text, at timestamp with time zone); Type: ACL; Schema: cqrs; Owner: -
--

GRANT ALL ON FUNCTION cqrs.state_at(entity_type text, entity_id text, at timestamp with time zone) TO cqrs_writer;


--
-- Name: TABLE customers; Type: ACL; Schema: command; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE command.customers TO cqrs_writer;


--
-- Name: TABLE order_items; Type: ACL; Schema: command; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE command.order_items TO cqrs_writer;


--
-- Name: SEQUENCE order_numbers; Type: ACL; Schema: command; Owner: -
--

GRANT USAGE ON SEQUENCE command.order_numbers TO cqrs_writer;


--
-- Name: TABLE orders; Type: ACL; Schema: command; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE command.orders TO cqrs_writer;


--
-- Name: TABLE payments; Type: ACL; Schema: command; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE command.payments TO cqrs_writer;


--
-- Name: TABLE products; Type: ACL; Schema: command; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE command.products TO cqrs_writer;


--
-- Name: TABLE dead_commands; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE cqrs.dead_commands TO cqrs_writer;


--
-- Name: TABLE dead_letters; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE cqrs.dead_letters TO cqrs_writer;


--
-- Name: TABLE enqueued_commands; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cqrs.enqueued_commands TO cqrs_writer;


--
-- Name: TABLE events; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON TABLE cqrs.events TO cqrs_writer;


--
-- Name: SEQUENCE events_position_seq; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON SEQUENCE cqrs.events_position_seq TO cqrs_writer;


--
-- Name: TABLE invalidations; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,DELETE ON TABLE cqrs.invalidations TO cqrs_writer;


--
-- Name: TABLE query_audit; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT ON TABLE cqrs.query_audit TO cqrs_writer;


--
-- Name: TABLE receipts; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON TABLE cqrs.receipts TO cqrs_writer;


--
-- Name: TABLE refresh_requests; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE cqrs.refresh_requests TO cqrs_writer;


--
-- Name: TABLE refreshed; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT ON TABLE cqrs.refreshed TO cqrs_writer;


--
-- Name: TABLE saga_events; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT ON TABLE cqrs.saga_events TO cqrs_writer;


--
-- Name: TABLE sagas; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE cqrs.sagas TO cqrs_writer;


--
-- Name: TABLE slots; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE cqrs.slots TO cqrs_writer;


--
-- Name: TABLE snapshots; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cqrs.snapshots TO cqrs_writer;


--
-- Name: TABLE subscriptions; Type: ACL; Schema: cqrs; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cqrs.subscriptions TO cqrs_writer;


--
-- Name: TABLE account_summaries_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.account_summaries_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.account_summaries_v1 TO cqrs_reader;


--
-- Name: TABLE account_summaries; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.account_summaries TO cqrs_writer;
GRANT SELECT ON TABLE query.account_summaries TO cqrs_reader;


--
-- Name: TABLE active_sagas; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.active_sagas TO cqrs_writer;
GRANT SELECT ON TABLE query.active_sagas TO cqrs_reader;


--
-- Name: TABLE audit_log; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.audit_log TO cqrs_writer;
GRANT SELECT ON TABLE query.audit_log TO cqrs_reader;


--
-- Name: TABLE checkpoints; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.checkpoints TO cqrs_writer;
GRANT SELECT ON TABLE query.checkpoints TO cqrs_reader;


--
-- Name: TABLE order_summaries_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.order_summaries_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.order_summaries_v1 TO cqrs_reader;


--
-- Name: TABLE order_summaries; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.order_summaries TO cqrs_writer;
GRANT SELECT ON TABLE query.order_summaries TO cqrs_reader;


--
-- Name: TABLE customer_lifetime_value; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.customer_lifetime_value TO cqrs_writer;
GRANT SELECT ON TABLE query.customer_lifetime_value TO cqrs_reader;


--
-- Name: TABLE customer_orders_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.customer_orders_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.customer_orders_v1 TO cqrs_reader;


--
-- Name: TABLE customer_orders; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.customer_orders TO cqrs_writer;
GRANT SELECT ON TABLE query.customer_orders TO cqrs_reader;


--
-- Name: TABLE order_items_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.order_items_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.order_items_v1 TO cqrs_reader;


--
-- Name: TABLE order_items; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.order_items TO cqrs_writer;
GRANT SELECT ON TABLE query.order_items TO cqrs_reader;


--
-- Name: TABLE order_status_timeline_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.order_status_timeline_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.order_status_timeline_v1 TO cqrs_reader;


--
-- Name: TABLE order_status_timeline; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.order_status_timeline TO cqrs_writer;
GRANT SELECT ON TABLE query.order_status_timeline TO cqrs_reader;


--
-- Name: TABLE parked_events; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.parked_events TO cqrs_writer;
GRANT SELECT ON TABLE query.parked_events TO cqrs_reader;


--
-- Name: TABLE payments_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.payments_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.payments_v1 TO cqrs_reader;


--
-- Name: TABLE payments; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.payments TO cqrs_writer;
GRANT SELECT ON TABLE query.payments TO cqrs_reader;


--
-- Name: TABLE product_inventory_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.product_inventory_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.product_inventory_v1 TO cqrs_reader;


--
-- Name: TABLE product_inventory; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.product_inventory TO cqrs_writer;
GRANT SELECT ON TABLE query.product_inventory TO cqrs_reader;


--
-- Name: TABLE refreshed; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.refreshed TO cqrs_writer;
GRANT SELECT ON TABLE query.refreshed TO cqrs_reader;


--
-- Name: TABLE revenue_by_product; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.revenue_by_product TO cqrs_writer;
GRANT SELECT ON TABLE query.revenue_by_product TO cqrs_reader;


--
-- Name: TABLE saga_status; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.saga_status TO cqrs_writer;
GRANT SELECT ON TABLE query.saga_status TO cqrs_reader;


--
-- Name: TABLE transfers_v1; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.transfers_v1 TO cqrs_writer;
GRANT SELECT ON TABLE query.transfers_v1 TO cqrs_reader;


--
-- Name: TABLE transfers; Type: ACL; Schema: query; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE query.transfers TO cqrs_writer;
GRANT SELECT ON TABLE query.transfers TO cqrs_reader;


--
-- Name: DEFAULT PRIVILEGES FOR SEQUENCES; Type: DEFAULT ACL; Schema: command; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA command GRANT USAGE ON SEQUENCES TO cqrs_writer;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: command; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA command GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES TO cqrs_writer;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: query; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA query GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES TO cqrs_writer;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA query GRANT SELECT ON TABLES TO cqrs_reader;


--
-- Name: customer_lifetime_value; Type: MATERIALIZED VIEW DATA; Schema: query; Owner: -
--

REFRESH MATERIALIZED VIEW query.customer_lifetime_value;


--
-- Name: revenue_by_product; Type: MATERIALIZED VIEW DATA; Schema: query; Owner: -
--

REFRESH MATERIALIZED VIEW query.revenue_by_product;


--
-- Name: saga_status; Type: MATERIALIZED VIEW DATA; Schema: query; Owner: -
--

REFRESH MATERIALIZED VIEW query.saga_status;


--
-- PostgreSQL database dump complete
--



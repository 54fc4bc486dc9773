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
01a22cab-f9e1-7524-823b-dc4681e73f05	ada@example.com	Ada	\N	\N	\N	\N	2026-11-30 13:36:37.886456+00
\.


--
-- Data for Name: order_items; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.order_items (item_id, order_id, line, product_id, quantity, unit_price, discount, subtotal) FROM stdin;
01a22cab-fa21-80b0-9451-0b6d85c4266f	01a22cab-fa21-763c-b905-133a7fdbbdb4	1	01a22cab-f9e1-7ce6-aa16-73c0bc369820	2	9.62	0.0000	19.24
01a22cab-fa21-8faf-8af1-25b4f57e427d	01a22cab-fa21-763c-b905-133a7fdbbdb4	2	01a22cab-f9e1-7819-af94-2379fd77ec74	1	4.00	0.0000	4.00
01a22cab-fa30-8791-8466-b489680bd321	01a22cab-fa30-7edc-9e76-f28cde1a9fc2	1	01a22cab-f9e1-7ce6-aa16-73c0bc369820	2	9.62	0.0000	19.24
01a22cab-fa30-878c-90a1-b3a5900e5a91	01a22cab-fa30-7edc-9e76-f28cde1a9fc2	2	01a22cab-f9e1-7819-af94-2379fd77ec74	2	4.00	0.0000	8.00
01a22cab-fa35-8b6a-a257-c6bd1708219b	01a22cab-fa35-788e-a356-7d3d1e1cc4b5	1	01a22cab-f9e1-7ce6-aa16-73c0bc369820	2	9.62	0.0000	19.24
01a22cab-fa35-8c59-ab84-0bc443e7205a	01a22cab-fa35-788e-a356-7d3d1e1cc4b5	2	01a22cab-f9e1-7819-af94-2379fd77ec74	3	4.00	0.0000	12.00
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.orders (order_id, order_number, customer_id, status, item_count, subtotal, tax_rate, tax, shipping, total, notes, version, created_at, paid_at, processing_at, shipped_at, delivered_at, cancelled_at, cancellation_reason) FROM stdin;
01a22cab-fa35-788e-a356-7d3d1e1cc4b5	ORD-2026-00003	01a22cab-f9e1-7524-823b-dc4681e73f05	pending	2	31.24	0.1000	3.12	10.00	44.36	by hand	1	2026-11-30 13:36:37.94136+00	\N	\N	\N	\N	\N	\N
01a22cab-fa21-763c-b905-133a7fdbbdb4	ORD-2026-00001	01a22cab-f9e1-7524-823b-dc4681e73f05	shipped	2	23.24	0.1000	2.32	10.00	35.56	by hand	4	2026-11-30 13:36:37.921921+00	2026-11-30 13:36:37.955139+00	2026-11-30 13:36:37.970408+00	2026-11-30 13:36:37.972899+00	\N	\N	\N
01a22cab-fa30-7edc-9e76-f28cde1a9fc2	ORD-2026-00002	01a22cab-f9e1-7524-823b-dc4681e73f05	cancelled	2	27.24	0.1000	2.72	10.00	39.96	by hand	2	2026-11-30 13:36:37.936808+00	\N	\N	\N	\N	2026-11-30 13:36:37.975271+00	changed her mind
\.


--
-- Data for Name: payments; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.payments (payment_id, order_id, amount, payment_method, transaction_id, status, refund_amount, paid_at, refunded_at) FROM stdin;
01a22cab-fa21-8c12-a219-8993fe5101a7	01a22cab-fa21-763c-b905-133a7fdbbdb4	35.56	card	\N	paid	0.00	2026-11-30 13:36:37.955139+00	\N
\.


--
-- Data for Name: products; Type: TABLE DATA; Schema: command; Owner: -
--

COPY command.products (product_id, sku, name, description, price, cost, quantity_available, quantity_reserved, reorder_level, created_at) FROM stdin;
01a22cab-f9e1-7ce6-aa16-73c0bc369820	tea	Tea		9.62	0.00	98	2	10	2026-11-30 13:36:37.908644+00
01a22cab-f9e1-7819-af94-2379fd77ec74	cup	Cup		4.00	0.00	99	3	10	2026-11-30 13:36:37.919625+00
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
1	command.customers	01a22cab-f9e1-7524-823b-dc4681e73f05	INSERT	\N	{"city": null, "name": "Ada", "email": "ada@example.com", "phone": null, "address": null, "country": null, "created_at": "2026-11-30T13:36:37.886456+00:00", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05"}	\N	system	01a22cab-f9e1-7473-bfe4-fc595b6a6fef	2026-11-30 13:36:37.893715+00
2	command.products	01a22cab-f9e1-7ce6-aa16-73c0bc369820	INSERT	\N	{"sku": "tea", "cost": 0.00, "name": "Tea", "price": 9.62, "created_at": "2026-11-30T13:36:37.908644+00:00", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "description": "", "reorder_level": 10, "quantity_reserved": 0, "quantity_available": 100}	\N	system	01a22cab-fa14-7d3c-bc86-da0580baf8bd	2026-11-30 13:36:37.91717+00
3	command.products	01a22cab-f9e1-7819-af94-2379fd77ec74	INSERT	\N	{"sku": "cup", "cost": 0.00, "name": "Cup", "price": 4.00, "created_at": "2026-11-30T13:36:37.919625+00:00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "description": "", "reorder_level": 10, "quantity_reserved": 0, "quantity_available": 100}	\N	system	01a22cab-fa1f-7bdb-a979-d13122a38267	2026-11-30 13:36:37.921015+00
4	command.orders	01a22cab-fa21-763c-b905-133a7fdbbdb4	INSERT	\N	{"tax": 2.32, "notes": "by hand", "total": 35.56, "status": "pending", "paid_at": null, "version": 1, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "shipping": 10.00, "subtotal": 23.24, "tax_rate": 0.1000, "created_at": "2026-11-30T13:36:37.921921+00:00", "item_count": 2, "shipped_at": null, "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "cancelled_at": null, "delivered_at": null, "order_number": "ORD-2026-00001", "processing_at": null, "cancellation_reason": null}	\N	system	01a22cab-fa21-7524-8e84-76de4c8e9ecb	2026-11-30 13:36:37.926653+00
5	command.products	01a22cab-f9e1-7ce6-aa16-73c0bc369820	UPDATE	{"quantity_reserved": 0}	{"quantity_reserved": 2}	{quantity_reserved}	system	01a22cab-fa21-7524-8e84-76de4c8e9ecb	2026-11-30 13:36:37.932724+00
6	command.products	01a22cab-f9e1-7819-af94-2379fd77ec74	UPDATE	{"quantity_reserved": 0}	{"quantity_reserved": 1}	{quantity_reserved}	system	01a22cab-fa21-7524-8e84-76de4c8e9ecb	2026-11-30 13:36:37.932767+00
7	command.order_items	01a22cab-fa21-80b0-9451-0b6d85c4266f	INSERT	\N	{"line": 1, "item_id": "01a22cab-fa21-80b0-9451-0b6d85c4266f", "discount": 0.0000, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "quantity": 2, "subtotal": 19.24, "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": 9.62}	\N	system	01a22cab-fa21-7524-8e84-76de4c8e9ecb	2026-11-30 13:36:37.933613+00
8	command.order_items	01a22cab-fa21-8faf-8af1-25b4f57e427d	INSERT	\N	{"line": 2, "item_id": "01a22cab-fa21-8faf-8af1-25b4f57e427d", "discount": 0.0000, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "quantity": 1, "subtotal": 4.00, "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": 4.00}	\N	system	01a22cab-fa21-7524-8e84-76de4c8e9ecb	2026-11-30 13:36:37.933635+00
9	command.orders	01a22cab-fa30-7edc-9e76-f28cde1a9fc2	INSERT	\N	{"tax": 2.72, "notes": "by hand", "total": 39.96, "status": "pending", "paid_at": null, "version": 1, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "shipping": 10.00, "subtotal": 27.24, "tax_rate": 0.1000, "created_at": "2026-11-30T13:36:37.936808+00:00", "item_count": 2, "shipped_at": null, "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "cancelled_at": null, "delivered_at": null, "order_number": "ORD-2026-00002", "processing_at": null, "cancellation_reason": null}	\N	system	01a22cab-fa30-7030-b400-07023873b8c0	2026-11-30 13:36:37.939814+00
10	command.products	01a22cab-f9e1-7ce6-aa16-73c0bc369820	UPDATE	{"quantity_reserved": 2}	{"quantity_reserved": 4}	{quantity_reserved}	system	01a22cab-fa30-7030-b400-07023873b8c0	2026-11-30 13:36:37.940185+00
11	command.products	01a22cab-f9e1-7819-af94-2379fd77ec74	UPDATE	{"quantity_reserved": 1}	{"quantity_reserved": 3}	{quantity_reserved}	system	01a22cab-fa30-7030-b400-07023873b8c0	2026-11-30 13:36:37.940213+00
12	command.order_items	01a22cab-fa30-8791-8466-b489680bd321	INSERT	\N	{"line": 1, "item_id": "01a22cab-fa30-8791-8466-b489680bd321", "discount": 0.0000, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "quantity": 2, "subtotal": 19.24, "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": 9.62}	\N	system	01a22cab-fa30-7030-b400-07023873b8c0	2026-11-30 13:36:37.940417+00
13	command.order_items	01a22cab-fa30-878c-90a1-b3a5900e5a91	INSERT	\N	{"line": 2, "item_id": "01a22cab-fa30-878c-90a1-b3a5900e5a91", "discount": 0.0000, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "quantity": 2, "subtotal": 8.00, "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": 4.00}	\N	system	01a22cab-fa30-7030-b400-07023873b8c0	2026-11-30 13:36:37.94043+00
14	command.orders	01a22cab-fa35-788e-a356-7d3d1e1cc4b5	INSERT	\N	{"tax": 3.12, "notes": "by hand", "total": 44.36, "status": "pending", "paid_at": null, "version": 1, "order_id": "01a22cab-fa35-788e-a356-7d3d1e1cc4b5", "shipping": 10.00, "subtotal": 31.24, "tax_rate": 0.1000, "created_at": "2026-11-30T13:36:37.94136+00:00", "item_count": 2, "shipped_at": null, "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "cancelled_at": null, "delivered_at": null, "order_number": "ORD-2026-00003", "processing_at": null, "cancellation_reason": null}	\N	system	01a22cab-fa35-7927-92e8-250d5d9c0de9	2026-11-30 13:36:37.950652+00
15	command.products	01a22cab-f9e1-7ce6-aa16-73c0bc369820	UPDATE	{"quantity_reserved": 4}	{"quantity_reserved": 6}	{quantity_reserved}	system	01a22cab-fa35-7927-92e8-250d5d9c0de9	2026-11-30 13:36:37.951077+00
16	command.products	01a22cab-f9e1-7819-af94-2379fd77ec74	UPDATE	{"quantity_reserved": 3}	{"quantity_reserved": 6}	{quantity_reserved}	system	01a22cab-fa35-7927-92e8-250d5d9c0de9	2026-11-30 13:36:37.951108+00
17	command.order_items	01a22cab-fa35-8b6a-a257-c6bd1708219b	INSERT	\N	{"line": 1, "item_id": "01a22cab-fa35-8b6a-a257-c6bd1708219b", "discount": 0.0000, "order_id": "01a22cab-fa35-788e-a356-7d3d1e1cc4b5", "quantity": 2, "subtotal": 19.24, "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": 9.62}	\N	system	01a22cab-fa35-7927-92e8-250d5d9c0de9	2026-11-30 13:36:37.951344+00
18	command.order_items	01a22cab-fa35-8c59-ab84-0bc443e7205a	INSERT	\N	{"line": 2, "item_id": "01a22cab-fa35-8c59-ab84-0bc443e7205a", "discount": 0.0000, "order_id": "01a22cab-fa35-788e-a356-7d3d1e1cc4b5", "quantity": 3, "subtotal": 12.00, "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": 4.00}	\N	system	01a22cab-fa35-7927-92e8-250d5d9c0de9	2026-11-30 13:36:37.951358+00
19	command.orders	01a22cab-fa21-763c-b905-133a7fdbbdb4	UPDATE	{"status": "pending", "paid_at": null, "version": 1}	{"status": "paid", "paid_at": "2026-11-30T13:36:37.955139+00:00", "version": 2}	{paid_at,status,version}	system	01a22cab-fa42-720c-a387-eb6a8875f952	2026-11-30 13:36:37.959159+00
20	command.payments	01a22cab-fa21-8c12-a219-8993fe5101a7	INSERT	\N	{"amount": 35.56, "status": "paid", "paid_at": "2026-11-30T13:36:37.955139+00:00", "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "payment_id": "01a22cab-fa21-8c12-a219-8993fe5101a7", "refunded_at": null, "refund_amount": 0.00, "payment_method": "card", "transaction_id": null}	\N	system	01a22cab-fa42-720c-a387-eb6a8875f952	2026-11-30 13:36:37.963375+00
21	command.orders	01a22cab-fa21-763c-b905-133a7fdbbdb4	UPDATE	{"status": "paid", "version": 2, "processing_at": null}	{"status": "processing", "version": 3, "processing_at": "2026-11-30T13:36:37.970408+00:00"}	{processing_at,status,version}	system	01a22cab-fa51-7727-b499-f95f0296cbbb	2026-11-30 13:36:37.971927+00
22	command.orders	01a22cab-fa21-763c-b905-133a7fdbbdb4	UPDATE	{"status": "processing", "version": 3, "shipped_at": null}	{"status": "shipped", "version": 4, "shipped_at": "2026-11-30T13:36:37.972899+00:00"}	{shipped_at,status,version}	system	01a22cab-fa54-7306-9760-5972685e7558	2026-11-30 13:36:37.97437+00
23	command.products	01a22cab-f9e1-7ce6-aa16-73c0bc369820	UPDATE	{"quantity_reserved": 6, "quantity_available": 100}	{"quantity_reserved": 4, "quantity_available": 98}	{quantity_available,quantity_reserved}	system	01a22cab-fa54-7306-9760-5972685e7558	2026-11-30 13:36:37.974723+00
24	command.products	01a22cab-f9e1-7819-af94-2379fd77ec74	UPDATE	{"quantity_reserved": 6, "quantity_available": 100}	{"quantity_reserved": 5, "quantity_available": 99}	{quantity_available,quantity_reserved}	system	01a22cab-fa54-7306-9760-5972685e7558	2026-11-30 13:36:37.974751+00
25	command.orders	01a22cab-fa30-7edc-9e76-f28cde1a9fc2	UPDATE	{"status": "pending", "version": 1, "cancelled_at": null, "cancellation_reason": null}	{"status": "cancelled", "version": 2, "cancelled_at": "2026-11-30T13:36:37.975271+00:00", "cancellation_reason": "changed her mind"}	{cancellation_reason,cancelled_at,status,version}	system	01a22cab-fa57-7e00-9b95-39e4a4bca276	2026-11-30 13:36:37.984518+00
26	command.products	01a22cab-f9e1-7ce6-aa16-73c0bc369820	UPDATE	{"quantity_reserved": 4}	{"quantity_reserved": 2}	{quantity_reserved}	system	01a22cab-fa57-7e00-9b95-39e4a4bca276	2026-11-30 13:36:37.987293+00
27	command.products	01a22cab-f9e1-7819-af94-2379fd77ec74	UPDATE	{"quantity_reserved": 5}	{"quantity_reserved": 3}	{quantity_reserved}	system	01a22cab-fa57-7e00-9b95-39e4a4bca276	2026-11-30 13:36:37.98771+00
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
1	01a22cab-fd6d-7040-8640-2549796a2d99	orders.create_order	{"items": [{"discount": "0", "quantity": 1, "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": null}], "notes": "", "order_id": "01a22cab-fd6d-7389-9dc3-f0ca47f29080", "shipping": null, "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05"}	\N	{}	system	{system}	01a22cab-fd6d-7040-8640-2549796a2d99	\N	\N	0	2026-11-30 13:36:38.77241+00	\N	2026-11-30 13:36:38.77241+00
\.


--
-- Data for Name: events; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.events ("position", stream, version, type, schema_version, data, metadata, recorded_at) FROM stdin;
1	customer-01a22cab-f9e1-7524-823b-dc4681e73f05	1	orders.CustomerRegistered	1	{"city": null, "name": "Ada", "email": "ada@example.com", "phone": null, "address": null, "country": null, "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "registered_at": "2026-11-30T13:36:37.886456Z"}	{"actor": "system", "command_id": "01a22cab-f9e1-7473-bfe4-fc595b6a6fef", "causation_id": null, "correlation_id": "01a22cab-f9e1-7473-bfe4-fc595b6a6fef"}	2026-11-30 13:36:37.902614+00
2	product-01a22cab-f9e1-7ce6-aa16-73c0bc369820	1	orders.ProductAdded	1	{"sku": "tea", "cost": "0.00", "name": "Tea", "price": "9.62", "added_at": "2026-11-30T13:36:37.908644Z", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "description": "", "reorder_level": 10, "quantity_available": 100}	{"actor": "system", "command_id": "01a22cab-fa14-7d3c-bc86-da0580baf8bd", "causation_id": null, "correlation_id": "01a22cab-fa14-7d3c-bc86-da0580baf8bd"}	2026-11-30 13:36:37.919017+00
3	product-01a22cab-f9e1-7819-af94-2379fd77ec74	1	orders.ProductAdded	1	{"sku": "cup", "cost": "0.00", "name": "Cup", "price": "4.00", "added_at": "2026-11-30T13:36:37.919625Z", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "description": "", "reorder_level": 10, "quantity_available": 100}	{"actor": "system", "command_id": "01a22cab-fa1f-7bdb-a979-d13122a38267", "causation_id": null, "correlation_id": "01a22cab-fa1f-7bdb-a979-d13122a38267"}	2026-11-30 13:36:37.92148+00
4	order-01a22cab-fa21-763c-b905-133a7fdbbdb4	1	orders.OrderCreated	1	{"tax": "2.32", "items": [{"sku": "tea", "line": 1, "item_id": "01a22cab-fa21-80b0-9451-0b6d85c4266f", "discount": "0", "quantity": 2, "subtotal": "19.24", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "item_id": "01a22cab-fa21-8faf-8af1-25b4f57e427d", "discount": "0", "quantity": 1, "subtotal": "4.00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": "4.00", "product_name": "Cup"}], "notes": "by hand", "total": "35.56", "pieces": {"01a22cab-f9e1-7819-af94-2379fd77ec74": 1, "01a22cab-f9e1-7ce6-aa16-73c0bc369820": 2}, "version": 1, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "shipping": "10.00", "subtotal": "23.24", "tax_rate": "0.10", "created_at": "2026-11-30T13:36:37.921921Z", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "order_number": "ORD-2026-00001", "customer_name": "Ada", "customer_email": "ada@example.com"}	{"actor": "system", "command_id": "01a22cab-fa21-7524-8e84-76de4c8e9ecb", "causation_id": null, "correlation_id": "01a22cab-fa21-7524-8e84-76de4c8e9ecb"}	2026-11-30 13:36:37.934327+00
5	order-01a22cab-fa30-7edc-9e76-f28cde1a9fc2	1	orders.OrderCreated	1	{"tax": "2.72", "items": [{"sku": "tea", "line": 1, "item_id": "01a22cab-fa30-8791-8466-b489680bd321", "discount": "0", "quantity": 2, "subtotal": "19.24", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "item_id": "01a22cab-fa30-878c-90a1-b3a5900e5a91", "discount": "0", "quantity": 2, "subtotal": "8.00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": "4.00", "product_name": "Cup"}], "notes": "by hand", "total": "39.96", "pieces": {"01a22cab-f9e1-7819-af94-2379fd77ec74": 2, "01a22cab-f9e1-7ce6-aa16-73c0bc369820": 2}, "version": 1, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "shipping": "10.00", "subtotal": "27.24", "tax_rate": "0.10", "created_at": "2026-11-30T13:36:37.936808Z", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "order_number": "ORD-2026-00002", "customer_name": "Ada", "customer_email": "ada@example.com"}	{"actor": "system", "command_id": "01a22cab-fa30-7030-b400-07023873b8c0", "causation_id": null, "correlation_id": "01a22cab-fa30-7030-b400-07023873b8c0"}	2026-11-30 13:36:37.940942+00
6	order-01a22cab-fa35-788e-a356-7d3d1e1cc4b5	1	orders.OrderCreated	1	{"tax": "3.12", "items": [{"sku": "tea", "line": 1, "item_id": "01a22cab-fa35-8b6a-a257-c6bd1708219b", "discount": "0", "quantity": 2, "subtotal": "19.24", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "item_id": "01a22cab-fa35-8c59-ab84-0bc443e7205a", "discount": "0", "quantity": 3, "subtotal": "12.00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": "4.00", "product_name": "Cup"}], "notes": "by hand", "total": "44.36", "pieces": {"01a22cab-f9e1-7819-af94-2379fd77ec74": 3, "01a22cab-f9e1-7ce6-aa16-73c0bc369820": 2}, "version": 1, "order_id": "01a22cab-fa35-788e-a356-7d3d1e1cc4b5", "shipping": "10.00", "subtotal": "31.24", "tax_rate": "0.10", "created_at": "2026-11-30T13:36:37.941360Z", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "order_number": "ORD-2026-00003", "customer_name": "Ada", "customer_email": "ada@example.com"}	{"actor": "system", "command_id": "01a22cab-fa35-7927-92e8-250d5d9c0de9", "causation_id": null, "correlation_id": "01a22cab-fa35-7927-92e8-250d5d9c0de9"}	2026-11-30 13:36:37.952265+00
7	order-01a22cab-fa21-763c-b905-133a7fdbbdb4	2	orders.PaymentProcessed	1	{"amount": "35.56", "paid_at": "2026-11-30T13:36:37.955139Z", "version": 2, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "payment_id": "01a22cab-fa21-8c12-a219-8993fe5101a7", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "order_number": "ORD-2026-00001", "payment_method": "card", "transaction_id": null}	{"actor": "system", "command_id": "01a22cab-fa42-720c-a387-eb6a8875f952", "causation_id": null, "correlation_id": "01a22cab-fa42-720c-a387-eb6a8875f952"}	2026-11-30 13:36:37.967547+00
8	order-01a22cab-fa21-763c-b905-133a7fdbbdb4	3	orders.OrderProcessingStarted	1	{"version": 3, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "order_number": "ORD-2026-00001", "processing_at": "2026-11-30T13:36:37.970408Z"}	{"actor": "system", "command_id": "01a22cab-fa51-7727-b499-f95f0296cbbb", "causation_id": null, "correlation_id": "01a22cab-fa51-7727-b499-f95f0296cbbb"}	2026-11-30 13:36:37.97251+00
9	order-01a22cab-fa21-763c-b905-133a7fdbbdb4	4	orders.OrderShipped	1	{"pieces": {"01a22cab-f9e1-7819-af94-2379fd77ec74": 1, "01a22cab-f9e1-7ce6-aa16-73c0bc369820": 2}, "version": 4, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "shipped_at": "2026-11-30T13:36:37.972899Z", "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "order_number": "ORD-2026-00001"}	{"actor": "system", "command_id": "01a22cab-fa54-7306-9760-5972685e7558", "causation_id": null, "correlation_id": "01a22cab-fa54-7306-9760-5972685e7558"}	2026-11-30 13:36:37.974934+00
10	order-01a22cab-fa30-7edc-9e76-f28cde1a9fc2	2	orders.OrderCancelled	1	{"pieces": {"01a22cab-f9e1-7819-af94-2379fd77ec74": 2, "01a22cab-f9e1-7ce6-aa16-73c0bc369820": 2}, "reason": "changed her mind", "version": 2, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "payment_id": null, "customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05", "cancelled_at": "2026-11-30T13:36:37.975271Z", "order_number": "ORD-2026-00002", "refund_amount": "0.00"}	{"actor": "system", "command_id": "01a22cab-fa57-7e00-9b95-39e4a4bca276", "causation_id": null, "correlation_id": "01a22cab-fa57-7e00-9b95-39e4a4bca276"}	2026-11-30 13:36:37.987957+00
11	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	1	banking.AccountOpened	1	{"owner": "Ada", "balance": "0.00", "currency": "EUR", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	{"actor": "system", "command_id": "01a22cab-fa66-7ec6-a60a-6040c6207b9b", "causation_id": null, "correlation_id": "01a22cab-fa66-7ec6-a60a-6040c6207b9b"}	2026-11-30 13:36:38.002926+00
12	account-01a22cab-fa66-756a-9d37-43c777ef537d	1	banking.AccountOpened	1	{"owner": "Ada", "balance": "0.00", "currency": "EUR", "account_id": "01a22cab-fa66-756a-9d37-43c777ef537d"}	{"actor": "system", "command_id": "01a22cab-fa75-7db8-bb23-a6eccdd53cd3", "causation_id": null, "correlation_id": "01a22cab-fa75-7db8-bb23-a6eccdd53cd3"}	2026-11-30 13:36:38.010392+00
13	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	2	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "10.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa7a-7568-9c3d-466922d8bb3b", "causation_id": null, "correlation_id": "01a22cab-fa7a-7568-9c3d-466922d8bb3b"}	2026-11-30 13:36:38.01628+00
14	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	3	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "20.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa80-7b59-9547-32f3656970f7", "causation_id": null, "correlation_id": "01a22cab-fa80-7b59-9547-32f3656970f7"}	2026-11-30 13:36:38.018682+00
15	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	4	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "30.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa83-793d-85ac-96d131905132", "causation_id": null, "correlation_id": "01a22cab-fa83-793d-85ac-96d131905132"}	2026-11-30 13:36:38.020559+00
16	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	5	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "40.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa84-7157-9b7f-864349f26711", "causation_id": null, "correlation_id": "01a22cab-fa84-7157-9b7f-864349f26711"}	2026-11-30 13:36:38.023362+00
17	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	6	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "50.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa87-7b11-a314-98041e03ede2", "causation_id": null, "correlation_id": "01a22cab-fa87-7b11-a314-98041e03ede2"}	2026-11-30 13:36:38.02856+00
18	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	7	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "60.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa8c-7c5f-9afd-630a42f9c06a", "causation_id": null, "correlation_id": "01a22cab-fa8c-7c5f-9afd-630a42f9c06a"}	2026-11-30 13:36:38.030511+00
19	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	8	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "70.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fa91-7c82-b7d0-c4b29093325b", "causation_id": null, "correlation_id": "01a22cab-fa91-7c82-b7d0-c4b29093325b"}	2026-11-30 13:36:38.044092+00
20	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	9	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "80.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-faa0-7888-8779-4c8668c81571", "causation_id": null, "correlation_id": "01a22cab-faa0-7888-8779-4c8668c81571"}	2026-11-30 13:36:38.05357+00
21	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	10	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "90.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-faa8-74bd-aadc-fe27c6ca067a", "causation_id": null, "correlation_id": "01a22cab-faa8-74bd-aadc-fe27c6ca067a"}	2026-11-30 13:36:38.063836+00
22	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	11	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "100.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fab0-7758-91fe-79bac1e580d6", "causation_id": null, "correlation_id": "01a22cab-fab0-7758-91fe-79bac1e580d6"}	2026-11-30 13:36:38.069549+00
23	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	12	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "110.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fab6-7472-82b6-4ae1e6ef3317", "causation_id": null, "correlation_id": "01a22cab-fab6-7472-82b6-4ae1e6ef3317"}	2026-11-30 13:36:38.077676+00
24	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	13	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "120.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fabe-72b3-a3ed-ac34dd448dd8", "causation_id": null, "correlation_id": "01a22cab-fabe-72b3-a3ed-ac34dd448dd8"}	2026-11-30 13:36:38.079423+00
25	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	14	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "130.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fac0-780c-9bbb-ffa856a21ac2", "causation_id": null, "correlation_id": "01a22cab-fac0-780c-9bbb-ffa856a21ac2"}	2026-11-30 13:36:38.088768+00
26	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	15	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "140.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fac9-7280-8ae3-653ecf41bd68", "causation_id": null, "correlation_id": "01a22cab-fac9-7280-8ae3-653ecf41bd68"}	2026-11-30 13:36:38.092818+00
27	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	16	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "150.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-face-7c1d-b495-b9d445093d49", "causation_id": null, "correlation_id": "01a22cab-face-7c1d-b495-b9d445093d49"}	2026-11-30 13:36:38.107837+00
28	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	17	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "160.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fadc-7068-a664-b4d358b9cdca", "causation_id": null, "correlation_id": "01a22cab-fadc-7068-a664-b4d358b9cdca"}	2026-11-30 13:36:38.112352+00
29	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	18	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "170.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fae0-7c1d-8f3a-81bcb8c97e80", "causation_id": null, "correlation_id": "01a22cab-fae0-7c1d-8f3a-81bcb8c97e80"}	2026-11-30 13:36:38.113602+00
30	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	19	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "180.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fae1-75bb-a250-af82aecddb64", "causation_id": null, "correlation_id": "01a22cab-fae1-75bb-a250-af82aecddb64"}	2026-11-30 13:36:38.115974+00
31	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	20	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "190.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-faef-7cf1-92a4-4fcd56dfb359", "causation_id": null, "correlation_id": "01a22cab-faef-7cf1-92a4-4fcd56dfb359"}	2026-11-30 13:36:38.132137+00
32	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	21	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "200.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-faf4-799f-a0f7-797689f6ce9f", "causation_id": null, "correlation_id": "01a22cab-faf4-799f-a0f7-797689f6ce9f"}	2026-11-30 13:36:38.133985+00
33	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	22	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "210.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-faf7-7c79-9bce-f66428efd9ba", "causation_id": null, "correlation_id": "01a22cab-faf7-7c79-9bce-f66428efd9ba"}	2026-11-30 13:36:38.138671+00
34	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	23	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "220.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fafa-7c2e-85eb-618e2b2d4dc9", "causation_id": null, "correlation_id": "01a22cab-fafa-7c2e-85eb-618e2b2d4dc9"}	2026-11-30 13:36:38.141417+00
35	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	24	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "230.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fafd-7532-b384-8a3ba2de3e8a", "causation_id": null, "correlation_id": "01a22cab-fafd-7532-b384-8a3ba2de3e8a"}	2026-11-30 13:36:38.152188+00
36	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	25	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "240.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb08-7eaa-94d1-b4fafbf327d7", "causation_id": null, "correlation_id": "01a22cab-fb08-7eaa-94d1-b4fafbf327d7"}	2026-11-30 13:36:38.155103+00
37	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	26	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "250.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb0c-7aa2-b5be-6d440eb827c4", "causation_id": null, "correlation_id": "01a22cab-fb0c-7aa2-b5be-6d440eb827c4"}	2026-11-30 13:36:38.159021+00
38	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	27	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "260.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb0f-7cee-b849-c684e96a95cb", "causation_id": null, "correlation_id": "01a22cab-fb0f-7cee-b849-c684e96a95cb"}	2026-11-30 13:36:38.168754+00
39	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	28	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "270.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb19-7d22-b039-e938d97881af", "causation_id": null, "correlation_id": "01a22cab-fb19-7d22-b039-e938d97881af"}	2026-11-30 13:36:38.179073+00
40	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	29	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "280.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb23-77f3-aaba-99a1d552bd90", "causation_id": null, "correlation_id": "01a22cab-fb23-77f3-aaba-99a1d552bd90"}	2026-11-30 13:36:38.180713+00
41	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	30	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "290.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb24-7944-a1fb-24fa713125a4", "causation_id": null, "correlation_id": "01a22cab-fb24-7944-a1fb-24fa713125a4"}	2026-11-30 13:36:38.189045+00
42	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	31	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "300.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb2d-7830-885f-eddec4c8a704", "causation_id": null, "correlation_id": "01a22cab-fb2d-7830-885f-eddec4c8a704"}	2026-11-30 13:36:38.193575+00
43	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	32	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "310.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb33-7c51-b66a-342a32911aee", "causation_id": null, "correlation_id": "01a22cab-fb33-7c51-b66a-342a32911aee"}	2026-11-30 13:36:38.202365+00
44	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	33	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "320.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb3a-7e78-bd6f-c0a68e7495c9", "causation_id": null, "correlation_id": "01a22cab-fb3a-7e78-bd6f-c0a68e7495c9"}	2026-11-30 13:36:38.21827+00
45	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	34	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "330.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb4a-7443-932c-448489741f03", "causation_id": null, "correlation_id": "01a22cab-fb4a-7443-932c-448489741f03"}	2026-11-30 13:36:38.220782+00
46	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	35	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "340.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb4e-73f4-a165-1e14c39386fb", "causation_id": null, "correlation_id": "01a22cab-fb4e-73f4-a165-1e14c39386fb"}	2026-11-30 13:36:38.230413+00
47	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	36	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "350.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb56-7b16-8ebe-b9842a7d2148", "causation_id": null, "correlation_id": "01a22cab-fb56-7b16-8ebe-b9842a7d2148"}	2026-11-30 13:36:38.235219+00
48	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	37	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "360.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb5b-7261-810a-15b6cfe71488", "causation_id": null, "correlation_id": "01a22cab-fb5b-7261-810a-15b6cfe71488"}	2026-11-30 13:36:38.260604+00
49	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	38	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "370.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb75-71ce-b2a5-5240c01e58ba", "causation_id": null, "correlation_id": "01a22cab-fb75-71ce-b2a5-5240c01e58ba"}	2026-11-30 13:36:38.268192+00
50	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	39	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "380.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb7e-776b-b00d-f1f1965265ed", "causation_id": null, "correlation_id": "01a22cab-fb7e-776b-b00d-f1f1965265ed"}	2026-11-30 13:36:38.272022+00
51	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	40	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "390.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb82-7161-b92c-b6667fb8e0a9", "causation_id": null, "correlation_id": "01a22cab-fb82-7161-b92c-b6667fb8e0a9"}	2026-11-30 13:36:38.277026+00
52	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	41	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "400.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb8b-777d-8927-789b93bcf4c2", "causation_id": null, "correlation_id": "01a22cab-fb8b-777d-8927-789b93bcf4c2"}	2026-11-30 13:36:38.289025+00
53	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	42	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "410.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb91-709a-b2fc-a2a69bc2c631", "causation_id": null, "correlation_id": "01a22cab-fb91-709a-b2fc-a2a69bc2c631"}	2026-11-30 13:36:38.293647+00
54	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	43	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "420.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb96-7026-a464-2e3f2769db46", "causation_id": null, "correlation_id": "01a22cab-fb96-7026-a464-2e3f2769db46"}	2026-11-30 13:36:38.301442+00
55	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	44	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "430.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fb9d-75f9-b174-8f38131ff09e", "causation_id": null, "correlation_id": "01a22cab-fb9d-75f9-b174-8f38131ff09e"}	2026-11-30 13:36:38.304256+00
56	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	45	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "440.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fba0-7568-9de9-dbe16dfcde2e", "causation_id": null, "correlation_id": "01a22cab-fba0-7568-9de9-dbe16dfcde2e"}	2026-11-30 13:36:38.306466+00
57	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	46	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "450.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fba2-763d-8766-1a9d2072e0ba", "causation_id": null, "correlation_id": "01a22cab-fba2-763d-8766-1a9d2072e0ba"}	2026-11-30 13:36:38.313604+00
58	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	47	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "460.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fba9-752e-ba57-d214aaf4d150", "causation_id": null, "correlation_id": "01a22cab-fba9-752e-ba57-d214aaf4d150"}	2026-11-30 13:36:38.315511+00
59	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	48	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "470.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbab-7021-8248-01722ef6cb39", "causation_id": null, "correlation_id": "01a22cab-fbab-7021-8248-01722ef6cb39"}	2026-11-30 13:36:38.316799+00
60	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	49	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "480.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbac-7d71-bd3a-7c1e12feb59d", "causation_id": null, "correlation_id": "01a22cab-fbac-7d71-bd3a-7c1e12feb59d"}	2026-11-30 13:36:38.328469+00
61	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	50	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "490.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbb8-7ebb-b838-d3d2fbfccef9", "causation_id": null, "correlation_id": "01a22cab-fbb8-7ebb-b838-d3d2fbfccef9"}	2026-11-30 13:36:38.333629+00
62	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	51	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "500.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbbf-72c9-aea6-8fd38a16dc5a", "causation_id": null, "correlation_id": "01a22cab-fbbf-72c9-aea6-8fd38a16dc5a"}	2026-11-30 13:36:38.338296+00
63	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	52	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "510.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbc2-773c-9b0e-9d2734865048", "causation_id": null, "correlation_id": "01a22cab-fbc2-773c-9b0e-9d2734865048"}	2026-11-30 13:36:38.344845+00
64	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	53	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "520.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbc9-7fb2-be7c-bf4a6740d62d", "causation_id": null, "correlation_id": "01a22cab-fbc9-7fb2-be7c-bf4a6740d62d"}	2026-11-30 13:36:38.351145+00
65	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	54	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "530.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbd0-77ab-a149-39895310fb18", "causation_id": null, "correlation_id": "01a22cab-fbd0-77ab-a149-39895310fb18"}	2026-11-30 13:36:38.358858+00
66	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	55	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "540.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbd7-7109-beee-c56c054b1790", "causation_id": null, "correlation_id": "01a22cab-fbd7-7109-beee-c56c054b1790"}	2026-11-30 13:36:38.360588+00
67	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	56	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "550.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbd8-7688-b846-7488cb6489d2", "causation_id": null, "correlation_id": "01a22cab-fbd8-7688-b846-7488cb6489d2"}	2026-11-30 13:36:38.363736+00
68	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	57	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "560.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbdb-7e37-814a-6c967e1539ae", "causation_id": null, "correlation_id": "01a22cab-fbdb-7e37-814a-6c967e1539ae"}	2026-11-30 13:36:38.367908+00
69	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	58	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "570.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbe0-7463-a422-f9c3f819dbb1", "causation_id": null, "correlation_id": "01a22cab-fbe0-7463-a422-f9c3f819dbb1"}	2026-11-30 13:36:38.369715+00
70	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	59	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "580.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbe1-7a62-a399-fa8b655d725a", "causation_id": null, "correlation_id": "01a22cab-fbe1-7a62-a399-fa8b655d725a"}	2026-11-30 13:36:38.37529+00
71	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	60	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "590.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbe7-7e51-99ee-5bf997f2fed3", "causation_id": null, "correlation_id": "01a22cab-fbe7-7e51-99ee-5bf997f2fed3"}	2026-11-30 13:36:38.376756+00
72	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	61	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "600.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbeb-72f9-883c-0f3ace277527", "causation_id": null, "correlation_id": "01a22cab-fbeb-72f9-883c-0f3ace277527"}	2026-11-30 13:36:38.385432+00
73	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	62	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "610.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbfa-7b4b-ab9e-4e1b2fd2f62a", "causation_id": null, "correlation_id": "01a22cab-fbfa-7b4b-ab9e-4e1b2fd2f62a"}	2026-11-30 13:36:38.396211+00
74	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	63	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "620.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbfc-7580-9f2b-011d3dbb0aef", "causation_id": null, "correlation_id": "01a22cab-fbfc-7580-9f2b-011d3dbb0aef"}	2026-11-30 13:36:38.397966+00
75	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	64	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "630.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fbfe-779c-a458-e3c239ea6587", "causation_id": null, "correlation_id": "01a22cab-fbfe-779c-a458-e3c239ea6587"}	2026-11-30 13:36:38.401226+00
76	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	65	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "640.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc01-7c00-9d19-18a95dad5ba2", "causation_id": null, "correlation_id": "01a22cab-fc01-7c00-9d19-18a95dad5ba2"}	2026-11-30 13:36:38.404916+00
77	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	66	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "650.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc09-7b99-b9a3-4c440cdb68bc", "causation_id": null, "correlation_id": "01a22cab-fc09-7b99-b9a3-4c440cdb68bc"}	2026-11-30 13:36:38.411764+00
78	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	67	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "660.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc10-79a0-b8ea-60d03b6744fd", "causation_id": null, "correlation_id": "01a22cab-fc10-79a0-b8ea-60d03b6744fd"}	2026-11-30 13:36:38.419712+00
79	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	68	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "670.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc19-70c0-b3d9-ec8134569382", "causation_id": null, "correlation_id": "01a22cab-fc19-70c0-b3d9-ec8134569382"}	2026-11-30 13:36:38.431802+00
80	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	69	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "680.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc24-7bca-9ff1-7e460abdba38", "causation_id": null, "correlation_id": "01a22cab-fc24-7bca-9ff1-7e460abdba38"}	2026-11-30 13:36:38.445394+00
81	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	70	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "690.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc2d-757d-b798-95f0cda5ad00", "causation_id": null, "correlation_id": "01a22cab-fc2d-757d-b798-95f0cda5ad00"}	2026-11-30 13:36:38.45083+00
82	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	71	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "700.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc33-7d0b-b4d5-df989d43e46b", "causation_id": null, "correlation_id": "01a22cab-fc33-7d0b-b4d5-df989d43e46b"}	2026-11-30 13:36:38.452566+00
83	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	72	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "710.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc34-7386-b47a-c3745b8635b0", "causation_id": null, "correlation_id": "01a22cab-fc34-7386-b47a-c3745b8635b0"}	2026-11-30 13:36:38.460029+00
84	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	73	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "720.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc3c-7553-ae5a-b139dbf88ae7", "causation_id": null, "correlation_id": "01a22cab-fc3c-7553-ae5a-b139dbf88ae7"}	2026-11-30 13:36:38.462747+00
85	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	74	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "730.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc3f-753a-ab32-6f0dfbfec9f9", "causation_id": null, "correlation_id": "01a22cab-fc3f-753a-ab32-6f0dfbfec9f9"}	2026-11-30 13:36:38.46984+00
86	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	75	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "740.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc46-7265-945d-1f2e2b929207", "causation_id": null, "correlation_id": "01a22cab-fc46-7265-945d-1f2e2b929207"}	2026-11-30 13:36:38.471689+00
87	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	76	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "750.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc49-720a-97bd-0a00e6a235bf", "causation_id": null, "correlation_id": "01a22cab-fc49-720a-97bd-0a00e6a235bf"}	2026-11-30 13:36:38.474727+00
88	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	77	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "760.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc4a-7053-9b69-89a2d92bc5fa", "causation_id": null, "correlation_id": "01a22cab-fc4a-7053-9b69-89a2d92bc5fa"}	2026-11-30 13:36:38.483788+00
89	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	78	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "770.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc56-755a-b1be-51b045d5a96b", "causation_id": null, "correlation_id": "01a22cab-fc56-755a-b1be-51b045d5a96b"}	2026-11-30 13:36:38.494517+00
90	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	79	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "780.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc5e-7644-82c5-ff603d6e7a40", "causation_id": null, "correlation_id": "01a22cab-fc5e-7644-82c5-ff603d6e7a40"}	2026-11-30 13:36:38.496584+00
91	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	80	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "790.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc63-797d-8554-2b0322ca9704", "causation_id": null, "correlation_id": "01a22cab-fc63-797d-8554-2b0322ca9704"}	2026-11-30 13:36:38.501758+00
92	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	81	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "800.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc66-7e16-9391-79dfa0c4f764", "causation_id": null, "correlation_id": "01a22cab-fc66-7e16-9391-79dfa0c4f764"}	2026-11-30 13:36:38.508245+00
93	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	82	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "810.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc6d-77d3-8f85-b3a8c820b5f5", "causation_id": null, "correlation_id": "01a22cab-fc6d-77d3-8f85-b3a8c820b5f5"}	2026-11-30 13:36:38.514294+00
94	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	83	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "820.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc73-71f8-9a3f-dc28ecf3401f", "causation_id": null, "correlation_id": "01a22cab-fc73-71f8-9a3f-dc28ecf3401f"}	2026-11-30 13:36:38.520686+00
95	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	84	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "830.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc7b-7221-a8c9-c3b4054a8082", "causation_id": null, "correlation_id": "01a22cab-fc7b-7221-a8c9-c3b4054a8082"}	2026-11-30 13:36:38.530373+00
96	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	85	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "840.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc82-797d-8e21-31f7c9ff6a82", "causation_id": null, "correlation_id": "01a22cab-fc82-797d-8e21-31f7c9ff6a82"}	2026-11-30 13:36:38.534705+00
97	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	86	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "850.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc87-7d37-afea-d5c97ed4801a", "causation_id": null, "correlation_id": "01a22cab-fc87-7d37-afea-d5c97ed4801a"}	2026-11-30 13:36:38.537452+00
98	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	87	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "860.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc89-74cf-8624-2bb3d2125a7d", "causation_id": null, "correlation_id": "01a22cab-fc89-74cf-8624-2bb3d2125a7d"}	2026-11-30 13:36:38.552701+00
99	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	88	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "870.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc99-7f71-be0d-47e5a595feec", "causation_id": null, "correlation_id": "01a22cab-fc99-7f71-be0d-47e5a595feec"}	2026-11-30 13:36:38.555543+00
100	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	89	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "880.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fc9b-77e9-9454-8d490b964ac2", "causation_id": null, "correlation_id": "01a22cab-fc9b-77e9-9454-8d490b964ac2"}	2026-11-30 13:36:38.557489+00
101	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	90	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "890.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fca0-7518-84a7-1c482382e526", "causation_id": null, "correlation_id": "01a22cab-fca0-7518-84a7-1c482382e526"}	2026-11-30 13:36:38.562447+00
102	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	91	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "900.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fca2-7b58-bead-9567292cf7ca", "causation_id": null, "correlation_id": "01a22cab-fca2-7b58-bead-9567292cf7ca"}	2026-11-30 13:36:38.56446+00
103	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	92	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "910.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fca4-7dd4-8f6f-40292797ca6e", "causation_id": null, "correlation_id": "01a22cab-fca4-7dd4-8f6f-40292797ca6e"}	2026-11-30 13:36:38.566198+00
104	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	93	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "920.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fca6-771e-9d47-1cc34ea32c05", "causation_id": null, "correlation_id": "01a22cab-fca6-771e-9d47-1cc34ea32c05"}	2026-11-30 13:36:38.567796+00
105	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	94	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "930.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fca8-7411-8543-c7a05d20acec", "causation_id": null, "correlation_id": "01a22cab-fca8-7411-8543-c7a05d20acec"}	2026-11-30 13:36:38.569443+00
106	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	95	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "940.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fca9-7fd2-89bc-2f95848493ea", "causation_id": null, "correlation_id": "01a22cab-fca9-7fd2-89bc-2f95848493ea"}	2026-11-30 13:36:38.57085+00
107	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	96	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "950.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcab-7604-84ed-bf2ca517f5bd", "causation_id": null, "correlation_id": "01a22cab-fcab-7604-84ed-bf2ca517f5bd"}	2026-11-30 13:36:38.572633+00
108	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	97	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "960.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcac-7152-ab7b-c8819321c087", "causation_id": null, "correlation_id": "01a22cab-fcac-7152-ab7b-c8819321c087"}	2026-11-30 13:36:38.575886+00
109	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	98	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "970.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcb0-7af4-97c1-d2e8172029e6", "causation_id": null, "correlation_id": "01a22cab-fcb0-7af4-97c1-d2e8172029e6"}	2026-11-30 13:36:38.578313+00
110	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	99	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "980.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcb2-71a6-b4a4-ac1674801f57", "causation_id": null, "correlation_id": "01a22cab-fcb2-71a6-b4a4-ac1674801f57"}	2026-11-30 13:36:38.583398+00
111	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	100	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "990.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcb7-712e-9c94-37cfbc81c809", "causation_id": null, "correlation_id": "01a22cab-fcb7-712e-9c94-37cfbc81c809"}	2026-11-30 13:36:38.586675+00
112	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	101	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1000.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcbb-7221-8dae-b64cde580e83", "causation_id": null, "correlation_id": "01a22cab-fcbb-7221-8dae-b64cde580e83"}	2026-11-30 13:36:38.588701+00
113	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	102	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1010.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcbd-7bc8-bce2-04f1e046afd3", "causation_id": null, "correlation_id": "01a22cab-fcbd-7bc8-bce2-04f1e046afd3"}	2026-11-30 13:36:38.590647+00
114	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	103	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1020.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcbe-76a7-b2b5-ff7879d13f80", "causation_id": null, "correlation_id": "01a22cab-fcbe-76a7-b2b5-ff7879d13f80"}	2026-11-30 13:36:38.593422+00
115	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	104	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1030.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcc1-7ad0-9c36-a938e1baf8bc", "causation_id": null, "correlation_id": "01a22cab-fcc1-7ad0-9c36-a938e1baf8bc"}	2026-11-30 13:36:38.596037+00
116	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	105	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1040.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcc4-71f6-8589-38babf1cce37", "causation_id": null, "correlation_id": "01a22cab-fcc4-71f6-8589-38babf1cce37"}	2026-11-30 13:36:38.597361+00
117	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	106	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1050.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcc5-72b6-bcdd-86c14819b55e", "causation_id": null, "correlation_id": "01a22cab-fcc5-72b6-bcdd-86c14819b55e"}	2026-11-30 13:36:38.59851+00
118	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	107	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1060.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcc6-7ead-a12b-04acceca73b6", "causation_id": null, "correlation_id": "01a22cab-fcc6-7ead-a12b-04acceca73b6"}	2026-11-30 13:36:38.599986+00
119	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	108	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1070.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcc8-75c9-b59b-5afc475f8c05", "causation_id": null, "correlation_id": "01a22cab-fcc8-75c9-b59b-5afc475f8c05"}	2026-11-30 13:36:38.601657+00
120	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	109	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1080.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcc9-7a30-af49-af027efbabaa", "causation_id": null, "correlation_id": "01a22cab-fcc9-7a30-af49-af027efbabaa"}	2026-11-30 13:36:38.602824+00
121	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	110	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1090.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fccb-79f4-beb8-9c6dba8e2f4e", "causation_id": null, "correlation_id": "01a22cab-fccb-79f4-beb8-9c6dba8e2f4e"}	2026-11-30 13:36:38.604664+00
122	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	111	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1100.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fccc-7340-b312-531fdd799c95", "causation_id": null, "correlation_id": "01a22cab-fccc-7340-b312-531fdd799c95"}	2026-11-30 13:36:38.605917+00
123	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	112	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1110.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcce-7d2a-b7c1-987513f7ee5a", "causation_id": null, "correlation_id": "01a22cab-fcce-7d2a-b7c1-987513f7ee5a"}	2026-11-30 13:36:38.607156+00
124	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	113	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1120.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fccf-7396-acd2-e38b209a5d7a", "causation_id": null, "correlation_id": "01a22cab-fccf-7396-acd2-e38b209a5d7a"}	2026-11-30 13:36:38.608356+00
125	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	114	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1130.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcd0-7e20-b81a-bd4aa520b0e2", "causation_id": null, "correlation_id": "01a22cab-fcd0-7e20-b81a-bd4aa520b0e2"}	2026-11-30 13:36:38.609945+00
126	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	115	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1140.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcd2-7068-ac14-18fac2e39dc5", "causation_id": null, "correlation_id": "01a22cab-fcd2-7068-ac14-18fac2e39dc5"}	2026-11-30 13:36:38.611823+00
127	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	116	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1150.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcd4-7770-95fb-99f0e6c8aa04", "causation_id": null, "correlation_id": "01a22cab-fcd4-7770-95fb-99f0e6c8aa04"}	2026-11-30 13:36:38.613461+00
128	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	117	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1160.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcd5-7598-b6ad-8885e71874f4", "causation_id": null, "correlation_id": "01a22cab-fcd5-7598-b6ad-8885e71874f4"}	2026-11-30 13:36:38.615084+00
129	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	118	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1170.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcd7-7b32-9c5d-808247c1ab5e", "causation_id": null, "correlation_id": "01a22cab-fcd7-7b32-9c5d-808247c1ab5e"}	2026-11-30 13:36:38.616645+00
130	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	119	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1180.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fcd9-7131-8838-25276b19f45f", "causation_id": null, "correlation_id": "01a22cab-fcd9-7131-8838-25276b19f45f"}	2026-11-30 13:36:38.624365+00
131	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	120	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1190.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fce0-7d10-8748-f78b6cdcb862", "causation_id": null, "correlation_id": "01a22cab-fce0-7d10-8748-f78b6cdcb862"}	2026-11-30 13:36:38.627625+00
132	account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	121	banking.MoneyDeposited	1	{"amount": "10.00", "balance": "1200.00", "reference": "", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "transfer_id": null}	{"actor": "system", "command_id": "01a22cab-fce4-782c-b1ac-21b0369f71f6", "causation_id": null, "correlation_id": "01a22cab-fce4-782c-b1ac-21b0369f71f6"}	2026-11-30 13:36:38.63126+00
\.


--
-- Data for Name: invalidations; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.invalidations (invalidation_id, subscription, tags, "position", created_at) FROM stdin;
1	banking.account_summaries	{account:01a22cab-fa66-7558-9a88-f3c0ac041ed7,account:01a22cab-fa66-756a-9d37-43c777ef537d,accounts}	132	2026-11-30 13:36:38.715062+00
2	orders.customer_orders	{customer:01a22cab-f9e1-7524-823b-dc4681e73f05}	132	2026-11-30 13:36:38.724539+00
3	orders.order_items	{order:01a22cab-fa21-763c-b905-133a7fdbbdb4,order:01a22cab-fa30-7edc-9e76-f28cde1a9fc2,order:01a22cab-fa35-788e-a356-7d3d1e1cc4b5}	132	2026-11-30 13:36:38.744588+00
4	orders.order_status_timeline	{order:01a22cab-fa21-763c-b905-133a7fdbbdb4,order:01a22cab-fa30-7edc-9e76-f28cde1a9fc2,order:01a22cab-fa35-788e-a356-7d3d1e1cc4b5}	132	2026-11-30 13:36:38.757422+00
5	orders.order_summaries	{customer:01a22cab-f9e1-7524-823b-dc4681e73f05,order-number:ORD-2026-00001,order-number:ORD-2026-00002,order-number:ORD-2026-00003,order:01a22cab-fa21-763c-b905-133a7fdbbdb4,order:01a22cab-fa30-7edc-9e76-f28cde1a9fc2,order:01a22cab-fa35-788e-a356-7d3d1e1cc4b5,orders}	132	2026-11-30 13:36:38.759696+00
6	orders.payments	{order:01a22cab-fa21-763c-b905-133a7fdbbdb4}	132	2026-11-30 13:36:38.761139+00
7	orders.product_inventory	{inventory,product:01a22cab-f9e1-7819-af94-2379fd77ec74,product:01a22cab-f9e1-7ce6-aa16-73c0bc369820}	132	2026-11-30 13:36:38.762604+00
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
01a22cab-f9e1-7473-bfe4-fc595b6a6fef	orders.register_customer	\\x1d8b1c91025c8b1ec8b4b956c44b7c00	system	succeeded	{"customer_id": "01a22cab-f9e1-7524-823b-dc4681e73f05"}	\N	\N	1	2026-11-30 13:36:37.907557+00	2026-11-30 13:36:37.907556+00
01a22cab-fa14-7d3c-bc86-da0580baf8bd	orders.add_product	\\x958c578760dcf41f47c35c1c6a6644b1	system	succeeded	{"sku": "tea", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820"}	\N	\N	2	2026-11-30 13:36:37.919065+00	2026-11-30 13:36:37.919064+00
01a22cab-fa1f-7bdb-a979-d13122a38267	orders.add_product	\\x594d01cdf6a0ab548d4d54e894e6d3f9	system	succeeded	{"sku": "cup", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74"}	\N	\N	3	2026-11-30 13:36:37.921512+00	2026-11-30 13:36:37.921512+00
01a22cab-fa21-7524-8e84-76de4c8e9ecb	orders.create_order	\\xc14586b852e55f21dee491ea2eb0391c	system	succeeded	{"total": "35.56", "status": "pending", "version": 1, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "order_number": "ORD-2026-00001"}	\N	\N	4	2026-11-30 13:36:37.934373+00	2026-11-30 13:36:37.934372+00
01a22cab-fa30-7030-b400-07023873b8c0	orders.create_order	\\x75e37d073d549ac7f534fa2b51da6df1	system	succeeded	{"total": "39.96", "status": "pending", "version": 1, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "order_number": "ORD-2026-00002"}	\N	\N	5	2026-11-30 13:36:37.940981+00	2026-11-30 13:36:37.940981+00
01a22cab-fa35-7927-92e8-250d5d9c0de9	orders.create_order	\\x979c25397d3b4dadacfa16494218803b	system	succeeded	{"total": "44.36", "status": "pending", "version": 1, "order_id": "01a22cab-fa35-788e-a356-7d3d1e1cc4b5", "order_number": "ORD-2026-00003"}	\N	\N	6	2026-11-30 13:36:37.952314+00	2026-11-30 13:36:37.952313+00
01a22cab-fa42-720c-a387-eb6a8875f952	orders.process_payment	\\x31aa2582146bc572b6286885a88822f1	system	succeeded	{"status": "paid", "version": 2, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "payment_id": "01a22cab-fa21-8c12-a219-8993fe5101a7", "order_number": "ORD-2026-00001"}	\N	\N	7	2026-11-30 13:36:37.967645+00	2026-11-30 13:36:37.967645+00
01a22cab-fa51-7727-b499-f95f0296cbbb	orders.update_order_status	\\x71ccbead10c5bf65d2a0b6a3cf4946b3	system	succeeded	{"status": "processing", "version": 3, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "order_number": "ORD-2026-00001"}	\N	\N	8	2026-11-30 13:36:37.972553+00	2026-11-30 13:36:37.972553+00
01a22cab-fa54-7306-9760-5972685e7558	orders.update_order_status	\\xd481a986762a14e7930a79c546f4add1	system	succeeded	{"status": "shipped", "version": 4, "order_id": "01a22cab-fa21-763c-b905-133a7fdbbdb4", "order_number": "ORD-2026-00001"}	\N	\N	9	2026-11-30 13:36:37.974966+00	2026-11-30 13:36:37.974966+00
01a22cab-fa57-7e00-9b95-39e4a4bca276	orders.cancel_order	\\x5cc72caa8294aded041eace86e3e6dae	system	succeeded	{"status": "cancelled", "version": 2, "order_id": "01a22cab-fa30-7edc-9e76-f28cde1a9fc2", "order_number": "ORD-2026-00002", "refund_amount": "0.00"}	\N	\N	10	2026-11-30 13:36:37.987991+00	2026-11-30 13:36:37.987991+00
01a22cab-fa66-7ec6-a60a-6040c6207b9b	banking.open_account	\\x9f9034dd13f880036d4bd95d2162cf8b	system	succeeded	{"balance": "0.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	11	2026-11-30 13:36:38.004684+00	2026-11-30 13:36:38.004683+00
01a22cab-fa75-7db8-bb23-a6eccdd53cd3	banking.open_account	\\xc20aaf6609640892fae96143eb1833fe	system	succeeded	{"balance": "0.00", "account_id": "01a22cab-fa66-756a-9d37-43c777ef537d"}	\N	\N	12	2026-11-30 13:36:38.010423+00	2026-11-30 13:36:38.010422+00
01a22cab-fa7a-7568-9c3d-466922d8bb3b	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "10.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	13	2026-11-30 13:36:38.016312+00	2026-11-30 13:36:38.016311+00
01a22cab-fa80-7b59-9547-32f3656970f7	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "20.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	14	2026-11-30 13:36:38.018756+00	2026-11-30 13:36:38.018756+00
01a22cab-fa83-793d-85ac-96d131905132	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "30.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	15	2026-11-30 13:36:38.02063+00	2026-11-30 13:36:38.02063+00
01a22cab-fa84-7157-9b7f-864349f26711	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "40.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	16	2026-11-30 13:36:38.023442+00	2026-11-30 13:36:38.023441+00
01a22cab-fa87-7b11-a314-98041e03ede2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "50.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	17	2026-11-30 13:36:38.028634+00	2026-11-30 13:36:38.028634+00
01a22cab-fa8c-7c5f-9afd-630a42f9c06a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "60.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	18	2026-11-30 13:36:38.030672+00	2026-11-30 13:36:38.030672+00
01a22cab-fa91-7c82-b7d0-c4b29093325b	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "70.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	19	2026-11-30 13:36:38.047074+00	2026-11-30 13:36:38.047073+00
01a22cab-faa0-7888-8779-4c8668c81571	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "80.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	20	2026-11-30 13:36:38.053602+00	2026-11-30 13:36:38.053602+00
01a22cab-faa8-74bd-aadc-fe27c6ca067a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "90.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	21	2026-11-30 13:36:38.063881+00	2026-11-30 13:36:38.063881+00
01a22cab-fab0-7758-91fe-79bac1e580d6	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "100.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	22	2026-11-30 13:36:38.069583+00	2026-11-30 13:36:38.069582+00
01a22cab-fab6-7472-82b6-4ae1e6ef3317	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "110.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	23	2026-11-30 13:36:38.077709+00	2026-11-30 13:36:38.077709+00
01a22cab-fabe-72b3-a3ed-ac34dd448dd8	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "120.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	24	2026-11-30 13:36:38.079454+00	2026-11-30 13:36:38.079454+00
01a22cab-fac0-780c-9bbb-ffa856a21ac2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "130.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	25	2026-11-30 13:36:38.088799+00	2026-11-30 13:36:38.088799+00
01a22cab-fac9-7280-8ae3-653ecf41bd68	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "140.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	26	2026-11-30 13:36:38.092848+00	2026-11-30 13:36:38.092847+00
01a22cab-face-7c1d-b495-b9d445093d49	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "150.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	27	2026-11-30 13:36:38.107872+00	2026-11-30 13:36:38.107872+00
01a22cab-fadc-7068-a664-b4d358b9cdca	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "160.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	28	2026-11-30 13:36:38.11239+00	2026-11-30 13:36:38.11239+00
01a22cab-fae0-7c1d-8f3a-81bcb8c97e80	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "170.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	29	2026-11-30 13:36:38.113631+00	2026-11-30 13:36:38.113631+00
01a22cab-fae1-75bb-a250-af82aecddb64	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "180.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	30	2026-11-30 13:36:38.116045+00	2026-11-30 13:36:38.116045+00
01a22cab-faef-7cf1-92a4-4fcd56dfb359	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "190.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	31	2026-11-30 13:36:38.132183+00	2026-11-30 13:36:38.132183+00
01a22cab-faf4-799f-a0f7-797689f6ce9f	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "200.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	32	2026-11-30 13:36:38.134014+00	2026-11-30 13:36:38.134014+00
01a22cab-faf7-7c79-9bce-f66428efd9ba	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "210.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	33	2026-11-30 13:36:38.138701+00	2026-11-30 13:36:38.138701+00
01a22cab-fafa-7c2e-85eb-618e2b2d4dc9	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "220.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	34	2026-11-30 13:36:38.141444+00	2026-11-30 13:36:38.141444+00
01a22cab-fafd-7532-b384-8a3ba2de3e8a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "230.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	35	2026-11-30 13:36:38.152218+00	2026-11-30 13:36:38.152218+00
01a22cab-fb08-7eaa-94d1-b4fafbf327d7	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "240.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	36	2026-11-30 13:36:38.155166+00	2026-11-30 13:36:38.155166+00
01a22cab-fb0c-7aa2-b5be-6d440eb827c4	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "250.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	37	2026-11-30 13:36:38.159049+00	2026-11-30 13:36:38.159048+00
01a22cab-fb0f-7cee-b849-c684e96a95cb	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "260.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	38	2026-11-30 13:36:38.168787+00	2026-11-30 13:36:38.168787+00
01a22cab-fb19-7d22-b039-e938d97881af	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "270.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	39	2026-11-30 13:36:38.179107+00	2026-11-30 13:36:38.179106+00
01a22cab-fb23-77f3-aaba-99a1d552bd90	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "280.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	40	2026-11-30 13:36:38.180742+00	2026-11-30 13:36:38.180742+00
01a22cab-fb24-7944-a1fb-24fa713125a4	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "290.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	41	2026-11-30 13:36:38.189087+00	2026-11-30 13:36:38.189087+00
01a22cab-fb2d-7830-885f-eddec4c8a704	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "300.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	42	2026-11-30 13:36:38.193607+00	2026-11-30 13:36:38.193607+00
01a22cab-fb33-7c51-b66a-342a32911aee	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "310.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	43	2026-11-30 13:36:38.202397+00	2026-11-30 13:36:38.202397+00
01a22cab-fb3a-7e78-bd6f-c0a68e7495c9	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "320.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	44	2026-11-30 13:36:38.218307+00	2026-11-30 13:36:38.218307+00
01a22cab-fb4a-7443-932c-448489741f03	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "330.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	45	2026-11-30 13:36:38.220813+00	2026-11-30 13:36:38.220813+00
01a22cab-fb4e-73f4-a165-1e14c39386fb	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "340.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	46	2026-11-30 13:36:38.230447+00	2026-11-30 13:36:38.230447+00
01a22cab-fb56-7b16-8ebe-b9842a7d2148	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "350.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	47	2026-11-30 13:36:38.235251+00	2026-11-30 13:36:38.235251+00
01a22cab-fb5b-7261-810a-15b6cfe71488	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "360.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	48	2026-11-30 13:36:38.260647+00	2026-11-30 13:36:38.260646+00
01a22cab-fb75-71ce-b2a5-5240c01e58ba	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "370.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	49	2026-11-30 13:36:38.268282+00	2026-11-30 13:36:38.268282+00
01a22cab-fb7e-776b-b00d-f1f1965265ed	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "380.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	50	2026-11-30 13:36:38.272056+00	2026-11-30 13:36:38.272056+00
01a22cab-fb82-7161-b92c-b6667fb8e0a9	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "390.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	51	2026-11-30 13:36:38.277061+00	2026-11-30 13:36:38.277061+00
01a22cab-fb8b-777d-8927-789b93bcf4c2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "400.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	52	2026-11-30 13:36:38.289063+00	2026-11-30 13:36:38.289063+00
01a22cab-fb91-709a-b2fc-a2a69bc2c631	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "410.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	53	2026-11-30 13:36:38.293678+00	2026-11-30 13:36:38.293677+00
01a22cab-fb96-7026-a464-2e3f2769db46	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "420.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	54	2026-11-30 13:36:38.301482+00	2026-11-30 13:36:38.301481+00
01a22cab-fb9d-75f9-b174-8f38131ff09e	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "430.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	55	2026-11-30 13:36:38.304284+00	2026-11-30 13:36:38.304284+00
01a22cab-fba0-7568-9de9-dbe16dfcde2e	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "440.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	56	2026-11-30 13:36:38.306493+00	2026-11-30 13:36:38.306493+00
01a22cab-fba2-763d-8766-1a9d2072e0ba	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "450.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	57	2026-11-30 13:36:38.313636+00	2026-11-30 13:36:38.313636+00
01a22cab-fba9-752e-ba57-d214aaf4d150	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "460.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	58	2026-11-30 13:36:38.315539+00	2026-11-30 13:36:38.315539+00
01a22cab-fbab-7021-8248-01722ef6cb39	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "470.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	59	2026-11-30 13:36:38.316823+00	2026-11-30 13:36:38.316823+00
01a22cab-fbac-7d71-bd3a-7c1e12feb59d	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "480.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	60	2026-11-30 13:36:38.328499+00	2026-11-30 13:36:38.328499+00
01a22cab-fbb8-7ebb-b838-d3d2fbfccef9	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "490.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	61	2026-11-30 13:36:38.333683+00	2026-11-30 13:36:38.333683+00
01a22cab-fbbf-72c9-aea6-8fd38a16dc5a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "500.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	62	2026-11-30 13:36:38.338323+00	2026-11-30 13:36:38.338322+00
01a22cab-fbc2-773c-9b0e-9d2734865048	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "510.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	63	2026-11-30 13:36:38.344874+00	2026-11-30 13:36:38.344874+00
01a22cab-fbc9-7fb2-be7c-bf4a6740d62d	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "520.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	64	2026-11-30 13:36:38.351198+00	2026-11-30 13:36:38.351197+00
01a22cab-fbd0-77ab-a149-39895310fb18	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "530.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	65	2026-11-30 13:36:38.358889+00	2026-11-30 13:36:38.358888+00
01a22cab-fbd7-7109-beee-c56c054b1790	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "540.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	66	2026-11-30 13:36:38.360615+00	2026-11-30 13:36:38.360615+00
01a22cab-fbd8-7688-b846-7488cb6489d2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "550.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	67	2026-11-30 13:36:38.363771+00	2026-11-30 13:36:38.363771+00
01a22cab-fbdb-7e37-814a-6c967e1539ae	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "560.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	68	2026-11-30 13:36:38.367976+00	2026-11-30 13:36:38.367975+00
01a22cab-fbe0-7463-a422-f9c3f819dbb1	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "570.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	69	2026-11-30 13:36:38.369742+00	2026-11-30 13:36:38.369742+00
01a22cab-fbe1-7a62-a399-fa8b655d725a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "580.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	70	2026-11-30 13:36:38.375317+00	2026-11-30 13:36:38.375316+00
01a22cab-fbe7-7e51-99ee-5bf997f2fed3	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "590.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	71	2026-11-30 13:36:38.376782+00	2026-11-30 13:36:38.376782+00
01a22cab-fbeb-72f9-883c-0f3ace277527	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "600.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	72	2026-11-30 13:36:38.385462+00	2026-11-30 13:36:38.385462+00
01a22cab-fbfa-7b4b-ab9e-4e1b2fd2f62a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "610.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	73	2026-11-30 13:36:38.396243+00	2026-11-30 13:36:38.396242+00
01a22cab-fbfc-7580-9f2b-011d3dbb0aef	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "620.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	74	2026-11-30 13:36:38.398+00	2026-11-30 13:36:38.398+00
01a22cab-fbfe-779c-a458-e3c239ea6587	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "630.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	75	2026-11-30 13:36:38.401252+00	2026-11-30 13:36:38.401252+00
01a22cab-fc01-7c00-9d19-18a95dad5ba2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "640.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	76	2026-11-30 13:36:38.404943+00	2026-11-30 13:36:38.404943+00
01a22cab-fc09-7b99-b9a3-4c440cdb68bc	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "650.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	77	2026-11-30 13:36:38.4118+00	2026-11-30 13:36:38.411799+00
01a22cab-fc10-79a0-b8ea-60d03b6744fd	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "660.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	78	2026-11-30 13:36:38.41974+00	2026-11-30 13:36:38.41974+00
01a22cab-fc19-70c0-b3d9-ec8134569382	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "670.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	79	2026-11-30 13:36:38.431834+00	2026-11-30 13:36:38.431834+00
01a22cab-fc24-7bca-9ff1-7e460abdba38	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "680.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	80	2026-11-30 13:36:38.445431+00	2026-11-30 13:36:38.445431+00
01a22cab-fc2d-757d-b798-95f0cda5ad00	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "690.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	81	2026-11-30 13:36:38.450863+00	2026-11-30 13:36:38.450863+00
01a22cab-fc33-7d0b-b4d5-df989d43e46b	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "700.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	82	2026-11-30 13:36:38.452595+00	2026-11-30 13:36:38.452595+00
01a22cab-fc34-7386-b47a-c3745b8635b0	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "710.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	83	2026-11-30 13:36:38.460072+00	2026-11-30 13:36:38.460072+00
01a22cab-fc3c-7553-ae5a-b139dbf88ae7	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "720.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	84	2026-11-30 13:36:38.462792+00	2026-11-30 13:36:38.462791+00
01a22cab-fc3f-753a-ab32-6f0dfbfec9f9	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "730.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	85	2026-11-30 13:36:38.469877+00	2026-11-30 13:36:38.469877+00
01a22cab-fc46-7265-945d-1f2e2b929207	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "740.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	86	2026-11-30 13:36:38.471719+00	2026-11-30 13:36:38.471719+00
01a22cab-fc49-720a-97bd-0a00e6a235bf	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "750.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	87	2026-11-30 13:36:38.47481+00	2026-11-30 13:36:38.47481+00
01a22cab-fc4a-7053-9b69-89a2d92bc5fa	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "760.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	88	2026-11-30 13:36:38.483821+00	2026-11-30 13:36:38.48382+00
01a22cab-fc56-755a-b1be-51b045d5a96b	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "770.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	89	2026-11-30 13:36:38.494551+00	2026-11-30 13:36:38.494551+00
01a22cab-fc5e-7644-82c5-ff603d6e7a40	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "780.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	90	2026-11-30 13:36:38.496615+00	2026-11-30 13:36:38.496615+00
01a22cab-fc63-797d-8554-2b0322ca9704	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "790.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	91	2026-11-30 13:36:38.501787+00	2026-11-30 13:36:38.501787+00
01a22cab-fc66-7e16-9391-79dfa0c4f764	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "800.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	92	2026-11-30 13:36:38.508276+00	2026-11-30 13:36:38.508275+00
01a22cab-fc6d-77d3-8f85-b3a8c820b5f5	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "810.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	93	2026-11-30 13:36:38.514325+00	2026-11-30 13:36:38.514325+00
01a22cab-fc73-71f8-9a3f-dc28ecf3401f	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "820.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	94	2026-11-30 13:36:38.520723+00	2026-11-30 13:36:38.520722+00
01a22cab-fc7b-7221-a8c9-c3b4054a8082	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "830.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	95	2026-11-30 13:36:38.530406+00	2026-11-30 13:36:38.530406+00
01a22cab-fc82-797d-8e21-31f7c9ff6a82	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "840.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	96	2026-11-30 13:36:38.534735+00	2026-11-30 13:36:38.534735+00
01a22cab-fc87-7d37-afea-d5c97ed4801a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "850.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	97	2026-11-30 13:36:38.537489+00	2026-11-30 13:36:38.537488+00
01a22cab-fc89-74cf-8624-2bb3d2125a7d	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "860.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	98	2026-11-30 13:36:38.55274+00	2026-11-30 13:36:38.552739+00
01a22cab-fc99-7f71-be0d-47e5a595feec	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "870.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	99	2026-11-30 13:36:38.555578+00	2026-11-30 13:36:38.555578+00
01a22cab-fc9b-77e9-9454-8d490b964ac2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "880.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	100	2026-11-30 13:36:38.557519+00	2026-11-30 13:36:38.557519+00
01a22cab-fca0-7518-84a7-1c482382e526	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "890.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	101	2026-11-30 13:36:38.562476+00	2026-11-30 13:36:38.562476+00
01a22cab-fca2-7b58-bead-9567292cf7ca	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "900.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	102	2026-11-30 13:36:38.564488+00	2026-11-30 13:36:38.564487+00
01a22cab-fca4-7dd4-8f6f-40292797ca6e	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "910.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	103	2026-11-30 13:36:38.566224+00	2026-11-30 13:36:38.566223+00
01a22cab-fca6-771e-9d47-1cc34ea32c05	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "920.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	104	2026-11-30 13:36:38.567821+00	2026-11-30 13:36:38.567821+00
01a22cab-fca8-7411-8543-c7a05d20acec	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "930.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	105	2026-11-30 13:36:38.569467+00	2026-11-30 13:36:38.569467+00
01a22cab-fca9-7fd2-89bc-2f95848493ea	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "940.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	106	2026-11-30 13:36:38.570971+00	2026-11-30 13:36:38.570971+00
01a22cab-fcab-7604-84ed-bf2ca517f5bd	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "950.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	107	2026-11-30 13:36:38.572663+00	2026-11-30 13:36:38.572663+00
01a22cab-fcac-7152-ab7b-c8819321c087	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "960.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	108	2026-11-30 13:36:38.57591+00	2026-11-30 13:36:38.57591+00
01a22cab-fcb0-7af4-97c1-d2e8172029e6	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "970.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	109	2026-11-30 13:36:38.578337+00	2026-11-30 13:36:38.578337+00
01a22cab-fcb2-71a6-b4a4-ac1674801f57	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "980.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	110	2026-11-30 13:36:38.583431+00	2026-11-30 13:36:38.583431+00
01a22cab-fcb7-712e-9c94-37cfbc81c809	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "990.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	111	2026-11-30 13:36:38.586701+00	2026-11-30 13:36:38.586701+00
01a22cab-fcbb-7221-8dae-b64cde580e83	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1000.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	112	2026-11-30 13:36:38.588753+00	2026-11-30 13:36:38.588753+00
01a22cab-fcbd-7bc8-bce2-04f1e046afd3	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1010.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	113	2026-11-30 13:36:38.5907+00	2026-11-30 13:36:38.5907+00
01a22cab-fcbe-76a7-b2b5-ff7879d13f80	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1020.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	114	2026-11-30 13:36:38.59347+00	2026-11-30 13:36:38.59347+00
01a22cab-fcc1-7ad0-9c36-a938e1baf8bc	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1030.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	115	2026-11-30 13:36:38.596084+00	2026-11-30 13:36:38.596083+00
01a22cab-fcc4-71f6-8589-38babf1cce37	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1040.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	116	2026-11-30 13:36:38.597407+00	2026-11-30 13:36:38.597406+00
01a22cab-fcc5-72b6-bcdd-86c14819b55e	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1050.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	117	2026-11-30 13:36:38.598555+00	2026-11-30 13:36:38.598555+00
01a22cab-fcc6-7ead-a12b-04acceca73b6	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1060.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	118	2026-11-30 13:36:38.600032+00	2026-11-30 13:36:38.600032+00
01a22cab-fcc8-75c9-b59b-5afc475f8c05	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1070.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	119	2026-11-30 13:36:38.601704+00	2026-11-30 13:36:38.601704+00
01a22cab-fcc9-7a30-af49-af027efbabaa	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1080.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	120	2026-11-30 13:36:38.602971+00	2026-11-30 13:36:38.602971+00
01a22cab-fccb-79f4-beb8-9c6dba8e2f4e	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1090.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	121	2026-11-30 13:36:38.60471+00	2026-11-30 13:36:38.60471+00
01a22cab-fccc-7340-b312-531fdd799c95	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1100.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	122	2026-11-30 13:36:38.605967+00	2026-11-30 13:36:38.605967+00
01a22cab-fcce-7d2a-b7c1-987513f7ee5a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1110.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	123	2026-11-30 13:36:38.607202+00	2026-11-30 13:36:38.607202+00
01a22cab-fccf-7396-acd2-e38b209a5d7a	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1120.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	124	2026-11-30 13:36:38.608402+00	2026-11-30 13:36:38.608402+00
01a22cab-fcd0-7e20-b81a-bd4aa520b0e2	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1130.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	125	2026-11-30 13:36:38.610041+00	2026-11-30 13:36:38.610041+00
01a22cab-fcd2-7068-ac14-18fac2e39dc5	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1140.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	126	2026-11-30 13:36:38.611868+00	2026-11-30 13:36:38.611868+00
01a22cab-fcd4-7770-95fb-99f0e6c8aa04	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1150.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	127	2026-11-30 13:36:38.613506+00	2026-11-30 13:36:38.613506+00
01a22cab-fcd5-7598-b6ad-8885e71874f4	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1160.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	128	2026-11-30 13:36:38.615129+00	2026-11-30 13:36:38.615129+00
01a22cab-fcd7-7b32-9c5d-808247c1ab5e	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1170.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	129	2026-11-30 13:36:38.616688+00	2026-11-30 13:36:38.616688+00
01a22cab-fcd9-7131-8838-25276b19f45f	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1180.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	130	2026-11-30 13:36:38.624422+00	2026-11-30 13:36:38.624422+00
01a22cab-fce0-7d10-8748-f78b6cdcb862	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1190.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	131	2026-11-30 13:36:38.627758+00	2026-11-30 13:36:38.627757+00
01a22cab-fce4-782c-b1ac-21b0369f71f6	banking.deposit	\\xa7f418d96428208db5adfa5e7f074151	system	succeeded	{"balance": "1200.00", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7"}	\N	\N	132	2026-11-30 13:36:38.631316+00	2026-11-30 13:36:38.631316+00
01a22cab-fd6d-7040-8640-2549796a2d99	orders.create_order	\\x643ae47f78b37797203c7deb3a3a8e58	system	submitted	\N	\N	\N	\N	2026-11-30 13:36:38.772314+00	\N
\.


--
-- Data for Name: refresh_requests; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.refresh_requests (view, requested, served, due_at) FROM stdin;
query.customer_lifetime_value	5	0	2026-11-30 13:36:48.724926+00
query.revenue_by_product	5	0	2026-11-30 13:36:48.725037+00
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
account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	banking.account	1	100	{"owner": "Ada", "status": "open", "balance": "990.00", "currency": "EUR", "account_id": "01a22cab-fa66-7558-9a88-f3c0ac041ed7", "in_transit": {}}	2026-11-30 13:36:38.586994+00
\.


--
-- Data for Name: streams; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.streams (stream, version) FROM stdin;
customer-01a22cab-f9e1-7524-823b-dc4681e73f05	1
product-01a22cab-f9e1-7ce6-aa16-73c0bc369820	1
product-01a22cab-f9e1-7819-af94-2379fd77ec74	1
order-01a22cab-fa35-788e-a356-7d3d1e1cc4b5	1
order-01a22cab-fa21-763c-b905-133a7fdbbdb4	4
order-01a22cab-fa30-7edc-9e76-f28cde1a9fc2	2
account-01a22cab-fa66-756a-9d37-43c777ef537d	1
account-01a22cab-fa66-7558-9a88-f3c0ac041ed7	121
\.


--
-- Data for Name: subscriptions; Type: TABLE DATA; Schema: cqrs; Owner: -
--

COPY cqrs.subscriptions (name, partition, partitions, "position", changed_position, read_table, shape, paused, batch_size, letters, deaths, suspect_upto, error, updated_at) FROM stdin;
banking.money_transfer	0	1	132	0	\N	\N	f	\N	0	0	\N	\N	2026-11-30 13:36:38.694936+00
banking.transfers	0	1	132	0	transfers_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.694968+00
banking.account_summaries	0	1	132	132	account_summaries_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.715292+00
orders.customer_orders	0	1	132	132	customer_orders_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.725142+00
orders.order_items	0	1	132	132	order_items_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.744647+00
orders.order_status_timeline	0	1	132	132	order_status_timeline_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.757666+00
orders.order_summaries	0	1	132	132	order_summaries_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.759815+00
orders.payments	0	1	132	132	payments_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.761241+00
orders.product_inventory	0	1	132	132	product_inventory_v1	1	f	\N	0	0	\N	\N	2026-11-30 13:36:38.762707+00
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
01a22cab-fa66-7558-9a88-f3c0ac041ed7	Ada	EUR	1200.00	120	2026-11-30 13:36:38.63126+00	open
01a22cab-fa66-756a-9d37-43c777ef537d	Ada	EUR	0.00	0	2026-11-30 13:36:38.010392+00	open
\.


--
-- Data for Name: customer_orders_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.customer_orders_v1 (order_id, customer_id, order_number, status, total, item_count, items, created_at, updated_at) FROM stdin;
01a22cab-fa21-763c-b905-133a7fdbbdb4	01a22cab-f9e1-7524-823b-dc4681e73f05	ORD-2026-00001	shipped	35.56	2	[{"sku": "tea", "line": 1, "quantity": 2, "subtotal": "19.24", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "quantity": 1, "subtotal": "4.00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": "4.00", "product_name": "Cup"}]	2026-11-30 13:36:37.921921+00	2026-11-30 13:36:37.974934+00
01a22cab-fa30-7edc-9e76-f28cde1a9fc2	01a22cab-f9e1-7524-823b-dc4681e73f05	ORD-2026-00002	cancelled	39.96	2	[{"sku": "tea", "line": 1, "quantity": 2, "subtotal": "19.24", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "quantity": 2, "subtotal": "8.00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": "4.00", "product_name": "Cup"}]	2026-11-30 13:36:37.936808+00	2026-11-30 13:36:37.987957+00
01a22cab-fa35-788e-a356-7d3d1e1cc4b5	01a22cab-f9e1-7524-823b-dc4681e73f05	ORD-2026-00003	pending	44.36	2	[{"sku": "tea", "line": 1, "quantity": 2, "subtotal": "19.24", "product_id": "01a22cab-f9e1-7ce6-aa16-73c0bc369820", "unit_price": "9.62", "product_name": "Tea"}, {"sku": "cup", "line": 2, "quantity": 3, "subtotal": "12.00", "product_id": "01a22cab-f9e1-7819-af94-2379fd77ec74", "unit_price": "4.00", "product_name": "Cup"}]	2026-11-30 13:36:37.94136+00	2026-11-30 13:36:37.952265+00
\.


--
-- Data for Name: order_items_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.order_items_v1 (item_id, order_id, order_number, line, product_id, sku, product_name, quantity, unit_price, discount, subtotal) FROM stdin;
01a22cab-fa21-80b0-9451-0b6d85c4266f	01a22cab-fa21-763c-b905-133a7fdbbdb4	ORD-2026-00001	1	01a22cab-f9e1-7ce6-aa16-73c0bc369820	tea	Tea	2	9.62	0.0000	19.24
01a22cab-fa21-8faf-8af1-25b4f57e427d	01a22cab-fa21-763c-b905-133a7fdbbdb4	ORD-2026-00001	2	01a22cab-f9e1-7819-af94-2379fd77ec74	cup	Cup	1	4.00	0.0000	4.00
01a22cab-fa30-8791-8466-b489680bd321	01a22cab-fa30-7edc-9e76-f28cde1a9fc2	ORD-2026-00002	1	01a22cab-f9e1-7ce6-aa16-73c0bc369820	tea	Tea	2	9.62	0.0000	19.24
01a22cab-fa30-878c-90a1-b3a5900e5a91	01a22cab-fa30-7edc-9e76-f28cde1a9fc2	ORD-2026-00002	2	01a22cab-f9e1-7819-af94-2379fd77ec74	cup	Cup	2	4.00	0.0000	8.00
01a22cab-fa35-8b6a-a257-c6bd1708219b	01a22cab-fa35-788e-a356-7d3d1e1cc4b5	ORD-2026-00003	1	01a22cab-f9e1-7ce6-aa16-73c0bc369820	tea	Tea	2	9.62	0.0000	19.24
01a22cab-fa35-8c59-ab84-0bc443e7205a	01a22cab-fa35-788e-a356-7d3d1e1cc4b5	ORD-2026-00003	2	01a22cab-f9e1-7819-af94-2379fd77ec74	cup	Cup	3	4.00	0.0000	12.00
\.


--
-- Data for Name: order_status_timeline_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.order_status_timeline_v1 (order_id, order_number, status, created_at, paid_at, processing_at, shipped_at, delivered_at, cancelled_at, hours_to_payment, hours_to_shipment, hours_to_delivery, hours_in_all) FROM stdin;
01a22cab-fa21-763c-b905-133a7fdbbdb4	ORD-2026-00001	shipped	2026-11-30 13:36:37.921921+00	2026-11-30 13:36:37.955139+00	2026-11-30 13:36:37.970408+00	2026-11-30 13:36:37.972899+00	\N	\N	0.0000	0.0000	\N	\N
01a22cab-fa30-7edc-9e76-f28cde1a9fc2	ORD-2026-00002	cancelled	2026-11-30 13:36:37.936808+00	\N	\N	\N	\N	2026-11-30 13:36:37.975271+00	\N	\N	\N	\N
01a22cab-fa35-788e-a356-7d3d1e1cc4b5	ORD-2026-00003	pending	2026-11-30 13:36:37.94136+00	\N	\N	\N	\N	\N	\N	\N	\N	\N
\.


--
-- Data for Name: order_summaries_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.order_summaries_v1 (order_id, order_number, customer_id, customer_name, customer_email, status, subtotal, tax, shipping, total, item_count, version, notes, created_at, updated_at, cancellation_reason, refund_amount) FROM stdin;
01a22cab-fa21-763c-b905-133a7fdbbdb4	ORD-2026-00001	01a22cab-f9e1-7524-823b-dc4681e73f05	Ada	ada@example.com	shipped	23.24	2.32	10.00	35.56	2	4	by hand	2026-11-30 13:36:37.921921+00	2026-11-30 13:36:37.974934+00	\N	0.00
01a22cab-fa30-7edc-9e76-f28cde1a9fc2	ORD-2026-00002	01a22cab-f9e1-7524-823b-dc4681e73f05	Ada	ada@example.com	cancelled	27.24	2.72	10.00	39.96	2	2	by hand	2026-11-30 13:36:37.936808+00	2026-11-30 13:36:37.987957+00	changed her mind	0.00
01a22cab-fa35-788e-a356-7d3d1e1cc4b5	ORD-2026-00003	01a22cab-f9e1-7524-823b-dc4681e73f05	Ada	ada@example.com	pending	31.24	3.12	10.00	44.36	2	1	by hand	2026-11-30 13:36:37.94136+00	2026-11-30 13:36:37.952265+00	\N	0.00
\.


--
-- Data for Name: payments_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.payments_v1 (payment_id, order_id, order_number, customer_id, amount, payment_method, transaction_id, status, refund_amount, paid_at, refunded_at) FROM stdin;
01a22cab-fa21-8c12-a219-8993fe5101a7	01a22cab-fa21-763c-b905-133a7fdbbdb4	ORD-2026-00001	01a22cab-f9e1-7524-823b-dc4681e73f05	35.56	card	\N	paid	0.00	2026-11-30 13:36:37.955139+00	\N
\.


--
-- Data for Name: product_inventory_v1; Type: TABLE DATA; Schema: query; Owner: -
--

COPY query.product_inventory_v1 (product_id, sku, product_name, price, quantity_available, quantity_reserved, quantity_in_stock, quantity_in_orders, reorder_level, low_stock, updated_at) FROM stdin;
01a22cab-f9e1-7ce6-aa16-73c0bc369820	tea	Tea	9.62	98	2	96	2	10	f	2026-11-30 13:36:37.987957+00
01a22cab-f9e1-7819-af94-2379fd77ec74	cup	Cup	4.00	99	3	96	3	10	f	2026-11-30 13:36:37.987957+00
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



-- name: materialized_views
-- Materialized views of schema query: the tables and materialized views that each reads by the
-- catalogue, through plain views, functions whose body is parsed, operators, policies and
-- partitions, and the plain views among them; whether it holds rows; whether a key allows a refresh
-- while it is read; whether it calls functions that are text to the server; and what makes it
-- unsteady: why it may have changed although no table has. A stable function of the server that
-- hangs on nothing but its arguments and the session's settings is steady: these are in the trace's
-- fingerprint.
WITH RECURSIVE reads AS (
    SELECT c.oid AS view, 'pg_class'::regclass::oid AS class, c.oid AS object
      FROM pg_class AS c
     WHERE c.relkind = 'm' AND c.relnamespace = 'query'::regnamespace
    UNION
    SELECT r.view, e.class, e.object
      FROM reads AS r
     CROSS JOIN LATERAL (
           SELECT d.refclassid, d.refobjid
             FROM pg_class AS t
             JOIN pg_rewrite AS w ON w.ev_class = t.oid AND w.ev_type = '1'
             JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
            WHERE r.class = 'pg_class'::regclass AND t.oid = r.object
              AND (t.relkind = 'v' OR t.oid = r.view)
           UNION ALL
           SELECT d.refclassid, d.refobjid
             FROM pg_depend AS d
            WHERE r.class <> 'pg_class'::regclass AND d.classid = r.class AND d.objid = r.object
              AND d.deptype IN ('n', 'a')
           UNION ALL
           SELECT 'pg_policy'::regclass, p.oid
             FROM pg_policy AS p JOIN pg_class AS t ON t.oid = p.polrelid AND t.relrowsecurity
            WHERE r.class = 'pg_class'::regclass AND p.polrelid = r.object
           UNION ALL
           SELECT 'pg_class'::regclass, i.inhrelid
             FROM pg_inherits AS i JOIN pg_class AS t ON t.oid = i.inhrelid AND t.relkind IN ('r', 'p', 'f')
            WHERE r.class = 'pg_class'::regclass AND i.inhparent = r.object
           ) AS e (class, object)
     WHERE e.class IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass,
                       'pg_policy'::regclass)
       AND NOT (e.class = 'pg_class'::regclass AND e.object = r.view)
), relations AS (
    SELECT r.view, c.oid, c.relkind, n.nspname || '.' || c.relname AS name, n.nspname
      FROM reads AS r
      JOIN pg_class AS c ON r.class = 'pg_class'::regclass AND c.oid = r.object AND c.oid <> r.view
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
), parsed AS (
    SELECT r.view, w.ev_action::text AS tree
      FROM reads AS r
      JOIN pg_class AS t ON r.class = 'pg_class'::regclass AND t.oid = r.object
                        AND (t.relkind = 'v' OR t.oid = r.view)
      JOIN pg_rewrite AS w ON w.ev_class = t.oid AND w.ev_type = '1'
    UNION ALL
    SELECT r.view, p.prosqlbody::text
      FROM reads AS r JOIN pg_proc AS p ON r.class = 'pg_proc'::regclass AND p.oid = r.object
     WHERE p.prosqlbody IS NOT NULL
    UNION ALL
    SELECT r.view, p.polqual::text
      FROM reads AS r JOIN pg_policy AS p ON r.class = 'pg_policy'::regclass AND p.oid = r.object
), functions AS (
    SELECT p.view, m[1]::oid AS oid
      FROM parsed AS p,
           regexp_matches(p.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS m
    UNION
    SELECT r.view, r.object FROM reads AS r WHERE r.class = 'pg_proc'::regclass
), called AS (
    SELECT f.view, p.proname, p.provolatile, p.prokind,
           p.pronamespace = 'pg_catalog'::regnamespace AS of_the_server,
           p.prosqlbody IS NULL AND l.lanname NOT IN ('internal', 'c') AS is_text,
           p.prosqlbody IS NULL OR p.oid < 12000 AS is_closed  -- the server's own are not followed
      FROM functions AS f
      JOIN pg_proc AS p ON p.oid = f.oid
      JOIN pg_language AS l ON l.oid = p.prolang
), unsteady AS (
    SELECT view, 'function ' || proname AS why
      FROM called
     WHERE provolatile <> 'i' AND is_closed
       AND NOT (of_the_server AND provolatile = 's' AND proname ~ ANY (ARRAY[
           '^jsonb?_(agg|build|object_agg|populate|to_record|to_tsvector)', '^jsonb_path_.*_tz$',
           '^(array|row)_to_json$', '^to_(char|date|json|jsonb|number|timestamp|tsquery|tsvector)$',
           '^(plain|phrase|websearch_)to_tsquery$', '^ts_(headline|match_t[qt])$',
           '^(date|timestamp|timestamptz)_(cmp|eq|ne|lt|le|gt|ge)_(date|timestamp|timestamptz)$',
           '^timestamptz_(pl|mi)_interval$', '^interval_pl_timestamptz$',
           '^date_(add|part|subtract|trunc)$', '^(extract|overlaps|in_range|generate_series)$',
           '^(date|time|timetz|timestamp|timestamptz|timezone|make_timestamptz|money|numeric)$',
           '^(array_to_string|concat|concat_ws|format|length|quote_literal|quote_nullable)$',
           '^(anytextcat|textanycat|convert|convert_from|convert_to)$']))
    UNION
    SELECT p.view, 'the clock, or who asks' FROM parsed AS p WHERE strpos(p.tree, '{SQLVALUEFUNCTION ') > 0
    UNION
    SELECT p.view, 'a sample' FROM parsed AS p WHERE strpos(p.tree, '{TABLESAMPLECLAUSE ') > 0
    UNION
    SELECT p.view, 'the catalogue'
      FROM parsed AS p, regexp_matches(p.tree, ':relid ([0-9]+)', 'g') AS m
     WHERE m[1]::oid BETWEEN 1 AND 11999
    UNION
    SELECT p.view, 'names in the catalogue' FROM parsed AS p
     WHERE p.tree ~ 'type (24|220[2-6]|3734|3769|4089|4096|4191) :'
    UNION
    SELECT r.view, r.name FROM relations AS r
     WHERE r.relkind IN ('f', 'S') OR r.relkind = 'm' AND r.nspname <> 'query'
)
SELECT n.nspname || '.' || v.relname AS name, v.oid AS id,
       ARRAY(SELECT r.name FROM relations AS r WHERE r.view = v.oid AND r.relkind IN ('r', 'p', 'f')),
       ARRAY(SELECT r.name FROM relations AS r WHERE r.view = v.oid AND r.relkind = 'm'),
       ARRAY(SELECT r.name FROM relations AS r WHERE r.view = v.oid AND r.relkind = 'v'),
       v.relispopulated,
       EXISTS (SELECT FROM pg_index AS i
                WHERE i.indrelid = v.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                  AND i.indpred IS NULL AND 0 <> ALL (i.indkey::int2[])),
       EXISTS (SELECT FROM called AS c
                WHERE c.view = v.oid AND c.is_text AND NOT c.of_the_server AND c.prokind <> 'a'),
       ARRAY(SELECT u.why FROM unsteady AS u WHERE u.view = v.oid ORDER BY u.why)
  FROM pg_class AS v
  JOIN pg_namespace AS n ON n.oid = v.relnamespace
 WHERE v.relkind = 'm' AND v.relnamespace = 'query'::regnamespace
 ORDER BY 1

-- name: view_names
-- The materialized views of schema query.
SELECT 'query.' || c.relname FROM pg_class AS c
 WHERE c.relkind = 'm' AND c.relnamespace = 'query'::regnamespace

-- name: traces
-- What each view's last refresh read, by the names of today where there are any, with what each is.
SELECT t.view_id, t.fingerprint, t.complete, t.reads,
       ARRAY(SELECT coalesce(n.nspname || '.' || c.relname, r.name)
               FROM unnest(t.reads, t.names) AS r (relation, name)
               LEFT JOIN pg_class AS c ON c.oid = r.relation
               LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace ORDER BY r.relation),
       ARRAY(SELECT coalesce(c.relkind, 'r')::text
               FROM unnest(t.reads) AS r (relation)
               LEFT JOIN pg_class AS c ON c.oid = r.relation ORDER BY r.relation)
  FROM cqrs.refresh_traces AS t

-- name: locked
-- What this transaction holds locks on. No table is read here, so that none is added.
SELECT DISTINCT l.relation FROM pg_lock_status() AS l
 WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'

-- name: scanned
-- How often each table was scanned by this session, as far as it has not told the statistics. A
-- rolled-back savepoint, such as a block of plpgsql that raised, gives its locks back; its scans it
-- does not.
SELECT coalesce(i.indrelid, c.oid), sum(pg_stat_get_xact_numscans(c.oid))::bigint
  FROM pg_class AS c
  LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'i')
 GROUP BY 1
HAVING sum(pg_stat_get_xact_numscans(c.oid)) > 0

-- name: what_they_are
-- Of these relations those that hold or show data, with names and kinds.
SELECT c.oid, n.nspname || '.' || c.relname, c.relkind::text
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY (%(relations)s::oid[]) AND c.oid <> %(view_id)s
   AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND c.relpersistence <> 't'
 ORDER BY c.oid

-- name: note_trace
-- What this refresh read.
INSERT INTO cqrs.refresh_traces (view, view_id, reads, names, fingerprint, complete)
VALUES (%(view)s, %(view_id)s, %(reads)s::oid[], %(names)s::text[], %(fingerprint)s,
        current_setting('track_counts')::boolean)
ON CONFLICT (view) DO UPDATE
   SET view_id = EXCLUDED.view_id, reads = EXCLUDED.reads, names = EXCLUDED.names,
       fingerprint = EXCLUDED.fingerprint, complete = EXCLUDED.complete,
       traced_at = EXCLUDED.traced_at
RETURNING complete

-- name: in_this_process
-- A parallel worker's reads are not seen here.
SET LOCAL max_parallel_workers_per_gather = 0

-- name: fingerprint
-- What a result hangs on beside the tables: the settings of the session and, where functions are
-- text, every function, type and name that there is, since nobody can tell which the text means.
SELECT md5(concat_ws('|',
    (SELECT string_agg(s.name || '=' || s.setting, ',' ORDER BY s.name) FROM pg_settings AS s
      WHERE s.name IN ('TimeZone', 'DateStyle', 'IntervalStyle', 'lc_monetary', 'lc_numeric', 'lc_time',
                       'extra_float_digits', 'bytea_output', 'xmlbinary', 'xmloption',
                       'default_text_search_config', 'search_path', 'server_version')),
    CASE WHEN %(text)s THEN concat_ws('|',
        (SELECT md5(string_agg(concat(p.oid, ' ', p.xmin), ',' ORDER BY p.oid))
           FROM pg_proc AS p WHERE p.oid >= 16384),
        (SELECT md5(string_agg(concat(t.oid, ' ', t.xmin), ',' ORDER BY t.oid))
           FROM pg_type AS t WHERE t.oid >= 16384 AND t.typtype <> 'c' AND t.typelem = 0),
        (SELECT md5(string_agg(concat(e.oid, ' ', e.xmin), ',' ORDER BY e.oid)) FROM pg_enum AS e),
        (SELECT md5(string_agg(concat(o.oid, ' ', o.xmin), ',' ORDER BY o.oid))
           FROM pg_operator AS o WHERE o.oid >= 16384),
        (SELECT md5(string_agg(concat(k.oid, ' ', k.xmin), ',' ORDER BY k.oid))
           FROM pg_cast AS k WHERE k.oid >= 16384),
        (SELECT md5(string_agg(concat(n.oid, ' ', n.nspname), ',' ORDER BY n.oid))
           FROM pg_namespace AS n WHERE n.nspname !~ '^pg_(toast_)?temp'),
        (SELECT md5(string_agg(concat(w.oid, ' ', w.xmin), ',' ORDER BY w.oid))
           FROM pg_rewrite AS w WHERE w.oid >= 16384),
        (SELECT md5(string_agg(concat(c.oid, ' ', c.relnamespace, ' ', c.relname, ' ', c.relrowsecurity,
                                      ' ', a.columns), ',' ORDER BY c.oid))
           FROM pg_class AS c
           LEFT JOIN (SELECT attrelid, string_agg(concat(attname, ' ', atttypid), ',' ORDER BY attnum)
                        FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
                       GROUP BY attrelid) AS a (relation, columns) ON a.relation = c.oid
          WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND c.relpersistence <> 't'),
        (SELECT md5(string_agg(concat(p.oid, ' ', p.xmin), ',' ORDER BY p.oid))
           FROM pg_policy AS p)) END))

-- name: relations
-- Everything that a view can be computed from, but for the server's own.
SELECT n.nspname || '.' || c.relname
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY 1

-- name: relations_named
-- What has this name, given with or without its schema, and what it is; those of schema query first.
SELECT n.nspname || '.' || c.relname,
       CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'table' END
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND %(name)s::text IN (c.relname, n.nspname || '.' || c.relname)
 ORDER BY c.relkind = 'm' DESC, n.nspname = 'query' DESC, 1
 LIMIT 1

-- name: limit
-- Time limits of this transaction, milliseconds.
SELECT set_config('lock_timeout', %(lock)s, true), set_config('statement_timeout', %(statement)s, true)

-- name: try_view
-- The right to refresh a view, if nobody has it. The pair of keys: "cqrf", and the view.
SELECT pg_try_advisory_xact_lock(1668379238, hashtext(%(view)s))

-- name: take_view
-- The same, after whoever has it.
SELECT pg_advisory_xact_lock(1668379238, hashtext(%(view)s))

-- name: state
-- What a view's last refresh held and how many seconds ago that was, how often it has been asked for,
-- up to where somebody waits for it, and whether it holds rows.
SELECT r.horizon, coalesce(q.requested, 0), coalesce(q.wanted, 0),
       extract(epoch FROM clock_timestamp() - r.refreshed_at)::float,
       (SELECT c.relispopulated
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname || '.' || c.relname = v.view)
  FROM (SELECT %(view)s::text AS view) AS v
  LEFT JOIN cqrs.refreshed AS r ON r.view = v.view
  LEFT JOIN cqrs.refresh_requests AS q ON q.view = v.view

-- name: sources
-- How far every subscription has come (its slowest partition), and since when it has not changed.
SELECT subscription, min(position), max(changed_position)
  FROM cqrs.subscriptions
 GROUP BY subscription

-- name: read_tables
-- Which subscription keeps which table, as the database has it: also of domains not loaded here.
SELECT DISTINCT subscription, read_table FROM cqrs.subscriptions WHERE read_table IS NOT NULL

-- name: horizons
-- How far every materialized view has come.
SELECT view, horizon FROM cqrs.refreshed

-- name: log_moved
-- Whether anything has happened between two positions of the log.
SELECT EXISTS (SELECT FROM cqrs.events WHERE position > %(after)s AND position <= %(upto)s)

-- name: refresh
-- Computes a view anew; its readers wait.
REFRESH MATERIALIZED VIEW {view}

-- name: refresh_concurrently
-- Computes a view anew and changes the rows that differ; its readers do not wait.
REFRESH MATERIALIZED VIEW CONCURRENTLY {view}

-- name: count_rows
-- How many rows a view has.
SELECT count(*) FROM {view}

-- name: note_refreshed
-- The view holds everything up to this position; the time is that of its last real refresh.
INSERT INTO cqrs.refreshed AS r (view, horizon, refreshed_at)
VALUES (%(view)s, %(horizon)s, clock_timestamp())
ON CONFLICT (view) DO UPDATE
   SET horizon = EXCLUDED.horizon,
       refreshed_at = CASE WHEN %(again)s THEN EXCLUDED.refreshed_at ELSE r.refreshed_at END

-- name: note_invalidation
-- Keeps tags, a JSON array, until the cache knows of them: answers that bear one are to go.
INSERT INTO cqrs.invalidations (subscription, tags, position)
SELECT %(subscription)s, ARRAY(SELECT json_array_elements_text(%(tags)s::json)), %(position)s

-- name: serve
-- The requests up to this one are answered; later ones wait once more. Somebody who waits still, for
-- a position that the view does not hold yet, is one of these, and waits no longer than he must.
UPDATE cqrs.refresh_requests AS r
   SET served = greatest(served, %(requested)s),
       requested = greatest(requested, CASE WHEN w.waits AND wanted > %(horizon)s THEN %(requested)s + 1 ELSE 0 END),
       due_at = clock_timestamp()
              + CASE WHEN w.waits AND wanted > %(horizon)s THEN 0 ELSE %(seconds)s END * interval '1 second'
  FROM (SELECT q.view, coalesce(q.waited_at > clock_timestamp() - interval '2 seconds', false) AS waits
          FROM cqrs.refresh_requests AS q WHERE q.view = %(view)s) AS w
 WHERE r.view = w.view AND served < %(requested)s

-- name: waits
-- Up to where somebody waits for a view at this moment; no row if nobody does.
SELECT wanted FROM cqrs.refresh_requests AS r
 WHERE view = %(view)s AND waited_at > clock_timestamp() - interval '2 seconds'
   AND wanted > coalesce((SELECT horizon FROM cqrs.refreshed AS f WHERE f.view = r.view), -1)

-- name: note_outcome
-- One line of the history.
INSERT INTO cqrs.refreshes
    (view, outcome, reason, horizon, rows, concurrent, started_at, duration)
VALUES (%(view)s, %(outcome)s, %(reason)s, %(horizon)s, %(rows)s, %(concurrent)s,
        %(started_at)s, %(seconds)s * interval '1 second')

-- name: request
-- Asks for views to be refreshed when their time comes; one that is asked for already keeps its own.
INSERT INTO cqrs.refresh_requests AS r (view, due_at)
SELECT view, clock_timestamp() + seconds * interval '1 second'
  FROM unnest(%(views)s::text[], %(seconds)s::float[]) AS n (view, seconds)
 ORDER BY view
ON CONFLICT (view) DO UPDATE
   SET requested = r.requested + 1,
       due_at = CASE WHEN r.requested = r.served THEN EXCLUDED.due_at
                     ELSE least(r.due_at, EXCLUDED.due_at) END

-- name: ask_for
-- Asks for one view to be refreshed now, until it holds a position; whether that is to be done.
SELECT cqrs.ask_for_refresh(%(view)s, %(upto)s)

-- name: reschedule
-- Looks at a view again later, if it is asked for still.
UPDATE cqrs.refresh_requests
   SET due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE view = %(view)s AND requested > served

-- name: due
-- Views that are asked for and whose time has come, or one of them. A tenth of a second is let go,
-- for clocks that differ.
SELECT view FROM cqrs.refresh_requests
 WHERE requested > served AND due_at <= clock_timestamp() + interval '0.1 seconds'
   AND view = coalesce(%(view)s, view)
 ORDER BY view

-- name: request_by_the_clock
-- Asks for those views whose own period has passed since their last refresh, and that nobody has
-- asked for yet.
INSERT INTO cqrs.refresh_requests AS r (view, due_at)
SELECT n.view, clock_timestamp()
  FROM unnest(%(views)s::text[], %(seconds)s::float[]) AS n (view, seconds)
  LEFT JOIN cqrs.refreshed AS f ON f.view = n.view
 WHERE f.view IS NULL OR f.refreshed_at + n.seconds * interval '1 second' <= clock_timestamp()
 ORDER BY n.view
ON CONFLICT (view) DO UPDATE
   SET requested = r.requested + 1, due_at = EXCLUDED.due_at
 WHERE r.requested = r.served

-- name: asked
-- Whether a view is asked for.
SELECT FROM cqrs.refresh_requests WHERE view = %(view)s AND requested > served

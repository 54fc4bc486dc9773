-- name: materialized_views
-- Materialized views of schema query, with the tables and materialized views that each reads, through
-- plain views too, and with those; whether it holds rows, and whether a key allows a refresh while
-- it is read.
WITH RECURSIVE reads AS (
    SELECT c.oid AS view, c.oid AS through
      FROM pg_class AS c
     WHERE c.relkind = 'm' AND c.relnamespace = 'query'::regnamespace
    UNION
    SELECT r.view, d.refobjid
      FROM reads AS r
      JOIN pg_class AS t ON t.oid = r.through AND (t.relkind = 'v' OR t.oid = r.view)
      JOIN pg_rewrite AS w ON w.ev_class = t.oid
      JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                         AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> t.oid
)
SELECT n.nspname || '.' || v.relname AS name,
       coalesce(array_agg(m.nspname || '.' || t.relname)
                FILTER (WHERE t.relkind IN ('r', 'p', 'f')), '{}') AS tables,
       coalesce(array_agg(m.nspname || '.' || t.relname)
                FILTER (WHERE t.relkind = 'm' AND t.oid <> v.oid), '{}') AS views,
       coalesce(array_agg(m.nspname || '.' || t.relname)
                FILTER (WHERE t.relkind = 'v'), '{}') AS through,
       v.relispopulated AS populated,
       EXISTS (SELECT FROM pg_index AS i
                WHERE i.indrelid = v.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                  AND i.indpred IS NULL AND 0 <> ALL (i.indkey::int2[])) AS has_key
  FROM reads AS r
  JOIN pg_class AS v ON v.oid = r.view
  JOIN pg_namespace AS n ON n.oid = v.relnamespace
  JOIN pg_class AS t ON t.oid = r.through
  JOIN pg_namespace AS m ON m.oid = t.relnamespace
 GROUP BY v.oid, n.nspname
 ORDER BY 1

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
-- What a view's last refresh held, how often it has been asked for, and whether it holds rows.
SELECT r.horizon, coalesce(q.requested, 0),
       (SELECT c.relispopulated
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname || '.' || c.relname = v.view)
  FROM (SELECT %(view)s::text AS view) AS v
  LEFT JOIN cqrs.refreshed AS r ON r.view = v.view
  LEFT JOIN cqrs.refresh_requests AS q ON q.view = v.view

-- name: sources
-- How far what a view reads has come (its slowest partition), and since when it has not changed.
SELECT subscription, min(position), max(changed_position)
  FROM cqrs.subscriptions
 WHERE subscription = ANY (%(names)s::text[])
 GROUP BY subscription

-- name: horizons
-- How far the materialized views that a view reads have come.
SELECT view, horizon FROM cqrs.refreshed WHERE view = ANY (%(views)s::text[])

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
-- The requests up to this one are answered; later ones wait once more.
UPDATE cqrs.refresh_requests
   SET served = greatest(served, %(requested)s),
       due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE view = %(view)s AND served < %(requested)s
RETURNING requested > served

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
-- Asks for one view to be refreshed now, as whoever waits for it may.
SELECT cqrs.ask_for_refresh(%(view)s)

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

-- name: asked
-- Whether a view is asked for.
SELECT FROM cqrs.refresh_requests WHERE view = %(view)s AND requested > served

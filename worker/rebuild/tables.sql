-- name: behind
-- The table behind a plain view: the only one that it reads.
SELECT c.relname
  FROM pg_rewrite AS w
  JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                     AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
  JOIN pg_class AS c ON c.oid = d.refobjid
 WHERE w.ev_class = to_regclass(%(view)s) AND w.rulename = '_RETURN'
 GROUP BY c.oid, c.relname

-- name: versions
-- The highest version of a read model's tables.
SELECT coalesce(max(substring(c.relname FROM '_v(\d+)$')::int), 0)
  FROM pg_class AS c
 WHERE c.relnamespace = to_regnamespace(%(schema)s)
   AND starts_with(c.relname, %(name)s || '_v')
   AND substr(c.relname, length(%(name)s) + 3) ~ '^\d{1,9}$'

-- name: exists
-- Whether there is such a table.
SELECT to_regclass(%(table)s) IS NOT NULL

-- name: options
-- The storage parameters of a table.
SELECT unnest(c.reloptions) FROM pg_class AS c WHERE c.oid = to_regclass(%(table)s)

-- name: lock_key
-- One at a time gives a table its key. The pair of keys: "cqrk", and the table.
SELECT pg_advisory_xact_lock(1668379243, hashtext(%(table)s))

-- name: has_key
-- Whether a table has a primary key.
SELECT FROM pg_index WHERE indrelid = to_regclass(%(table)s) AND indisprimary

-- name: indexes
-- A table's indexes: the name, whether it is unique, and what its definition says after the names.
SELECT c.relname, i.indisunique, substring(pg_get_indexdef(i.indexrelid) FROM ' (USING .*)$')
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
 WHERE i.indrelid = to_regclass(%(table)s) AND i.indisvalid

-- name: columns
-- The columns of a table or view, in order, with their types.
SELECT a.attname, format_type(a.atttypid, a.atttypmod)
  FROM pg_attribute AS a
 WHERE a.attrelid = to_regclass(%(relation)s) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

-- name: dependants
-- A view and those that are built on it, lowest first, each with the statements that drop it and
-- that make it again, in another schema if one is named: its definition and indexes; and where it
-- is made. Names that the search path tells are not qualified: `tells` says whether it tells this one.
WITH RECURSIVE above (oid, depth) AS (
    SELECT to_regclass(%(view)s)::oid, 0
    UNION
    SELECT w.ev_class, a.depth + 1
      FROM above AS a
      JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.oid
                         AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite AS w ON w.oid = d.objid AND w.ev_class <> a.oid
                          AND w.rulename = '_RETURN'
), found AS (
    SELECT c.oid, format('%%I.%%I', n.nspname, c.relname) AS name, n.nspname AS schema, c.relname,
           format('%%I.%%I', coalesce(%(stage)s, n.nspname), c.relname) AS target,
           n.nspname || '.' || c.relname AS plain, max(a.depth) AS depth,
           CASE WHEN c.relispopulated THEN '' ELSE ' WITH NO DATA' END AS empty,
           CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind,
           CASE WHEN c.reloptions IS NULL THEN ''
                ELSE ' WITH (' || array_to_string(c.reloptions, ', ') || ')' END AS options
      FROM above AS a JOIN pg_class AS c ON c.oid = a.oid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     GROUP BY c.oid, n.nspname
)
SELECT f.depth, f.name, f.plain, f.kind, pg_table_is_visible(f.oid) AS tells,
       format('DROP %%s %%s', f.kind, f.name),
       format('ALTER %%s %%s SET SCHEMA %%I', f.kind, f.target, f.schema),
       format('CREATE %%s %%s%%s AS %%s%%s', f.kind, f.target, f.options,
              rtrim(pg_get_viewdef(f.oid), ';'), f.empty),
       ARRAY(SELECT format('CREATE %%s %%I ON %%s %%s',
                           CASE WHEN i.indisunique THEN 'UNIQUE INDEX' ELSE 'INDEX' END, c.relname,
                           f.target, substring(pg_get_indexdef(i.indexrelid) FROM ' (USING .*)$'))
               FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
              WHERE i.indrelid = f.oid), f.target, f.relname
  FROM found AS f
 ORDER BY f.depth, f.name

-- name: schemas_above
-- The schemas of a view and of those that are built on it, that of the view first.
WITH RECURSIVE above (oid) AS (
    SELECT to_regclass(%(view)s)::oid
    UNION
    SELECT w.ev_class
      FROM above AS a
      JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.oid
                         AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite AS w ON w.oid = d.objid AND w.ev_class <> a.oid
                          AND w.rulename = '_RETURN'
)
SELECT quote_ident(n.nspname)
  FROM above AS a JOIN pg_class AS c ON c.oid = a.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 GROUP BY n.nspname
 ORDER BY bool_or(a.oid = to_regclass(%(view)s)) DESC, n.nspname

-- name: set_search_path
-- Where names are looked for, until the end of the transaction.
SELECT set_config('search_path', %(schemas)s, true)

-- name: try_views
-- The right to refresh some views, if nobody has it: the lock of refresh/queries.sql, but for the
-- session. Those that were to be had.
SELECT view FROM unnest(%(views)s::text[]) AS view
 WHERE pg_try_advisory_lock(1668379238, hashtext(view))

-- name: free_views
-- Gives it back.
SELECT pg_advisory_unlock(1668379238, hashtext(view)) FROM unnest(%(views)s::text[]) AS view

-- name: is_analyzed
-- Whether a table has been analyzed; an empty one never has.
SELECT FROM pg_stats WHERE schemaname = %(schema)s AND tablename = %(name)s

-- name: one_at_a_time
-- A statement that waits for those which were sent before for the same table. The pair of keys:
-- "cqrk", and the table. Braces are filled in.
SELECT pg_advisory_xact_lock(1668379243, hashtext({table})); {statement}

-- name: cancel_detached
-- Stops statements for a table that nobody waits for any more.
SELECT pg_cancel_backend(pid) FROM pg_locks
 WHERE locktype = 'advisory' AND classid = 1668379243 AND objsubid = 2
   AND objid = (hashtext(%(table)s)::bigint & 4294967295)::oid
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid <> pg_backend_pid()

-- name: cuts
-- Keys that cut the rows behind a key into ranges of about so many rows. A table that was never
-- analyzed is taken to have rows of a hundred bytes. Braces are filled in.
WITH size AS (
    SELECT CASE WHEN reltuples > 0 THEN reltuples ELSE pg_relation_size(oid) / 100 END AS rows
      FROM pg_class WHERE oid = to_regclass(%(table)s)
), found AS (
    SELECT {key} AS key, ntile((SELECT greatest(1, ceil(rows / %(rows)s))::int FROM size))
           OVER (ORDER BY {key}) AS number
      FROM {table} TABLESAMPLE SYSTEM ((SELECT least(100, 100000.0 / %(rows)s) FROM size))
     WHERE {within}
)
SELECT DISTINCT ON (number) key::text FROM found ORDER BY number, key DESC

-- name: take_over
-- Rows of the live table, as they are. Braces are filled in.
INSERT INTO {shadow} ({columns}) SELECT {columns} FROM {live} WHERE {within}

-- name: drop_marked
-- Rows that are to be folded anew. Braces are filled in.
DELETE FROM {shadow} AS s USING cqrs.rebuild_keys AS k
 WHERE k.rebuild_id = %(rebuild_id)s AND s.{key} = k.key::{kind}

-- name: compare
-- Rows that two tables do not agree on: how many, and the first of them. Braces are filled in.
WITH differing AS MATERIALIZED (
    SELECT coalesce(l.{key}, s.{key})::text AS key,
           CASE WHEN l.{key} IS NOT NULL THEN to_jsonb(l) END AS live,
           CASE WHEN s.{key} IS NOT NULL THEN to_jsonb(s) END AS shadow
      FROM (SELECT * FROM {live} WHERE {within}) AS l
      FULL JOIN (SELECT * FROM {shadow} WHERE {within}) AS s ON l.{key} = s.{key}
     WHERE l.{key} IS NULL OR s.{key} IS NULL OR {live_values} IS DISTINCT FROM {shadow_values}
)
SELECT (SELECT count(*) FROM differing), key, live, shadow
  FROM differing
 ORDER BY key
 LIMIT {shown}

-- name: some_keys
-- Keys of about so many rows of a table, from all over it. Braces are filled in.
SELECT {key}::text FROM {table} TABLESAMPLE BERNOULLI (
       (SELECT least(100, 110.0 * %(count)s / greatest(c.reltuples, 1))
          FROM pg_class AS c WHERE c.oid = to_regclass(%(table)s)))
 LIMIT %(count)s

-- name: copy_of_rows
-- The rows of some keys, in a table of the session. Braces are filled in.
CREATE TEMP TABLE {copy} AS
SELECT * FROM {table}
 WHERE {key} = ANY (ARRAY(SELECT k.key::{kind}
                            FROM json_array_elements_text({keys}::json) AS k (key)))

-- name: like
-- A table of the session with the same columns. Braces are filled in.
CREATE TEMP TABLE {copy} (LIKE {table})

-- name: count_rows
-- How many rows a table has. Braces are filled in.
SELECT count(*) FROM {table} WHERE {within}

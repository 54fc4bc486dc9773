-- name: completed_versions
-- Every version that is completed; what is being rolled back counts until that is done.
SELECT DISTINCT version FROM cqrs.changesets
 WHERE (status = 'completed' OR undoing) AND version IS NOT NULL

-- name: contents
-- Everything that lies in some schemas. Operators go by no name that a plan could show.
SELECT o.schema, o.kind, o.name
  FROM cqrs.catalogue_objects AS o
 WHERE o.schema = ANY (%(schemas)s::text[]) AND o.kind <> 'operator'
 ORDER BY o.schema, o.name

-- name: views
-- Which of some relations are views that PostgreSQL writes through, and their queries.
SELECT v.name, pg_get_viewdef(c.oid)
  FROM unnest(%(names)s::text[]) AS v (name)
  JOIN pg_class AS c ON c.oid = to_regclass(v.name) AND c.relkind = 'v'
 WHERE pg_relation_is_updatable(c.oid, false) <> 0

-- name: passed_on
-- Tables that foreign keys pass a delete, update or truncate on to, at any distance, the first ones
-- included. An update is passed on if it touches a column that is referenced.
WITH RECURSIVE passed AS (
    SELECT d.at, d.verb, to_regclass(d.name)::oid AS relid,
           ARRAY(SELECT a.attnum FROM pg_attribute AS a
                  WHERE a.attrelid = to_regclass(d.name)
                    AND a.attname IN (SELECT jsonb_array_elements_text(d.columns))) AS columns
      FROM jsonb_to_recordset(%(row_effects)s) AS d (at int, name text, verb text, columns jsonb)
    UNION
    SELECT p.at, CASE WHEN p.verb = 'truncate' THEN 'truncate'
                      WHEN p.verb = 'delete' AND k.confdeltype = 'c' THEN 'delete'
                      ELSE 'update' END,
           k.conrelid, k.conkey
      FROM passed AS p
      JOIN pg_constraint AS k ON k.contype = 'f' AND k.confrelid = p.relid
     WHERE p.verb = 'truncate'
        OR (p.verb = 'delete' AND k.confdeltype IN ('c', 'n', 'd'))
        OR (p.verb = 'update' AND k.confupdtype IN ('c', 'n', 'd') AND k.confkey && p.columns)
)
SELECT DISTINCT p.at, n.nspname, c.relname
  FROM passed AS p
  JOIN pg_class AS c ON c.oid = p.relid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 ORDER BY p.at, n.nspname, c.relname

-- name: partitioned
-- Which of some tables and indexes are partitioned, and their partitions.
SELECT p.name, ARRAY(SELECT t.relid::regclass::text FROM pg_partition_tree(c.oid) AS t WHERE t.isleaf)
  FROM unnest(%(names)s::text[]) AS p (name)
  JOIN pg_class AS c ON c.oid = to_regclass(p.name) AND c.relkind IN ('p', 'I')

-- name: has_columns_of
-- Which of some relations have a column of an enum, or of an array or domain over it.
WITH RECURSIVE types AS (
    SELECT to_regtype(%(type)s)::oid AS typ
    UNION
    SELECT t.oid FROM types AS k JOIN pg_type AS t ON k.typ IN (t.typelem, t.typbasetype)
)
SELECT r.name
  FROM unnest(%(names)s::text[]) AS r (name)
 WHERE EXISTS (SELECT FROM pg_attribute AS a
                WHERE a.attrelid = to_regclass(r.name) AND a.atttypid IN (SELECT k.typ FROM types AS k))

-- name: functions
-- Definitions of some functions and procedures, every overload, in the languages that can be read.
SELECT n.nspname, p.proname, pg_get_functiondef(p.oid)
  FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS w (schema, name)
  JOIN pg_namespace AS n ON n.nspname = w.schema
  JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = w.name AND p.prokind IN ('f', 'p')
  JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql')

-- name: columns_of_view
-- The columns of a view, in order; none if there is no such view.
SELECT a.attname
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind = 'v'
 WHERE a.attrelid = to_regclass(%(view)s) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

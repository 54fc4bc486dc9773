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

-- name: taken
-- Which of some names are taken, by what kind of object, and the table that this belongs to, if any.
WITH wanted AS (
    SELECT w.at, w.space, n.oid AS namespace, w.name, w.part,
           CASE WHEN w.name <> '' THEN to_regclass(format('%%I.%%I', w.schema, w.name)) END AS relation,
           CASE WHEN w.name <> '' THEN to_regtype(format('%%I.%%I', w.schema, w.name)) END AS type,
           ARRAY(SELECT coalesce(to_regtype(nullif(t.type, ''))::oid, 0)
                   FROM jsonb_array_elements_text(w.types) WITH ORDINALITY AS t (type, n) ORDER BY t.n) AS types
      FROM jsonb_to_recordset(%(names)s) AS w (at int, space text, schema text, name text, part text, types jsonb)
      JOIN pg_namespace AS n ON n.nspname = w.schema
), taken AS (
    SELECT w.at,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                          WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'f' THEN 'foreign table'
                          WHEN 'c' THEN 'type' ELSE 'table' END AS kind,
           coalesce((SELECT x.indrelid FROM pg_index AS x WHERE x.indexrelid = c.oid),
                    (SELECT d.refobjid FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S'
                        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))) AS owner
      FROM wanted AS w JOIN pg_class AS c ON c.relnamespace = w.namespace AND c.relname = w.name
     WHERE w.space = 'relation'
    UNION ALL
    SELECT w.at, 'type', nullif(t.typrelid, 0)
      FROM wanted AS w JOIN pg_type AS t ON t.typnamespace = w.namespace AND t.typname = w.name
     WHERE w.space = 'type' AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.typarray = t.oid)
    UNION ALL
    SELECT w.at, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, NULL
      FROM wanted AS w JOIN pg_proc AS p ON p.pronamespace = w.namespace AND p.proname = w.name
     WHERE w.space = 'function' AND string_to_array(p.proargtypes::text, ' ')::oid[] = w.types
    UNION ALL
    SELECT w.at, 'operator', NULL
      FROM wanted AS w JOIN pg_operator AS o ON o.oprnamespace = w.namespace AND o.oprname = w.name
     WHERE w.space = 'operator' AND ARRAY[o.oprleft, o.oprright] = w.types AND o.oprcode <> 0
    UNION ALL
    SELECT w.at, 'schema', NULL FROM wanted AS w WHERE w.space = 'schema'
    UNION ALL
    SELECT w.at, 'statistics', s.stxrelid
      FROM wanted AS w JOIN pg_statistic_ext AS s ON s.stxnamespace = w.namespace AND s.stxname = w.name
     WHERE w.space = 'statistics'
    UNION ALL
    SELECT w.at, 'collation', NULL
      FROM wanted AS w JOIN pg_collation AS c ON c.collnamespace = w.namespace AND c.collname = w.name
     WHERE w.space = 'collation'
    UNION ALL
    SELECT w.at, 'configuration', NULL
      FROM wanted AS w JOIN pg_ts_config AS c ON c.cfgnamespace = w.namespace AND c.cfgname = w.name
     WHERE w.space = 'tsconfiguration'
    UNION ALL
    SELECT w.at, 'dictionary', NULL
      FROM wanted AS w JOIN pg_ts_dict AS d ON d.dictnamespace = w.namespace AND d.dictname = w.name
     WHERE w.space = 'tsdictionary'
    UNION ALL
    SELECT w.at, 'trigger', NULL FROM wanted AS w JOIN pg_trigger AS t ON t.tgrelid = w.relation AND t.tgname = w.part
     WHERE w.space = 'trigger'
    UNION ALL
    SELECT w.at, 'policy', NULL FROM wanted AS w JOIN pg_policy AS p ON p.polrelid = w.relation AND p.polname = w.part
     WHERE w.space = 'policy'
    UNION ALL
    SELECT w.at, 'rule', NULL FROM wanted AS w JOIN pg_rewrite AS r ON r.ev_class = w.relation AND r.rulename = w.part
     WHERE w.space = 'rule'
    UNION ALL
    SELECT w.at, 'constraint', NULL
      FROM wanted AS w JOIN pg_constraint AS c ON c.conrelid = w.relation AND c.conname = w.part
     WHERE w.space = 'constraint'
    UNION ALL
    SELECT w.at, 'column', NULL
      FROM wanted AS w JOIN pg_attribute AS a ON a.attrelid = w.relation AND a.attname = w.part AND NOT a.attisdropped
     WHERE w.space = 'column'
    UNION ALL
    SELECT w.at, 'label', NULL FROM wanted AS w JOIN pg_enum AS e ON e.enumtypid = w.type AND e.enumlabel = w.part
     WHERE w.space = 'label'
)
SELECT t.at, t.kind, n.nspname, c.relname
  FROM taken AS t
  LEFT JOIN pg_class AS c ON c.oid = t.owner
  LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace

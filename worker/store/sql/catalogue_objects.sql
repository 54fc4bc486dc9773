-- Every object that has a schema and a name of its own, as the dependency analysis shows it.
-- Row types, array types, indexes and owned sequences are no objects here: they are parts of one
-- (cqrs.catalogue_parts).
CREATE VIEW cqrs.catalogue_objects AS
SELECT 'pg_class'::regclass::oid AS class, c.oid AS object, n.nspname::text AS schema,
       format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name,
       CASE c.relkind
           WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
           WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'table'
       END AS kind
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
UNION ALL
SELECT 'pg_proc'::regclass, p.oid, n.nspname,
       format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))
           COLLATE "C",
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
UNION ALL
SELECT 'pg_type'::regclass, t.oid, n.nspname,
       format('%I.%I', n.nspname, t.typname) COLLATE "C",
       CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END
  FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
 WHERE t.typrelid = 0 AND t.typcategory <> 'A'
UNION ALL
SELECT 'pg_operator'::regclass, o.oid, n.nspname,
       format('%I.%s(%s,%s)', n.nspname, o.oprname, format_type(nullif(o.oprleft, 0), NULL),
              format_type(nullif(o.oprright, 0), NULL)) COLLATE "C",
       'operator'
  FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace;
COMMENT ON VIEW cqrs.catalogue_objects IS
    'Tables, views, functions, types and operators with their qualified, quoted names.';

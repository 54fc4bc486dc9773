-- Who is built on whom, one step at a time, from pg_depend and pg_inherits: the dependant needs the
-- object. `turn` is 1 from a parent to its partition or child table (definitions go down), -1 from
-- child to parent (rows go up), else 0. A link that `is_last` ties its own object alone: a column's
-- default calls a function, but what reads the table is not computed from it.
-- PostgreSQL records no dependencies of function bodies that are strings, of SQL run by EXECUTE,
-- and on its own system objects.
CREATE VIEW cqrs.dependency_edges AS
WITH ties AS (
    SELECT coalesce(r.owner_class, d.refclassid) AS class, coalesce(r.owner, d.refobjid) AS object,
           coalesce(p.owner_class, d.classid) AS dependant_class,
           coalesce(p.owner, d.objid) AS dependant,
           coalesce(p.link, CASE WHEN d.classid = 'pg_proc'::regclass THEN 'function'
                                 ELSE 'type' END) AS link
      FROM pg_depend AS d
      LEFT JOIN cqrs.catalogue_parts AS p ON p.class = d.classid AND p.part = d.objid
      LEFT JOIN cqrs.catalogue_parts AS r ON r.class = d.refclassid AND r.part = d.refobjid
     WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S')
), family AS (
    SELECT i.inhparent AS parent, i.inhrelid AS child,
           CASE WHEN c.relispartition THEN 'partition' ELSE 'inheritance' END AS link
      FROM pg_inherits AS i
      JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
), steps AS (
    SELECT t.*, 0 AS turn
      FROM ties AS t
     WHERE (t.class, t.object) <> (t.dependant_class, t.dependant)
       AND NOT EXISTS (SELECT FROM family AS f WHERE f.parent = t.object AND f.child = t.dependant)
    UNION ALL
    SELECT 'pg_class'::regclass, f.parent, 'pg_class'::regclass, f.child, f.link, 1 FROM family AS f
    UNION ALL
    SELECT 'pg_class'::regclass, f.child, 'pg_class'::regclass, f.parent, 'parent', -1
      FROM family AS f
)
SELECT DISTINCT o.schema, o.name, o.kind, d.schema AS dependant_schema, d.name AS dependant,
       d.kind AS dependant_kind, s.link, s.turn,
       s.link IN ('default', 'constraint', 'trigger', 'policy', 'index', 'statistics') AS is_last
  FROM steps AS s
  JOIN cqrs.catalogue_objects AS o ON o.class = s.class AND o.object = s.object
  JOIN cqrs.catalogue_objects AS d ON d.class = s.dependant_class AND d.object = s.dependant;
COMMENT ON VIEW cqrs.dependency_edges IS
    'Who is built on whom, one step at a time: the dependant needs the object named first.';

-- Catalogue rows that are parts of an object: what depends on a view's rule depends on the view.
-- `link` says in what way the owner is tied to whatever the part refers to.
CREATE VIEW cqrs.catalogue_parts AS
SELECT 'pg_rewrite'::regclass::oid AS class, r.oid AS part, 'pg_class'::regclass::oid AS owner_class,
       r.ev_class AS owner,
       CASE WHEN r.rulename <> '_RETURN' THEN 'rule' WHEN c.relkind = 'm' THEN 'materialized view'
            ELSE 'view' END AS link
  FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid,
       CASE WHEN k.conrelid <> 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END,
       CASE WHEN k.conrelid <> 0 THEN k.conrelid ELSE k.contypid END,
       CASE k.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END
  FROM pg_constraint AS k
UNION ALL
SELECT 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid,
       CASE a.attgenerated WHEN '' THEN 'default' ELSE 'generated column' END
  FROM pg_attrdef AS d JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
UNION ALL
SELECT 'pg_trigger'::regclass, t.oid, 'pg_class'::regclass, t.tgrelid, 'trigger'
  FROM pg_trigger AS t WHERE NOT t.tgisinternal  -- those of foreign keys point backwards
UNION ALL
SELECT 'pg_policy'::regclass, p.oid, 'pg_class'::regclass, p.polrelid, 'policy'
  FROM pg_policy AS p
UNION ALL
SELECT 'pg_class'::regclass, i.indexrelid, 'pg_class'::regclass, i.indrelid, 'index'
  FROM pg_index AS i
UNION ALL
SELECT 'pg_statistic_ext'::regclass, s.oid, 'pg_class'::regclass, s.stxrelid, 'statistics'
  FROM pg_statistic_ext AS s
UNION ALL
SELECT 'pg_class'::regclass, c.oid, 'pg_class'::regclass, d.refobjid, 'sequence'
  FROM pg_class AS c
  JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
                     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
                     AND d.deptype IN ('a', 'i')
 WHERE c.relkind = 'S'
UNION ALL
SELECT 'pg_type'::regclass, t.oid, 'pg_class'::regclass, t.typrelid, 'type'
  FROM pg_type AS t WHERE t.typrelid <> 0
UNION ALL
SELECT 'pg_type'::regclass, t.oid,
       CASE WHEN e.typrelid <> 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END,
       CASE WHEN e.typrelid <> 0 THEN e.typrelid ELSE e.oid END, 'type'
  FROM pg_type AS t JOIN pg_type AS e ON e.oid = t.typelem WHERE t.typcategory = 'A';
COMMENT ON VIEW cqrs.catalogue_parts IS
    'Rules, constraints, defaults, triggers, indexes and row types, each with the object it is of.';

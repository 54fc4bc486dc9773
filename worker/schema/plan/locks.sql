-- Relations that are locked with others. `at` is the place, from 0, of the root in the list of names.

-- name: children
-- Partitions and child tables of some tables, at any depth.
WITH RECURSIVE family AS (
    SELECT t.at - 1 AS at, to_regclass(t.name)::oid AS root, to_regclass(t.name)::oid AS relid
      FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
    UNION
    SELECT f.at, f.root, i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.relid
)
SELECT f.at, n.nspname, c.relname
  FROM family AS f
  JOIN pg_class AS c ON c.oid = f.relid AND c.relkind IN ('r', 'p', 'f')
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE f.relid <> f.root

-- name: indexed_tables
-- The tables that some indexes belong to; of a partitioned index, those of all its parts.
SELECT i.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS i (name, at)
  JOIN pg_index AS x
    ON x.indexrelid = to_regclass(i.name)
    OR x.indexrelid IN (SELECT t.relid FROM pg_partition_tree(to_regclass(i.name)) AS t)
  JOIN pg_class AS c ON c.oid = x.indrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: referenced
-- What the foreign keys of some tables, or of one column of each, point at.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[], %(parts)s::text[]) WITH ORDINALITY AS t (name, part, at)
  LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(t.name) AND a.attname = t.part
  JOIN pg_constraint AS k
    ON k.contype = 'f' AND k.conrelid = to_regclass(t.name)
   AND (t.part IS NULL OR a.attnum = ANY (k.conkey))
  JOIN pg_class AS c ON c.oid = k.confrelid AND c.oid <> k.conrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: own_referenced
-- The same for tables as a whole, without the keys that partitions have from their parents.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
  JOIN pg_constraint AS k
    ON k.contype = 'f' AND k.conrelid = to_regclass(t.name) AND k.conparentid = 0
  JOIN pg_class AS c ON c.oid = k.confrelid AND c.oid <> k.conrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: referencing
-- Tables whose foreign keys point at some tables, or at one column of each.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[], %(parts)s::text[]) WITH ORDINALITY AS t (name, part, at)
  LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(t.name) AND a.attname = t.part
  JOIN pg_constraint AS k
    ON k.contype = 'f' AND k.confrelid = to_regclass(t.name)
   AND (t.part IS NULL OR a.attnum = ANY (k.confkey))
  JOIN pg_class AS c ON c.oid = k.conrelid AND c.oid <> k.confrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: sequences
-- The sequences that some tables, or one column of each, own.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[], %(parts)s::text[]) WITH ORDINALITY AS t (name, part, at)
  LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(t.name) AND a.attname = t.part
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
   AND d.refobjid = to_regclass(t.name) AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
   AND (t.part IS NULL OR a.attnum = d.refobjsubid)
  JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: identity
-- The sequences of some identity columns.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[], %(parts)s::text[]) WITH ORDINALITY AS t (name, part, at)
  JOIN pg_attribute AS a ON a.attrelid = to_regclass(t.name) AND a.attname = t.part
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
   AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype = 'i'
  JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: tables_of_statistics
-- The tables that some extended statistics are of.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
  JOIN (pg_statistic_ext AS s JOIN pg_namespace AS o ON o.oid = s.stxnamespace)
    ON format('%%I.%%I', o.nspname, s.stxname) = t.name
  JOIN pg_class AS c ON c.oid = s.stxrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: sisters
-- The roots of some partitions that foreign keys point at as parts of the whole.
SELECT DISTINCT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
  JOIN pg_constraint AS k ON k.contype = 'f' AND k.confrelid = to_regclass(t.name)
  JOIN pg_class AS c ON c.oid = pg_partition_root(k.confrelid) AND c.oid <> k.confrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: foreign_keys_of_constraints
-- The other ends of some foreign keys, and of those that rest on some primary keys or uniques.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[], %(parts)s::text[]) WITH ORDINALITY AS t (name, part, at)
  JOIN pg_constraint AS o ON o.conrelid = to_regclass(t.name) AND o.conname = t.part
  JOIN pg_constraint AS k
    ON k.contype = 'f'
   AND (k.oid = o.oid OR k.conindid = o.conindid AND k.confrelid = o.conrelid)
  JOIN pg_class AS c ON c.oid IN (k.conrelid, k.confrelid) AND c.oid <> o.conrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: default_partitions
-- The default partitions of some tables.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
  JOIN pg_partitioned_table AS p ON p.partrelid = to_regclass(t.name)
  JOIN pg_class AS c ON c.oid = p.partdefid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: parents
-- What some partitions are of, and its default partition.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
  JOIN pg_inherits AS i ON i.inhrelid = to_regclass(t.name)
  JOIN pg_partitioned_table AS p ON p.partrelid = i.inhparent
  JOIN pg_class AS c ON c.oid IN (p.partrelid, p.partdefid)
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: typed_tables
-- Tables of some composite types.
SELECT t.at - 1, n.nspname, c.relname
  FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
  JOIN pg_class AS c ON c.reloftype = to_regtype(t.name)
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: tables_of_domains
-- Tables and materialized views with a column of some domains, or of domains over them.
WITH RECURSIVE types AS (
    SELECT t.at - 1 AS at, to_regtype(t.name)::oid AS typ
      FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
    UNION
    SELECT k.at, d.oid FROM types AS k JOIN pg_type AS d ON d.typbasetype = k.typ
)
SELECT DISTINCT k.at, n.nspname, c.relname
  FROM types AS k
  JOIN pg_attribute AS a ON a.atttypid = k.typ AND NOT a.attisdropped
  JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm')
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: viewed
-- What some views are made of, through other views, down to the tables.
WITH RECURSIVE seen AS (
    SELECT t.at - 1 AS at, to_regclass(t.name)::oid AS root, to_regclass(t.name)::oid AS relid
      FROM unnest(%(names)s::text[]) WITH ORDINALITY AS t (name, at)
    UNION
    SELECT s.at, s.root, d.refobjid
      FROM seen AS s
      JOIN pg_class AS v ON v.oid = s.relid AND v.relkind = 'v'
      JOIN pg_rewrite AS r ON r.ev_class = s.relid AND r.rulename = '_RETURN'
      JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                         AND d.refclassid = 'pg_class'::regclass
)
SELECT s.at, n.nspname, c.relname
  FROM seen AS s
  JOIN pg_class AS c ON c.oid = s.relid AND c.relkind IN ('r', 'p', 'v')
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE s.relid <> s.root

-- name: existing
-- Which of some names are relations; a composite type is one that nobody reads or writes.
SELECT r.name FROM unnest(%(names)s::text[]) AS r (name)
  JOIN pg_class AS c ON c.oid = to_regclass(r.name) AND c.relkind <> 'c'

-- name: plain_tables
-- Which of some names are tables, and can be locked by name.
SELECT t.name FROM unnest(%(names)s::text[]) AS t (name)
  JOIN pg_class AS c ON c.oid = to_regclass(t.name) AND c.relkind IN ('r', 'p')
 ORDER BY t.name

-- name: identities
-- What the catalogue calls these objects; a function is named without its arguments.
SELECT w.schema, w.name, o.name, o.kind
  FROM unnest(%(schemas)s::text[], %(names)s::text[], %(quoted)s::text[]) AS w (schema, name, quoted)
  JOIN cqrs.catalogue_objects AS o
    ON o.schema = w.schema AND (o.name = w.quoted OR starts_with(o.name, w.quoted || '('))

-- name: dependants
-- Everything that depends on some objects of one schema, with the path to each.
SELECT p.root, p.name, p.schema, p.kind, p.path, p.links
  FROM cqrs.dependency_paths(%(schema)s, %(names)s::text[]) AS p

-- name: column_users
-- Which objects use some columns.
SELECT c.relation, c.name, u.name, u.schema, u.kind, u.link
  FROM unnest(%(tables)s::text[], %(columns)s::text[]) AS c (relation, name)
 CROSS JOIN LATERAL cqrs.column_users(to_regclass(c.relation), c.name) AS u

-- name: children
-- Partitions and child tables of some tables, at any depth.
WITH RECURSIVE family AS (
    SELECT t.name AS root, to_regclass(t.name)::oid AS relid FROM unnest(%(tables)s::text[]) AS t (name)
    UNION
    SELECT f.root, i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.relid
)
SELECT f.root, n.nspname, c.relname
  FROM family AS f
  JOIN pg_class AS c ON c.oid = f.relid AND c.relkind IN ('r', 'p', 'f')
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE f.relid <> to_regclass(f.root)

-- name: referenced_tables
-- Tables that the foreign keys of some tables point at: dropping the one locks the other.
SELECT t.name, n.nspname, c.relname
  FROM unnest(%(tables)s::text[]) AS t (name)
  JOIN pg_constraint AS k ON k.conrelid = to_regclass(t.name) AND k.contype = 'f'
  JOIN pg_class AS c ON c.oid = k.confrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid <> k.conrelid

-- name: indexed_tables
-- The tables that some indexes belong to.
SELECT i.name, n.nspname, c.relname
  FROM unnest(%(indexes)s::text[]) AS i (name)
  JOIN pg_index AS x ON x.indexrelid = to_regclass(i.name)
  JOIN pg_class AS c ON c.oid = x.indrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace

-- name: plain_tables
-- Which of some names are tables, and can be locked by name.
SELECT t.name FROM unnest(%(names)s::text[]) AS t (name)
  JOIN pg_class AS c ON c.oid = to_regclass(t.name) AND c.relkind IN ('r', 'p')
 ORDER BY t.name

-- name: analyze
-- What on the query side depends on what on the command side.
SELECT * FROM cqrs.analyze_dependencies(%(command)s, %(query)s)

-- name: completed_versions
-- Every version that stands.
SELECT DISTINCT version FROM cqrs.changesets WHERE status = 'completed' AND version IS NOT NULL

-- name: take_turn
-- Wait for the right to execute a changeset. The pair of keys is ours: "cqrs", and 1.
SELECT pg_advisory_lock(1668379251, 1)

-- name: try_turn
-- The same without waiting.
SELECT pg_try_advisory_lock(1668379251, 1)

-- name: index_valid
-- Whether an index is valid; no row if there is none.
SELECT x.indisvalid FROM pg_index AS x WHERE x.indexrelid = to_regclass(%(index)s)

-- name: reindex_left
-- Invalid copies that a REINDEX CONCURRENTLY of a table or index left behind.
SELECT n.nspname, c.relname
  FROM pg_index AS x
  JOIN pg_class AS c ON c.oid = x.indexrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE NOT x.indisvalid AND c.relname ~ '_cc(new|old)\d*$'
   AND x.indrelid IN (to_regclass(%(name)s),
                      (SELECT i.indrelid FROM pg_index AS i
                        WHERE i.indexrelid = to_regclass(%(name)s)))

-- name: partition_state
-- Whether a partition is half detached; no row once it is out.
SELECT i.inhdetachpending FROM pg_inherits AS i
 WHERE i.inhparent = to_regclass(%(parent)s) AND i.inhrelid = to_regclass(%(partition)s)

-- name: lock_holders
-- Who holds locks on some relations, longest transaction first.
SELECT c.oid::regclass::text, l.mode, a.pid, a.application_name, a.state,
       round(extract(epoch FROM clock_timestamp() - a.xact_start))::int
  FROM pg_locks AS l
  JOIN pg_class AS c ON c.oid = l.relation
  JOIN pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.granted AND l.pid <> ALL (%(own)s::int[])
   AND c.oid IN (SELECT to_regclass(n.name) FROM unnest(%(names)s::text[]) AS n (name))
 ORDER BY a.xact_start LIMIT 3

-- name: limit
-- Both time limits, for the transaction or (outside one) for the session.
SELECT set_config('lock_timeout', %(lock)s, %(local)s),
       set_config('statement_timeout', %(statement)s, %(local)s)

-- name: views_of
-- Relations of a schema, and what they are.
SELECT o.name, o.kind FROM cqrs.catalogue_objects AS o
 WHERE o.schema = %(schema)s AND o.class = 'pg_class'::regclass

-- name: begin_deployment
-- A deployment opens; a unique index lets only one be open.
INSERT INTO cqrs.deployments (name, begun_by) VALUES (%(name)s, %(by)s)

-- name: end_deployment
-- The open one ends.
UPDATE cqrs.deployments
   SET ended_at = clock_timestamp(), outcome = %(outcome)s, message = nullif(%(message)s, '')
 WHERE ended_at IS NULL
RETURNING id

-- name: deployments
-- The newest deployments, an open one first.
SELECT d.id, d.name, d.begun_at, d.begun_by, d.ended_at, d.outcome, d.message,
       count(c.id), count(c.id) FILTER (WHERE c.status = 'failed')
  FROM cqrs.deployments AS d
  LEFT JOIN cqrs.changesets AS c ON c.deployment_id = d.id
 GROUP BY d.id
 ORDER BY (d.ended_at IS NULL) DESC, d.begun_at DESC
 LIMIT %(limit)s

-- name: edges
-- Every dependency, one step each; a partition's rows going up to its parent are left out.
SELECT e.schema, e.name, e.kind, e.dependant_schema, e.dependant, e.dependant_kind,
       min(e.link)
  FROM cqrs.dependency_edges AS e
 WHERE e.turn >= 0 AND 'information_schema' NOT IN (e.schema, e.dependant_schema)
   AND 'cqrs' NOT IN (e.schema, e.dependant_schema)
 GROUP BY e.schema, e.name, e.kind, e.dependant_schema, e.dependant, e.dependant_kind
 ORDER BY e.name, e.dependant

-- name: objects_of
-- Objects of a schema, and what they are.
SELECT o.name, o.kind FROM cqrs.catalogue_objects AS o WHERE o.schema = %(schema)s

-- name: names_in
-- Every object of some schemas.
SELECT o.name FROM cqrs.catalogue_objects AS o WHERE o.schema = ANY (%(schemas)s::text[])

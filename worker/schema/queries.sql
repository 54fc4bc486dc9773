-- name: identities
-- What the catalogue calls these objects. A function is meant by the types of its arguments; where
-- none were written, every function of its name may be.
SELECT w.key, o.name
  FROM jsonb_to_recordset(%(wanted)s) AS w (key text, schema text, bare text, types oid[])
  JOIN cqrs.catalogue_objects AS o
    ON o.schema = w.schema
   AND (o.name = w.key
        OR CASE WHEN w.types IS NOT NULL
                THEN o.name = format('%%s(%%s)', w.bare, (
                         SELECT string_agg(coalesce(format_type(t.type, NULL), '?'), ', ' ORDER BY t.n)
                           FROM unnest(w.types) WITH ORDINALITY AS t (type, n)))
                ELSE w.key = w.bare AND starts_with(o.name, w.bare || '(') END)
 ORDER BY w.key, o.name

-- name: types
-- Which types some names mean in this session; null for those that mean none.
SELECT t.name, to_regtype(t.name)::oid::int8 FROM unnest(%(names)s::text[]) AS t (name)

-- name: dependants
-- Everything that depends on some objects of one schema, with the path to each.
SELECT p.root, p.name, p.schema, p.kind, p.path, p.links
  FROM cqrs.dependency_paths(%(schema)s, %(names)s::text[]) AS p

-- name: column_users
-- Which objects use some columns.
SELECT c.relation, c.name, u.name, u.schema, u.kind, u.link
  FROM unnest(%(tables)s::text[], %(columns)s::text[]) AS c (relation, name)
 CROSS JOIN LATERAL cqrs.column_users(to_regclass(c.relation), c.name) AS u

-- name: analyze
-- What on the query side depends on what on the command side.
SELECT * FROM cqrs.analyze_dependencies(%(command)s, %(query)s)

-- name: completed_versions
-- Every version that stands; what is being rolled back stands until that is done.
SELECT DISTINCT version FROM cqrs.changesets
 WHERE (status = 'completed' OR undoing) AND version IS NOT NULL

-- name: waits
-- Whether a session waits for a lock of any kind.
SELECT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = %(pid)s AND NOT l.granted)

-- name: take_turn
-- Wait for the right to execute a changeset. The pair of keys is ours: "cqrs", and 1.
SELECT pg_advisory_lock(1668379251, 1)

-- name: try_turn
-- The same without waiting.
SELECT pg_try_advisory_lock(1668379251, 1)

-- name: index_state
-- Whether an index is valid, and which process builds it now; no row if there is none.
SELECT x.indisvalid,
       (SELECT p.pid FROM pg_stat_progress_create_index AS p WHERE p.index_relid = x.indexrelid)
  FROM pg_index AS x WHERE x.indexrelid = to_regclass(%(index)s)

-- name: reindex_left
-- Invalid copies that a REINDEX CONCURRENTLY of a table or index left behind, in its partitions too.
SELECT n.nspname, c.relname
  FROM pg_index AS x
  JOIN pg_class AS c ON c.oid = x.indexrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE NOT x.indisvalid AND c.relname ~ '_cc(new|old)\d*$'
   AND x.indrelid IN (SELECT coalesce(i.indrelid, t.relid)
                        FROM (SELECT to_regclass(%(name)s) AS relid
                              UNION
                              SELECT p.relid FROM pg_partition_tree(to_regclass(%(name)s)) AS p) AS t
                        LEFT JOIN pg_index AS i ON i.indexrelid = t.relid)

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
INSERT INTO cqrs.deployments (name, begun_by) VALUES (%(name)s, %(by)s) RETURNING id

-- name: end_deployment
-- The open one ends, if it is the one that is meant: null means whichever it is.
UPDATE cqrs.deployments
   SET ended_at = clock_timestamp(), outcome = %(outcome)s, message = nullif(%(message)s, '')
 WHERE ended_at IS NULL AND id = coalesce(%(id)s::uuid, id)
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

-- name: live_tables
-- The table behind each read model's view, and the version of the projection it was made for.
SELECT DISTINCT s.subscription, s.read_table, s.shape FROM cqrs.subscriptions AS s
 WHERE s.read_table IS NOT NULL

-- name: require_schemas
-- Raises invalid_schema_name for a schema that does not exist.
SELECT cqrs.require_schema(s.name) FROM unnest(%(schemas)s::text[]) AS s (name)

-- name: take_changeset_lock
-- Wait for the changeset lock. The pair of keys is ours: "cqrs", and 1.
SELECT pg_advisory_lock(1668379251, 1)

-- name: try_changeset_lock
-- The same without waiting.
SELECT pg_try_advisory_lock(1668379251, 1)

-- name: limit
-- Both time limits, for the transaction or (outside one) for the session.
SELECT set_config('lock_timeout', %(lock)s, %(local)s),
       set_config('statement_timeout', %(statement)s, %(local)s)

-- name: waits
-- Whether a session waits for a lock of any kind.
SELECT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = %(pid)s AND NOT l.granted)

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

-- name: views_of
-- Relations of a schema, and what they are.
SELECT o.name, o.kind FROM cqrs.catalogue_objects AS o
 WHERE o.schema = %(schema)s AND o.class = 'pg_class'::regclass

-- name: newer_completed
-- A changeset that was completed after this one and not rolled back.
SELECT n.id, n.description
  FROM cqrs.changesets AS n, cqrs.changesets AS c
 WHERE c.id = %(id)s AND n.kind = 'change' AND n.status = 'completed'
   AND n.completed_at > c.completed_at
 ORDER BY n.completed_at DESC LIMIT 1

-- name: pending_follow_ups
-- Changesets whose follow-up has not been dispatched.
SELECT c.id, c.follow_up FROM cqrs.changesets AS c
 WHERE c.follow_up IS NOT NULL AND c.followed_up_at IS NULL
   AND c.status IN ('completed', 'rolled_back')
 ORDER BY c.completed_at

-- name: follow_up_dispatched
-- The read side has it.
UPDATE cqrs.changesets SET followed_up_at = clock_timestamp() WHERE id = %(id)s

-- name: objects_of_sides
-- Objects of some schemas, indexes too: catalogue, oid, schema, kind and qualified name.
SELECT o.class::regclass::text, o.object::int8, o.schema, o.kind, o.name
  FROM cqrs.catalogue_objects AS o WHERE o.schema = ANY (%(schemas)s::text[])
UNION ALL
SELECT 'pg_class', c.oid::int8, n.nspname, 'index', format('%%I.%%I', n.nspname, c.relname)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('i', 'I')

-- name: changed_objects
-- Objects of some schemas that this transaction has made or altered, by who wrote their rows in the
-- catalogue: its own transaction id, or a later one that is in progress although we see the row, which
-- is a subtransaction of ours. The version of the row; then schema, kind and qualified name.
WITH own AS (SELECT pg_current_xact_id_if_assigned() AS id),
     changed AS (
    SELECT 'pg_class' AS catalogue, c.oid, c.ctid::text AS version, c.xmin AS writer, c.relnamespace AS namespace,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                          WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'f' THEN 'foreign table'
                          WHEN 'c' THEN 'type' ELSE 'table' END AS kind,
           quote_ident(c.relname) AS name
      FROM pg_class AS c
    UNION ALL
    SELECT 'pg_proc', p.oid, p.ctid::text, p.xmin, p.pronamespace,
           CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%%I(%%s)', p.proname, oidvectortypes(p.proargtypes))
      FROM pg_proc AS p
    UNION ALL
    SELECT 'pg_type', t.oid, t.ctid::text, t.xmin, t.typnamespace,
           CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, quote_ident(t.typname)
      FROM pg_type AS t WHERE t.typrelid = 0 AND t.typcategory <> 'A'
    UNION ALL
    SELECT 'pg_operator', o.oid, o.ctid::text, o.xmin, o.oprnamespace, 'operator', o.oprname
      FROM pg_operator AS o
)
SELECT c.catalogue, c.oid::int8, c.version, n.nspname, c.kind, format('%%I.%%s', n.nspname, c.name)
  FROM own
  JOIN changed AS c ON age(c.writer) <= 0
  JOIN pg_namespace AS n ON n.oid = c.namespace AND n.nspname = ANY (%(schemas)s::text[])
 WHERE own.id IS NOT NULL
   AND CASE WHEN age(c.writer) = 0 THEN true
            ELSE pg_xact_status((own.id::text::int8 - age(c.writer))::text::xid8) = 'in progress' END

-- name: held_hard
-- What this session has locked as one does who alters or drops it: catalogue and oid.
SELECT 'pg_class' AS catalogue, l.relation::int8
  FROM pg_locks AS l
 WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                  'AccessExclusiveLock')
   AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
UNION
SELECT l.classid::regclass::text, l.objid::int8
  FROM pg_locks AS l
 WHERE l.pid = pg_backend_pid() AND l.locktype = 'object' AND l.granted AND l.mode = 'AccessExclusiveLock'
   AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())

-- name: written
-- Relations that this session has locked to write rows, their names, and the rows written so far.
SELECT l.relation::int8, n.nspname, c.relname,
       coalesce(pg_stat_get_xact_tuples_inserted(l.relation), 0)
       + coalesce(pg_stat_get_xact_tuples_updated(l.relation), 0)
       + coalesce(pg_stat_get_xact_tuples_deleted(l.relation), 0)
  FROM pg_locks AS l
  LEFT JOIN pg_class AS c ON c.oid = l.relation
  LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.mode = 'RowExclusiveLock'
   AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())

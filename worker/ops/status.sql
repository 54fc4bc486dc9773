-- name: subscriptions
-- Every subscription, declared in the code or only known here. Its lag is counted over a range of
-- the log at most, so that one which is far behind costs no more than one which is not.
WITH declared AS (
    SELECT d.name, d.types
      FROM json_to_recordset(%(declared)s::json) AS d (name text, types text[])
), places AS (
    SELECT subscription AS name, min(position) AS position, bool_or(paused) AS paused,
           string_agg(DISTINCT error, '; ') AS error, count(*) AS partitions,
           min(batch_size) AS batch_size, max(deaths) AS deaths
      FROM cqrs.subscriptions
     GROUP BY subscription
), letters AS (
    SELECT subscription AS name, count(*) AS open
      FROM cqrs.dead_letters
     WHERE state = 'open'
     GROUP BY subscription
)
SELECT name, coalesce(p.position, 0) AS position, coalesce(p.paused, false) AS paused, p.error,
       coalesce(p.partitions, 1) AS partitions, p.batch_size, coalesce(p.deaths, 0) AS deaths,
       coalesce(l.open, 0) AS dead_letters, lag.events AS lag_events,
       coalesce(lag.seconds, 0) AS lag_seconds,
       coalesce(p.position, 0) + %(range)s >= %(last)s AS lag_is_exact
  FROM declared AS d
  FULL JOIN places AS p USING (name)
  LEFT JOIN letters AS l USING (name),
       LATERAL (
           SELECT count(*) AS events,
                  extract(epoch FROM clock_timestamp() - min(e.recorded_at))::float AS seconds
             FROM cqrs.events AS e
            WHERE e.position > coalesce(p.position, 0)
              AND e.position <= coalesce(p.position, 0) + %(range)s
              AND e.type = ANY (d.types)) AS lag
 ORDER BY name

-- name: horizon
-- How far the log may be read, and how far it goes. In two statements' order, as the function asks.
SELECT cqrs.horizon(), coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0)

-- name: holders
-- Who holds the horizon, the lowest fence first.
SELECT fence, pid, prepared, application_name, state, seconds, username, held
  FROM cqrs.horizon_holders()

-- name: backlog
-- What waits: enqueued commands (all, due now, age of the oldest), dead commands, tags.
SELECT (SELECT count(*) FROM cqrs.enqueued_commands),
       (SELECT count(*) FROM cqrs.enqueued_commands WHERE due_at <= clock_timestamp()),
       (SELECT greatest(extract(epoch FROM clock_timestamp() - min(enqueued_at)), 0)::float
          FROM cqrs.enqueued_commands HAVING count(*) > 0),
       (SELECT count(*) FROM cqrs.dead_commands WHERE state = 'open'),
       (SELECT count(*) FROM cqrs.invalidations)

-- name: takes_no_writes
-- Whether sessions of this database may write, and whether it is a standby.
SELECT current_setting('default_transaction_read_only'), pg_is_in_recovery()

-- name: enqueued_put_off
-- Why enqueued commands were not run when it was their turn.
SELECT name, put_off, count(*)
  FROM cqrs.enqueued_commands
 WHERE put_off IS NOT NULL
 GROUP BY name, put_off
 ORDER BY count(*) DESC
 LIMIT 20

-- name: last_rebuilds
-- The last rebuild of each projection that went live.
SELECT DISTINCT ON (name) name, finished_at, differing
  FROM cqrs.rebuilds
 WHERE state = 'done' AND goes_live
 ORDER BY name, started_at DESC

-- name: rebuilds
-- Rebuilds under way.
SELECT name, state, position, upto, events,
       extract(epoch FROM clock_timestamp() - started_at)::float
  FROM cqrs.rebuilds
 WHERE finished_at IS NULL
 ORDER BY started_at

-- name: deployments
-- Deployments that were begun and not ended.
SELECT name, begun_by, extract(epoch FROM clock_timestamp() - begun_at)::float
  FROM cqrs.deployments
 WHERE ended_at IS NULL
 ORDER BY begun_at

-- name: changesets
-- Schema changes that are being executed or rolled back; orphaned: nobody holds the turn, so that
-- their process has ended.
SELECT c.id::text, c.description, c.version, coalesce(c.executed_by, c.created_by),
       coalesce(extract(epoch FROM clock_timestamp() - CASE WHEN NOT c.undoing THEN c.started_at
           ELSE (SELECT min(o.undo_started_at) FROM cqrs.changeset_operations AS o
                  WHERE o.changeset_id = c.id) END)::float, 0),
       c.undoing,
       NOT EXISTS (SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
                    WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
                      AND (l.classid, l.objid, l.objsubid) = (1668379251, 1, 2))
  FROM cqrs.changesets AS c
 WHERE c.status = 'in_progress'

-- name: sagas
-- How many sagas of each kind are stuck, as of the last refresh of the view: a person has to look.
SELECT saga_type, count FROM query.saga_status WHERE status = 'stuck' ORDER BY saga_type

-- name: waiting_for_locks
-- Our own sessions that have waited %(longer_than)s seconds and more for a lock: on what, for how
-- long, and who holds it. A wait for a row is one for its writer's transaction; the row's table is
-- that of the tuple which the waiter has locked meanwhile.
SELECT w.pid, w.application_name, w.seconds,
       (SELECT string_agg(DISTINCT l.relation::regclass::text, ', ') FROM pg_locks AS l
         WHERE l.pid = w.pid AND l.relation IS NOT NULL
           AND (NOT l.granted OR l.locktype = 'tuple')) AS relation,
       b.pid, b.usename::text, b.application_name, b.state,
       extract(epoch FROM clock_timestamp() - b.xact_start)::float
  FROM (SELECT a.pid, a.application_name,
               extract(epoch FROM clock_timestamp() - min(l.waitstart))::float AS seconds
          FROM pg_stat_activity AS a JOIN pg_locks AS l ON l.pid = a.pid AND NOT l.granted
         WHERE a.datname = current_database() AND a.application_name LIKE 'cqrs %%'
         GROUP BY a.pid, a.application_name) AS w
 CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
  LEFT JOIN pg_stat_activity AS b ON b.pid = blocker.pid
 WHERE w.seconds > %(longer_than)s
 ORDER BY w.seconds DESC, w.pid, b.pid

-- name: rights
-- Who asks, who owns the engine, and the most powerful group that the one who asks may act as.
SELECT session_user::text, n.nspowner::regrole::text,
       (SELECT r.rolname::text FROM pg_roles AS r
         WHERE r.rolname IN ('cqrs_writer', 'cqrs_sender', 'cqrs_reader')
           AND pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int >= 160000
                                       THEN 'SET' ELSE 'MEMBER' END)
         ORDER BY r.rolname DESC LIMIT 1)
  FROM pg_namespace AS n WHERE n.nspname = 'cqrs'

-- name: refused
-- How many messages were refused that no receipt could answer.
SELECT coalesce(sum(count), 0)::bigint FROM cqrs.refused_messages

-- name: unknown_commands
-- Enqueued commands of names that nobody here declares, the most first.
SELECT name, count(*), extract(epoch FROM clock_timestamp() - min(enqueued_at))::float
  FROM cqrs.enqueued_commands
 WHERE NOT name = ANY (%(known)s::text[])
 GROUP BY name
 ORDER BY count(*) DESC, name
 LIMIT 20

-- name: record
-- A new changeset, pending; no row if there is one of this id.
INSERT INTO cqrs.changesets (id, description, version, kind, created_by, forced, deployment_id)
VALUES (coalesce(%(id)s::uuid, gen_random_uuid()), %(description)s, %(version)s, %(kind)s, %(by)s,
        %(forced)s, (SELECT d.id FROM cqrs.deployments AS d WHERE d.ended_at IS NULL))
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: record_operations
-- Its operations, all at once.
INSERT INTO cqrs.changeset_operations (changeset_id, number, side, kind, object, sql, undo)
SELECT %(id)s, o.*
  FROM unnest(%(numbers)s::int[], %(sides)s::text[], %(kinds)s::text[], %(objects)s::text[],
              %(sqls)s::text[], %(undos)s::text[]) AS o

-- name: mark_refused
-- It does not run as it stands.
UPDATE cqrs.changesets SET status = 'refused', error = %(error)s WHERE id = %(id)s AND status = 'pending'

-- name: claim
-- Somebody executes it; what an earlier, failed try left behind is cleared.
WITH cleared AS (
    UPDATE cqrs.changeset_operations
       SET started_at = NULL, duration = NULL, success = NULL, error = NULL, sqlstate = NULL
     WHERE changeset_id = %(id)s AND (started_at IS NOT NULL OR error IS NOT NULL)
)
UPDATE cqrs.changesets
   SET status = 'in_progress', started_at = clock_timestamp(), completed_at = NULL, error = NULL,
       executed_by = %(by)s, command_id = %(command)s::uuid, attempts = 0,
       follow_up = NULL, followed_up_at = NULL, locks = NULL
 WHERE id = %(id)s AND status IN ('pending', 'failed')

-- name: claim_undo
-- Somebody rolls it back; it is completed as before until that is committed.
WITH cleared AS (
    UPDATE cqrs.changeset_operations SET undo_started_at = NULL
     WHERE changeset_id = %(id)s AND undo_started_at IS NOT NULL
)
UPDATE cqrs.changesets
   SET status = 'in_progress', undoing = true, executed_by = %(by)s, error = NULL,
       command_id = %(command)s::uuid
 WHERE id = %(id)s AND status = 'completed'

-- name: attempt
-- One more try.
WITH cleared AS (
    UPDATE cqrs.changeset_operations SET started_at = NULL
     WHERE changeset_id = %(id)s AND started_at IS NOT NULL
)
UPDATE cqrs.changesets SET attempts = attempts + 1 WHERE id = %(id)s

-- name: operation_starts
-- The operation that runs now.
UPDATE cqrs.changeset_operations SET started_at = clock_timestamp()
 WHERE changeset_id = %(id)s AND number = %(number)s

-- name: undo_starts
-- The operation that is being undone now.
UPDATE cqrs.changeset_operations SET undo_started_at = clock_timestamp()
 WHERE changeset_id = %(id)s AND number = %(number)s

-- name: record_follow_up
-- The follow-up of a step, before it runs: whoever recovers it cannot plan it any more.
UPDATE cqrs.changesets SET follow_up = %(follow_up)s::jsonb
 WHERE id = %(id)s AND status = 'in_progress'

-- name: operations_ran
-- When each operation ran and for how long; `success` only where it was committed.
UPDATE cqrs.changeset_operations AS o
   SET started_at = t.started_at, duration = t.duration, success = %(success)s
  FROM unnest(%(numbers)s::int[], %(starts)s::timestamptz[], %(durations)s::interval[])
       AS t (number, started_at, duration)
 WHERE o.changeset_id = %(id)s AND o.number = t.number

-- name: mark_failed
-- It failed, unless it was committed; what was being rolled back is completed as before.
UPDATE cqrs.changesets
   SET status = CASE WHEN undoing THEN 'completed' ELSE 'failed' END, undoing = false,
       completed_at = CASE WHEN undoing THEN completed_at ELSE clock_timestamp() END,
       error = %(error)s
 WHERE id = %(id)s AND status = 'in_progress'

-- name: operation_failed
-- The operation that failed, and why.
UPDATE cqrs.changeset_operations
   SET success = false, error = %(error)s, sqlstate = %(sqlstate)s,
       duration = coalesce(duration, clock_timestamp() - started_at)
 WHERE changeset_id = %(id)s AND number = %(number)s

-- name: mark_completed
-- Written by the transaction that did it, if that session still holds the changeset lock.
UPDATE cqrs.changesets
   SET status = 'completed', completed_at = clock_timestamp(), error = NULL,
       follow_up = %(follow_up)s::jsonb, followed_up_at = NULL, locks = %(locks)s::jsonb
 WHERE id = %(id)s AND status = 'in_progress' AND NOT undoing
   AND EXISTS (SELECT FROM pg_locks AS l
                WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.granted
                  AND (l.classid, l.objid, l.objsubid) = (1668379251, 1, 2))

-- name: mark_rolled_back
-- Written by the transaction that did it, if that session still holds the changeset lock.
UPDATE cqrs.changesets
   SET status = 'rolled_back', undoing = false, completed_at = clock_timestamp(), error = NULL,
       follow_up = %(follow_up)s::jsonb, followed_up_at = NULL, locks = %(locks)s::jsonb
 WHERE id = %(id)s AND status = 'in_progress' AND undoing
   AND EXISTS (SELECT FROM pg_locks AS l
                WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.granted
                  AND (l.classid, l.objid, l.objsubid) = (1668379251, 1, 2))

-- name: mark_recovered
-- A step whose process died turned out to be done. Its follow-up was recorded beforehand; an undo's
-- is that of the change itself.
WITH ran AS (
    UPDATE cqrs.changeset_operations AS o SET success = true
      FROM cqrs.changesets AS c
     WHERE c.id = %(id)s AND NOT c.undoing AND o.changeset_id = c.id
)
UPDATE cqrs.changesets
   SET status = CASE WHEN undoing THEN 'rolled_back' ELSE 'completed' END, undoing = false,
       completed_at = clock_timestamp(), error = NULL, followed_up_at = NULL
 WHERE id = %(id)s AND status = 'in_progress'

-- name: in_progress
-- What is being executed or rolled back, how far it came, and its SQL if it has one operation only.
SELECT c.id, c.description, coalesce(c.executed_by, '?'), c.undoing,
       CASE WHEN c.undoing THEN min(o.number) FILTER (WHERE o.undo_started_at IS NOT NULL)
            ELSE max(o.number) FILTER (WHERE o.started_at IS NOT NULL) END,
       min(CASE WHEN c.undoing THEN o.undo ELSE o.sql END), count(*)
  FROM cqrs.changesets AS c
  JOIN cqrs.changeset_operations AS o ON o.changeset_id = c.id
 WHERE c.status = 'in_progress'
 GROUP BY c.id

-- name: changeset
-- One changeset.
SELECT c.id, c.kind, c.description, c.version, c.status, c.forced, c.created_at, c.started_at,
       c.completed_at, c.created_by, c.executed_by, c.attempts, c.error, c.follow_up,
       c.followed_up_at, c.command_id, c.undoing, c.locks, d.name
  FROM cqrs.changesets AS c LEFT JOIN cqrs.deployments AS d ON d.id = c.deployment_id
 WHERE c.id = %(id)s

-- name: operations
-- Its operations, in order.
SELECT o.number, o.side, o.kind, o.object, o.sql, o.undo, o.started_at, o.duration, o.success,
       o.error, o.sqlstate
  FROM cqrs.changeset_operations AS o WHERE o.changeset_id = %(id)s ORDER BY o.number

-- name: history
-- The newest changesets.
SELECT h.changeset_id, h.kind, h.description, h.version, h.status, h.created_at, h.started_at,
       h.completed_at, h.duration, h.created_by, h.error, h.deployment, h.command_ops_count,
       h.query_ops_count, h.failed_operation
  FROM cqrs.changeset_history AS h
 WHERE %(status)s::text IS NULL OR h.status = %(status)s
 ORDER BY h.created_at DESC LIMIT %(limit)s

-- name: begin_deployment
-- A deployment opens; a unique index lets only one be open.
INSERT INTO cqrs.deployments (id, name, begun_by)
VALUES (coalesce(%(id)s::uuid, gen_random_uuid()), %(name)s, %(by)s) RETURNING id

-- name: deployment
-- The deployment that a command has opened.
SELECT d.id, d.name, d.begun_at, d.begun_by, d.ended_at, d.outcome, d.message, 0, 0
  FROM cqrs.deployments AS d WHERE d.id = %(command)s

-- name: ended_deployment
-- The deployment that a command has closed.
SELECT d.id, d.name, d.begun_at, d.begun_by, d.ended_at, d.outcome, d.message, 0, 0
  FROM cqrs.deployments AS d WHERE d.ended_by_command = %(command)s

-- name: end_deployment
-- The open one ends, if it is the one that is meant: null means whichever it is.
UPDATE cqrs.deployments
   SET ended_at = clock_timestamp(), outcome = %(outcome)s, message = nullif(%(message)s, ''),
       ended_by_command = %(command)s::uuid
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

-- name: record
-- A new changeset, pending.
INSERT INTO cqrs.changesets (description, version, kind, created_by, forced, deployment_id)
VALUES (%(description)s, %(version)s, %(kind)s, %(by)s, %(forced)s,
        (SELECT d.id FROM cqrs.deployments AS d WHERE d.ended_at IS NULL))
RETURNING id

-- name: record_operations
-- Its operations, all at once.
INSERT INTO cqrs.changeset_operations (changeset_id, number, side, kind, object, sql, undo)
SELECT %(id)s, o.*
  FROM unnest(%(numbers)s::int[], %(sides)s::text[], %(kinds)s::text[], %(objects)s::text[],
              %(sqls)s::text[], %(undos)s::text[]) AS o

-- name: claim
-- Somebody executes it; what an earlier, failed try left behind is cleared.
WITH cleared AS (
    UPDATE cqrs.changeset_operations
       SET started_at = NULL, duration = NULL, success = NULL, error = NULL, sqlstate = NULL
     WHERE changeset_id = %(id)s AND (started_at IS NOT NULL OR error IS NOT NULL)
)
UPDATE cqrs.changesets
   SET status = 'in_progress', started_at = clock_timestamp(), completed_at = NULL, error = NULL,
       executed_by = %(by)s, attempts = 0
 WHERE id = %(id)s AND status IN ('pending', 'failed')

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

-- name: operations_ran
-- When each operation ran and for how long; `success` only where it was committed.
UPDATE cqrs.changeset_operations AS o
   SET started_at = t.started_at, duration = t.duration, success = %(success)s
  FROM unnest(%(numbers)s::int[], %(starts)s::timestamptz[], %(durations)s::interval[])
       AS t (number, started_at, duration)
 WHERE o.changeset_id = %(id)s AND o.number = t.number

-- name: fail
-- It failed, unless its commit got through.
UPDATE cqrs.changesets
   SET status = 'failed', error = %(error)s, completed_at = clock_timestamp()
 WHERE id = %(id)s AND status = 'in_progress'

-- name: operation_failed
-- The operation that failed, and why.
UPDATE cqrs.changeset_operations
   SET success = false, error = %(error)s, sqlstate = %(sqlstate)s,
       duration = coalesce(duration, clock_timestamp() - started_at)
 WHERE changeset_id = %(id)s AND number = %(number)s

-- name: note_error
-- Why a rollback failed.
UPDATE cqrs.changesets SET error = %(error)s WHERE id = %(id)s

-- name: complete
-- It is done: written by the transaction that did it.
UPDATE cqrs.changesets
   SET status = 'completed', completed_at = clock_timestamp(), error = NULL,
       follow_up = %(follow_up)s::jsonb, followed_up_at = NULL
 WHERE id = %(id)s

-- name: undo
-- It was taken back: written by the transaction that did it.
UPDATE cqrs.changesets
   SET status = 'rolled_back', completed_at = clock_timestamp(), error = NULL,
       follow_up = %(follow_up)s::jsonb, followed_up_at = NULL
 WHERE id = %(id)s

-- name: in_progress
-- What is being executed, how far it came, and its SQL if it has one operation only.
SELECT c.id, c.description, coalesce(c.executed_by, '?'),
       (SELECT max(o.number) FROM cqrs.changeset_operations AS o
         WHERE o.changeset_id = c.id AND o.started_at IS NOT NULL),
       (SELECT min(o.sql) FROM cqrs.changeset_operations AS o WHERE o.changeset_id = c.id),
       (SELECT count(*) FROM cqrs.changeset_operations AS o WHERE o.changeset_id = c.id)
  FROM cqrs.changesets AS c
 WHERE c.status = 'in_progress'

-- name: changeset
-- One changeset.
SELECT c.id, c.kind, c.description, c.version, c.status, c.forced, c.created_at, c.started_at,
       c.completed_at, c.created_by, c.executed_by, c.attempts, c.error, c.follow_up,
       c.followed_up_at, d.name
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

-- name: newer_completed
-- A changeset that was completed after this one and still stands.
SELECT n.id, n.description
  FROM cqrs.changesets AS n, cqrs.changesets AS c
 WHERE c.id = %(id)s AND n.kind = 'change' AND n.status = 'completed'
   AND n.completed_at > c.completed_at
 ORDER BY n.completed_at DESC LIMIT 1

-- name: owing
-- Changesets whose follow-up has not been handed over.
SELECT c.id, c.follow_up FROM cqrs.changesets AS c
 WHERE c.follow_up IS NOT NULL AND c.followed_up_at IS NULL
 ORDER BY c.completed_at

-- name: followed_up
-- The read side has it.
UPDATE cqrs.changesets SET followed_up_at = clock_timestamp() WHERE id = %(id)s

-- name: receipts_by_id
-- Receipts of these commands, as far as there are any.
SELECT command_id, name, payload_hash, status, data, error, errors, position, actor, completed_at
  FROM cqrs.receipts
 WHERE command_id = ANY (%(ids)s::uuid[])

-- name: draw_numbers
-- Fresh numbers of a sequence.
SELECT nextval(%(sequence)s::regclass) FROM generate_series(1, %(count)s::int)

-- name: attribute
-- Tells the audit trigger which command changes which row, until the end of this transaction.
SELECT set_config('cqrs.attribution', %(attribution)s, true)

-- name: settle
-- Writes the receipts and appends the events of a batch.
SELECT command_id, position, completed_at FROM cqrs.settle(%(receipts)s::jsonb, %(events)s::jsonb)

-- name: dequeue
-- Takes settled commands off the list of those that wait.
DELETE FROM cqrs.enqueued_commands WHERE command_id = ANY (%(ids)s::uuid[])

-- name: enqueue
-- Writes commands in the caller's transaction.
SELECT command_id, reused FROM cqrs.enqueue(%(commands)s::jsonb)

-- name: lock_claims
-- One worker at a time chooses what to run: else two could run commands of one key side by side.
SELECT pg_advisory_xact_lock(hashtextextended('cqrs.drain', 0))

-- name: waiting_commands
-- The first commands that are due, with those of `after` that have no receipt yet, and whether one
-- of these is not even on its way. A key whose first command is put off waits as a whole.
SELECT e.command_id, e.name, e.payload, e.key, e.actor, e.roles, e.correlation_id, e.causation_id,
       e.links, e.after, e.attempts, m.missing, m.unknown,
       extract(epoch FROM clock_timestamp() - e.enqueued_at)::float AS waited
  FROM cqrs.enqueued_commands AS e,
       LATERAL (SELECT coalesce(array_agg(a.id), '{}') AS missing,
                       coalesce(bool_or(r.command_id IS NULL), false) AS unknown
                  FROM unnest(e.after) AS a(id)
                  LEFT JOIN cqrs.receipts AS r ON r.command_id = a.id
                 WHERE r.completed_at IS NULL) AS m
 WHERE e.due_at <= clock_timestamp()
   AND (e.key IS NULL OR NOT EXISTS (
           SELECT FROM cqrs.enqueued_commands AS b
            WHERE b.key = e.key AND b.seq < e.seq AND b.due_at > clock_timestamp()))
 ORDER BY e.seq
 LIMIT %(limit)s

-- name: lease_commands
-- Takes commands for this worker until the lease ends; the attempt counts before it is made.
UPDATE cqrs.enqueued_commands
   SET attempts = attempts + 1, due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE command_id = ANY (%(ids)s::uuid[])

-- name: put_off_commands
-- Looks at commands again later, without counting an attempt.
UPDATE cqrs.enqueued_commands
   SET due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE command_id = ANY (%(ids)s::uuid[])

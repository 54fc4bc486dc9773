-- name: load_sagas
-- The sagas that a batch of events concerns, held until the commit; a renamed kind by any of its names.
SELECT saga_id, key, state::text, due_at FROM cqrs.sagas
 WHERE saga_id = ANY (%(ids)s::uuid[]) AND saga_type = ANY (%(types)s::text[])
 ORDER BY saga_id
   FOR NO KEY UPDATE

-- name: keep_sagas
-- Writes sagas, new or not.
INSERT INTO cqrs.sagas AS s (saga_id, saga_type, key, state, due_at)
SELECT n.saga_id, %(type)s, n.key, n.state, n.due_at
  FROM jsonb_to_recordset(%(sagas)s::jsonb)
       AS n (saga_id uuid, key text, state jsonb, due_at timestamptz)
 ORDER BY n.saga_id
    ON CONFLICT (saga_id) DO UPDATE
   SET saga_type = EXCLUDED.saga_type, state = EXCLUDED.state, due_at = EXCLUDED.due_at, version = s.version + 1,
       updated_at = clock_timestamp()

-- name: note_saga_events
-- Adds to the history of sagas, in order.
INSERT INTO cqrs.saga_events (saga_id, event_type, event_data, position)
SELECT n.saga_id, n.event_type, n.event_data, n."position"
  FROM ROWS FROM (jsonb_to_recordset(%(notes)s::jsonb)
                  AS (saga_id uuid, event_type text, event_data jsonb, "position" bigint))
       WITH ORDINALITY AS n (saga_id, event_type, event_data, "position", ord)
 ORDER BY n.ord

-- name: enqueue_unsettled
-- Enqueues commands, but for those of which the log says already what became of them: a saga that is
-- read back sends nothing twice, however long ago the receipts were pruned.
SELECT cqrs.enqueue_derived(unsettled.commands)
  FROM (SELECT jsonb_agg(c.command ORDER BY c.place) AS commands
          FROM jsonb_array_elements(%(commands)s::jsonb) WITH ORDINALITY AS c (command, place)
         WHERE NOT EXISTS (
                   SELECT FROM cqrs.events AS e
                    WHERE e.stream = c.command ->> 'stream'
                      AND e.type = 'cqrs.SagaCommandSettled'
                      AND e.data ->> 'command_id' = c.command ->> 'command_id')) AS unsettled
 WHERE unsettled.commands IS NOT NULL

-- name: sagas_are_due
-- Whether a step of any saga is past its deadline.
SELECT EXISTS (SELECT FROM cqrs.sagas WHERE due_at <= clock_timestamp())

-- name: due_sagas
-- Sagas whose step is past its deadline, the longest first.
SELECT saga_id, state ->> 'step', state ->> 'waits_for', state ->> 'sends' FROM cqrs.sagas
 WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT 200

-- name: deadline_noticed
-- Comes back to a saga after this many seconds (NULL: never) unless it has moved on meanwhile;
-- no row if it has, or if somebody else was faster.
UPDATE cqrs.sagas SET due_at = clock_timestamp() + %(seconds)s::float * interval '1 second'
 WHERE saga_id = %(id)s::uuid AND state ->> 'step' = %(step)s AND due_at <= clock_timestamp()
RETURNING saga_id

-- name: list_sagas
-- The status of sagas, the latest first: those under way, all, or those of one status.
SELECT saga_id, saga_type, key, state ->> 'status' AS status, state ->> 'step' AS step,
       state ->> 'sends' AS sends, state ->> 'error' AS error, created_at, updated_at, due_at
  FROM cqrs.sagas
 WHERE (%(type)s::text IS NULL OR saga_type = %(type)s)
   AND CASE WHEN %(status)s::text IS NOT NULL THEN state ->> 'status' = %(status)s
            ELSE %(ended)s OR state ->> 'status' NOT IN ('completed', 'failed') END
 ORDER BY updated_at DESC
 LIMIT %(limit)s

-- name: find
-- The saga of this id, or the sagas of this key.
SELECT saga_id, saga_type, key, state ->> 'status' AS status, state ->> 'step' AS step,
       state ->> 'sends' AS sends, state ->> 'error' AS error, created_at, updated_at, due_at
  FROM cqrs.sagas
 WHERE saga_id::text = lower(%(name)s) OR key = %(name)s
 ORDER BY saga_type

-- name: history
-- What has happened to a saga, in order.
SELECT event_type AS what, event_data AS details, position, created_at AS at
  FROM cqrs.saga_events
 WHERE saga_id = %(id)s
 ORDER BY id

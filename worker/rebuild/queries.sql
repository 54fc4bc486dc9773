-- name: read_all
-- The events between two positions, of some types.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events
 WHERE position > %(after)s::bigint AND position <= %(upto)s::bigint
   AND type = ANY (%(types)s::text[])
 ORDER BY position

-- name: read_part
-- Of these, the share of one part: the events whose row's key falls to it by its hash.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events
 WHERE position > %(after)s::bigint AND position <= %(upto)s::bigint
   AND type = ANY (%(types)s::text[])
   AND (hashtext({key}) & 65535) %% %(parts)s::int = %(part)s::int
 ORDER BY position

-- name: read_marked
-- Of these, those of one part whose row is to be folded anew.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events AS e
 WHERE position > %(after)s::bigint AND position <= %(upto)s::bigint
   AND type = ANY (%(types)s::text[])
   AND (hashtext({key}) & 65535) %% %(parts)s::int = %(part)s::int
   AND EXISTS (SELECT FROM cqrs.rebuild_keys AS k
                WHERE k.rebuild_id = %(rebuild_id)s AND k.key = {key})
 ORDER BY position

-- name: prepare_session
-- How a part reads: windows of the log by its primary key, one process each.
SELECT set_config('max_parallel_workers_per_gather', '0', false),
       set_config('enable_seqscan', 'off', false),
       set_config('statement_timeout', '0', false)

-- name: move_part
-- What a part has written goes up to here, unless another process has taken it over.
UPDATE cqrs.rebuild_parts SET position = %(position)s, events = events + %(events)s
 WHERE rebuild_id = %(rebuild_id)s AND part = %(part)s AND position = %(before)s

-- name: marked
-- Which of these keys, a JSON array, have a row that is to be folded anew.
SELECT k.key FROM cqrs.rebuild_keys AS k
 WHERE k.rebuild_id = %(rebuild_id)s
   AND k.key = ANY (ARRAY(SELECT json_array_elements_text(%(keys)s::json)))

-- name: mark
-- Rows of these keys, a JSON array, are to be folded anew.
INSERT INTO cqrs.rebuild_keys (rebuild_id, key)
SELECT %(rebuild_id)s, key FROM json_array_elements_text(%(keys)s::json) AS keys (key)
    ON CONFLICT DO NOTHING

-- name: delayed
-- Streams of which some events were handled later than their position says, if at all, and from
-- where on: they waited behind a dead letter.
SELECT stream, min(position) FROM cqrs.dead_letters
 WHERE subscription = %(subscription)s
 GROUP BY stream

-- name: try_rebuild_lock
-- The right to rebuild a projection, until this session ends. The keys: "cqrb", and the name.
SELECT pg_try_advisory_lock(1668379234, hashtext(%(name)s))

-- name: release_rebuild_lock
-- Gives it back.
SELECT pg_advisory_unlock(1668379234, hashtext(%(name)s))

-- name: running
-- The number of a projection's rebuild that has not ended.
SELECT rebuild_id FROM cqrs.rebuilds WHERE name = %(name)s AND finished_at IS NULL

-- name: unfinished
-- A projection's rebuild that has not ended.
SELECT rebuild_id, name, shape, folds, shadow, state, goes_live, from_position, upto, reached, events,
       left_out, walked, rows, differing, drift, migrated_from
  FROM cqrs.rebuilds
 WHERE name = %(name)s AND finished_at IS NULL

-- name: begin
-- A new rebuild, and its parts.
WITH made AS (
    INSERT INTO cqrs.rebuilds
        (name, shape, folds, shadow, state, goes_live, from_position, upto, position, left_out,
         migrated_from)
    VALUES (%(name)s, %(shape)s, %(folds)s, %(shadow)s, %(state)s, %(goes_live)s, %(checkpoint)s,
            %(upto)s, 0, %(left_out)s::jsonb, %(migrated_from)s)
    RETURNING rebuild_id
)
INSERT INTO cqrs.rebuild_parts (rebuild_id, part, position)
SELECT m.rebuild_id, p, 0 FROM made AS m, generate_series(0, %(parts)s::int - 1) AS p

-- name: parts
-- How far each part of a rebuild is.
SELECT part, position FROM cqrs.rebuild_parts WHERE rebuild_id = %(rebuild_id)s ORDER BY part

-- name: enter
-- The next state of a rebuild. This and the following: no row if it has ended; whether to stop.
UPDATE cqrs.rebuilds
   SET state = %(state)s, walked = NULL, updated_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: note_progress
-- How far a rebuild is.
UPDATE cqrs.rebuilds
   SET position = %(position)s, events = %(events)s, updated_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: note_marked
-- Up to where its parts are to be built, and what they leave out.
UPDATE cqrs.rebuilds
   SET upto = %(upto)s, left_out = %(left_out)s::jsonb, updated_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: note_walked
-- How far the state it is in has come.
UPDATE cqrs.rebuilds
   SET walked = %(walked)s, updated_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: note_reached
-- How far a shadow table is, partition by partition, and what it leaves out.
UPDATE cqrs.rebuilds
   SET reached = %(reached)s::bigint[], position = %(position)s, events = %(events)s,
       left_out = %(left_out)s::jsonb, updated_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: note_compared
-- Up to which key the two tables are compared, how many rows there are, and which differ.
UPDATE cqrs.rebuilds
   SET walked = %(walked)s, rows = %(rows)s, differing = %(differing)s, drift = %(drift)s::jsonb,
       updated_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: snapshots
-- Transactions of this database that look at it through a snapshot at this moment.
SELECT l.virtualtransaction, a.pid, a.application_name
  FROM pg_stat_activity AS a
  JOIN pg_locks AS l ON l.pid = a.pid AND l.locktype = 'virtualxid' AND l.granted
 WHERE a.datname = current_database() AND a.backend_xmin IS NOT NULL
   AND a.backend_type <> 'autovacuum worker' AND a.pid <> pg_backend_pid()

-- name: end
-- A rebuild is over.
UPDATE cqrs.rebuilds
   SET state = %(state)s, error = %(error)s, replaced = %(replaced)s,
       updated_at = clock_timestamp(), finished_at = clock_timestamp()
 WHERE rebuild_id = %(rebuild_id)s AND finished_at IS NULL
RETURNING cancel

-- name: forget_parts
-- Nobody writes for a rebuild any more: waits for whoever does, and refuses those who come later.
DELETE FROM cqrs.rebuild_parts WHERE rebuild_id = %(rebuild_id)s

-- name: forget_keys
-- The keys that were marked are of no use any more.
DELETE FROM cqrs.rebuild_keys WHERE rebuild_id = %(rebuild_id)s

-- name: ended
-- What a rebuild came to, and which table is live now.
SELECT r.name, coalesce((SELECT min(s.read_table) FROM cqrs.subscriptions AS s
                          WHERE s.subscription = r.name), r.shadow),
       r.events, coalesce(r.rows, 0), r.differing, coalesce(r.drift, '[]'),
       extract(epoch FROM r.finished_at - r.started_at)::float8, r.state, coalesce(r.error, '')
  FROM cqrs.rebuilds AS r
 WHERE r.rebuild_id = %(rebuild_id)s

-- name: built_at
-- At which position a table took its place behind the view.
SELECT reached FROM cqrs.rebuilds
 WHERE name = %(name)s AND shadow = %(table)s AND state = 'done' AND goes_live
 ORDER BY rebuild_id DESC
 LIMIT 1

-- name: ask_to_cancel
-- Somebody wants a rebuild to stop.
UPDATE cqrs.rebuilds SET cancel = true WHERE name = %(name)s AND finished_at IS NULL
RETURNING rebuild_id

-- name: excluded_events
-- What dead letters keep out of a read table: streams from a position on, and single positions.
SELECT stream, position, state = 'open' AS is_open
  FROM cqrs.dead_letters
 WHERE subscription = %(subscription)s AND state IN ('open', 'discarded')

-- name: supersede
-- Closes dead letters whose events the new table holds.
UPDATE cqrs.dead_letters
   SET state = 'superseded', closed_at = clock_timestamp(), closed_by = 'rebuild'
 WHERE subscription = %(subscription)s AND state = 'open' AND stream = ANY (%(streams)s::text[])

-- name: go_live
-- The new table is the live one, and the checkpoints are where it is.
UPDATE cqrs.subscriptions AS s
   SET read_table = %(table)s, shape = %(shape)s, position = r.position,
       changed_position = CASE WHEN %(changed)s THEN r.position + 1 ELSE s.changed_position END,
       error = NULL, deaths = 0, suspect_upto = NULL, updated_at = clock_timestamp()
  FROM unnest(%(reached)s::bigint[]) WITH ORDINALITY AS r (position, number)
 WHERE s.subscription = %(subscription)s
   AND (s.partition = r.number - 1 OR cardinality(%(reached)s::bigint[]) = 1)

-- name: replaced
-- Tables that rebuilds of a projection have replaced and that are still there.
SELECT rebuild_id, replaced FROM cqrs.rebuilds WHERE name = %(name)s AND replaced IS NOT NULL

-- name: forget_replaced
-- The replaced table is gone.
UPDATE cqrs.rebuilds SET replaced = NULL WHERE rebuild_id = %(rebuild_id)s

-- name: bound_session
-- How long this session waits for a lock, and how long its transaction may be idle; milliseconds.
SELECT set_config('lock_timeout', %(lock)s, false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false)

-- name: read_keys
-- Of the events between two positions, those whose row has one of some keys.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events
 WHERE position > %(after)s::bigint AND position <= %(upto)s::bigint
   AND type = ANY (%(types)s::text[])
   AND {key} = ANY (%(keys)s::text[])
 ORDER BY position

-- name: at
-- The events at some positions.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events
 WHERE position = ANY (%(positions)s::bigint[]) AND type = ANY (%(types)s::text[])
 ORDER BY position

-- name: drop_scratch
-- The verifier's tables.
DROP TABLE IF EXISTS pg_temp.cqrs_verify_live, pg_temp.cqrs_verify_right

-- name: read_model_health
-- What is known of read models: the live table with its shape and columns, the last verification.
SELECT d.name, s.read_table, s.shape,
       ARRAY(SELECT a.attname::text FROM pg_attribute AS a
              WHERE a.attrelid = to_regclass(quote_ident(d.schema) || '.' || quote_ident(s.read_table))
                AND a.attnum > 0 AND NOT a.attisdropped),
       v.started_at, v.position, v.checked, v.complete, v.differing
  FROM json_to_recordset(%(declared)s::json) AS d (name text, schema text)
  LEFT JOIN LATERAL (SELECT min(read_table) AS read_table, min(shape) AS shape
                       FROM cqrs.subscriptions WHERE subscription = d.name) AS s ON true
  LEFT JOIN LATERAL (SELECT * FROM cqrs.verifications AS l WHERE l.name = d.name
                      ORDER BY l.started_at DESC LIMIT 1) AS v ON true
 ORDER BY d.name

-- name: note_verified
-- What a verification came to.
INSERT INTO cqrs.verifications
    (name, position, checked, complete, differing, drift, started_at, duration)
VALUES (%(name)s, %(position)s, %(checked)s, %(complete)s, %(differing)s, %(drift)s::jsonb,
        clock_timestamp() - %(seconds)s * interval '1 second', %(seconds)s * interval '1 second')

-- name: try_verification_lock
-- The right to a verification, until this session ends. The keys: "cqrv", and the name.
SELECT pg_try_advisory_lock(1668379254, hashtext(%(name)s))

-- name: release_verification_lock
-- Gives it back.
SELECT pg_advisory_unlock(1668379254, hashtext(%(name)s))

-- name: verification_run
-- A verification that was left unfinished under the same folds.
SELECT keys, rows, excluded, position, seconds FROM cqrs.verification_runs
 WHERE name = %(name)s AND folds = %(folds)s

-- name: note_verification_run
-- How far a verification is.
INSERT INTO cqrs.verification_runs AS r (name, folds, keys, rows, excluded, position, upto, seconds)
VALUES (%(name)s, %(folds)s, %(keys)s::jsonb, %(rows)s::json, %(excluded)s::jsonb, %(position)s,
        %(upto)s, %(seconds)s)
    ON CONFLICT (name) DO UPDATE
   SET folds = EXCLUDED.folds, keys = EXCLUDED.keys, rows = EXCLUDED.rows,
       excluded = EXCLUDED.excluded, position = EXCLUDED.position, upto = EXCLUDED.upto,
       seconds = EXCLUDED.seconds, updated_at = clock_timestamp()

-- name: forget_verification_run
-- A verification is over.
DELETE FROM cqrs.verification_runs WHERE name = %(name)s

-- name: receipts_by_id
-- Receipts of these commands, as far as there are any.
SELECT command_id, name, payload_hash, status, data, error, errors, position, actor, completed_at,
       kind
  FROM cqrs.receipts
 WHERE command_id = ANY (%(ids)s::uuid[])

-- name: settled_ids
-- Those of these commands that have a final receipt.
SELECT command_id FROM cqrs.receipts
 WHERE command_id = ANY (%(ids)s::uuid[]) AND completed_at IS NOT NULL

-- name: known_by_id
-- The same for those who run commands: with the payload of one that waits without a fingerprint.
SELECT r.command_id, r.name, r.payload_hash, r.status, r.data, r.error, r.errors, r.position, r.actor,
       r.completed_at, r.kind,
       CASE WHEN r.payload_hash IS NULL THEN (
           SELECT e.payload::text FROM cqrs.enqueued_commands AS e
            WHERE e.command_id = r.command_id
       ) END AS payload
  FROM cqrs.receipts AS r
 WHERE r.command_id = ANY (%(ids)s::uuid[])

-- name: draw_numbers
-- Fresh numbers of a sequence.
SELECT nextval(%(sequence)s::regclass) FROM generate_series(1, %(count)s::int)

-- name: attribution
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

-- name: enqueue_derived
-- The same for commands whose ids follow from an event. Fails where somebody else has taken one.
SELECT cqrs.enqueue_derived(%(commands)s::jsonb)

-- name: lock_claims
-- One worker at a time chooses what to run: else two could run commands of one key side by side.
SELECT pg_advisory_xact_lock(hashtextextended('cqrs.drain', 0))

-- name: waiting_commands
-- The first commands that are due, with those of `after` that have no receipt yet, and whether one
-- of these is not even on its way. A key whose first command is rescheduled waits as a whole, and so
-- does one whose first command this worker does not know.
-- Payload and links come as text: what cannot be decoded is one command's trouble. One that is
-- `settled` has its receipt already, by a message with the same id. One that is too large to be read
-- here has no payload.
SELECT e.seq, e.command_id, e.name, e.key,
       CASE WHEN pg_column_size(e.payload) < 2000
              OR octet_length(e.payload::text) <= %(largest)s THEN e.payload::text END AS payload,
       e.actor, e.roles, e.correlation_id,
       e.causation_id, e.links::text, e.after, e.attempts, e.put_off, e.by_sender, e.schema,
       m.missing, m.unknown,
       (SELECT o.payload_hash FROM cqrs.receipts AS o WHERE o.command_id = e.command_id),
       extract(epoch FROM clock_timestamp() - e.enqueued_at)::float AS waited,
       EXISTS (SELECT FROM cqrs.receipts AS r
                WHERE r.command_id = e.command_id AND r.completed_at IS NOT NULL) AS settled
  FROM cqrs.enqueued_commands AS e,
       LATERAL (SELECT coalesce(array_agg(a.id), '{}') AS missing,
                       coalesce(bool_or(r.command_id IS NULL), false) AS unknown
                  FROM unnest(e.after) AS a(id)
                  LEFT JOIN cqrs.receipts AS r ON r.command_id = a.id
                 WHERE r.completed_at IS NULL) AS m
 WHERE e.due_at <= clock_timestamp()
   AND e.name = ANY (%(known)s::text[])
   AND (e.key IS NULL OR NOT EXISTS (
           SELECT FROM cqrs.enqueued_commands AS b
            WHERE b.key = e.key AND b.seq < e.seq
              AND (b.due_at > clock_timestamp() OR b.seq <= %(beyond)s
                   OR NOT b.name = ANY (%(known)s::text[]))))
   AND e.seq > %(beyond)s
 ORDER BY e.seq
 LIMIT %(limit)s

-- name: lease_commands
-- Takes commands for this worker until the lease ends; the attempt counts before it is made.
UPDATE cqrs.enqueued_commands
   SET attempts = attempts + 1, put_off = NULL,
       due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE command_id = ANY (%(ids)s::uuid[])

-- name: put_off_commands
-- Comes back to leased commands later, and says why: a JSON array. One that could not even be tried
-- gets its attempt back.
UPDATE cqrs.enqueued_commands AS e
   SET attempts = greatest(e.attempts - CASE WHEN p.tried THEN 0 ELSE 1 END, 0), put_off = p.reason,
       due_at = clock_timestamp() + p.seconds * interval '1 second'
  FROM jsonb_to_recordset(%(commands)s::jsonb)
       AS p (command_id uuid, reason text, tried boolean, seconds float)
 WHERE e.command_id = p.command_id

-- name: end_enqueued
-- Ends enqueued commands without running them; their receipts.
SELECT command_id, name, actor, status, error, payload_hash, position, completed_at
  FROM cqrs.end_enqueued(%(commands)s::jsonb)

-- name: reschedule_commands
-- Looks at commands again later, without counting an attempt: those that wait for others, and those
-- that a message is on its way with, however long it waits in its queue.
UPDATE cqrs.enqueued_commands
   SET due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE command_id = ANY (%(ids)s::uuid[])

-- name: look_again
-- Looks later at commands that wait for others: after a tenth of the time that they have waited, five
-- seconds at most.
UPDATE cqrs.enqueued_commands
   SET due_at = clock_timestamp() + greatest(
           %(seconds)s * interval '1 second',
           least((clock_timestamp() - enqueued_at) * 0.1, interval '5 seconds'))
 WHERE command_id = ANY (%(ids)s::uuid[])

-- name: fold_streams
-- For each stream its newest snapshot of the wanted schema version, and the events after it, in order.
SELECT w.stream, w.aggregate, coalesce(n.version, 0), coalesce(e.version, n.version, 0),
       n.state::text, e.events::text
  FROM unnest(%(streams)s::text[], %(aggregates)s::text[], %(shapes)s::smallint[])
       AS w (stream, aggregate, shape)
  LEFT JOIN cqrs.snapshots AS n USING (stream, aggregate, shape)
 CROSS JOIN LATERAL (
       SELECT max(l.version) AS version,
              json_agg(json_build_array(l.type, l.schema_version, l.data)
                       ORDER BY l.version) AS events
         FROM cqrs.events AS l
        WHERE l.stream = w.stream AND l.version > coalesce(n.version, 0)) AS e

-- name: lock_streams
-- Holds streams until the commit.
SELECT cqrs.lock_streams(%(streams)s::text[])

-- name: keep_snapshots
-- Keeps snapshots, each unless there is a newer one or one of a newer schema version.
INSERT INTO cqrs.snapshots AS s (stream, aggregate, shape, version, state)
SELECT n.stream, n.aggregate, n.shape, n.version, n.state
  FROM jsonb_to_recordset(%(snapshots)s::jsonb)
       AS n (stream text, aggregate text, shape smallint, version bigint, state jsonb)
 ORDER BY n.stream, n.aggregate
    ON CONFLICT (stream, aggregate) DO UPDATE
   SET shape = EXCLUDED.shape, version = EXCLUDED.version, state = EXCLUDED.state,
       taken_at = clock_timestamp()
 WHERE (s.shape, s.version) < (EXCLUDED.shape, EXCLUDED.version)

-- name: drop_snapshots
-- Forgets snapshots that cannot be read, unless they have been replaced meanwhile.
DELETE FROM cqrs.snapshots AS s
 USING unnest(%(streams)s::text[], %(aggregates)s::text[], %(versions)s::bigint[])
       AS w (stream, aggregate, version)
 WHERE (s.stream, s.aggregate, s.version) = (w.stream, w.aggregate, w.version)

-- name: renew_leases
-- Lets the leases that a process holds last on. One that somebody else has taken since, by another
-- attempt, is left alone, and so is one that is being settled: nobody is waited for.
UPDATE cqrs.enqueued_commands AS e
   SET due_at = clock_timestamp() + %(seconds)s * interval '1 second'
  FROM (SELECT c.seq
          FROM unnest(%(ids)s::uuid[], %(attempts)s::int[]) AS h (command_id, attempts)
          JOIN cqrs.enqueued_commands AS c USING (command_id, attempts)
         ORDER BY c.seq
           FOR UPDATE OF c SKIP LOCKED) AS held
 WHERE e.seq = held.seq

-- name: begin_event_task
-- Takes an event task for this process; the attempt counts before it is made. Nothing comes back if
-- the task was tried since its message was sent: somebody runs it, or it waits for its next try.
UPDATE cqrs.enqueued_commands
   SET put_off = NULL, attempts = attempts + 1,
       due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE command_id = %(id)s AND attempts = coalesce(%(attempts)s::int, attempts)
RETURNING attempts

-- name: put_off_event_task
-- Comes back to an event task later, and says what its last try raised.
UPDATE cqrs.enqueued_commands
   SET put_off = %(reason)s, due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE command_id = %(id)s AND attempts = %(attempts)s

-- name: keep_dead_commands
-- Keeps commands that are dead, a JSON array, in the transaction of their receipts. One that dies
-- again is open again.
INSERT INTO cqrs.dead_commands AS d
       (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id, links,
        schema, error)
SELECT n.command_id, n.name, n.payload, n.key, n.after, n.actor, n.roles, n.correlation_id,
       n.causation_id, n.links, n.schema, n.error
  FROM json_to_recordset(%(commands)s::json) AS n
       (command_id uuid, name text, payload json, key text, after uuid[], actor text, roles text[],
        correlation_id uuid, causation_id text, links json, schema text, error text)
    ON CONFLICT (command_id) DO UPDATE
   SET error = EXCLUDED.error, attempts = d.attempts + 1, last_died_at = clock_timestamp(),
       state = 'open', closed_at = NULL, closed_by = NULL

-- name: dead_commands
-- Dead commands, the latest first: the open ones or all.
SELECT command_id, name, payload::text, key, actor, roles, links::text, error, attempts,
       first_died_at, last_died_at, state, closed_at, closed_by
  FROM cqrs.dead_commands
 WHERE %(closed)s OR state = 'open'
 ORDER BY last_died_at DESC
 LIMIT %(limit)s

-- name: dead_command
-- One dead command.
SELECT command_id, name, payload::text, key, actor, roles, links::text, error, attempts,
       first_died_at, last_died_at, state, closed_at, closed_by
  FROM cqrs.dead_commands
 WHERE command_id = %(command)s

-- name: dead_command_links
-- What follows a dead command in its chain; null if nothing does.
SELECT links::text FROM cqrs.dead_commands WHERE command_id = %(command)s

-- name: dead_command_causation
-- What caused a dead command to be sent.
SELECT causation_id FROM cqrs.dead_commands WHERE command_id = %(command)s

-- name: revive_dead_command
-- Enqueues a dead command again, under its own id; false if it is closed already.
SELECT cqrs.revive_command(%(command)s, %(by)s)

-- name: revive_dead_commands
-- Enqueues a portion of the dead commands of one name again, the first that died first. Those that a
-- saga sent stay: it has gone on without them.
SELECT d.command_id
  FROM (SELECT command_id FROM cqrs.dead_commands
         WHERE state = 'open' AND name = %(name)s AND coalesce(causation_id, '') NOT LIKE 'saga:%%'
         ORDER BY first_died_at
         LIMIT %(portion)s) AS d
 WHERE cqrs.revive_command(d.command_id, %(by)s)

-- name: dead_commands_of_sagas
-- How many open dead commands of one name sagas have sent.
SELECT count(*) FROM cqrs.dead_commands
 WHERE state = 'open' AND name = %(name)s AND causation_id LIKE 'saga:%%'

-- name: discard_dead_command
-- Gives a dead command up for good; its receipt stays dead.
UPDATE cqrs.dead_commands
   SET state = 'discarded', closed_at = clock_timestamp(), closed_by = %(by)s
 WHERE command_id = %(command)s AND state = 'open'
RETURNING command_id

-- name: record_refused_message
-- Counts a message that was refused, and keeps it as the latest of its queue and reason.
INSERT INTO cqrs.refused_messages AS m (queue, reason, task, command_id, errors, first_bytes)
SELECT %(queue)s, %(reason)s, %(task)s, %(command_id)s, %(errors)s::jsonb, %(first_bytes)s
 WHERE (SELECT count(*) FROM cqrs.refused_messages) < %(most)s
    OR EXISTS (SELECT FROM cqrs.refused_messages AS k
                WHERE k.queue = %(queue)s AND k.reason = %(reason)s)
    ON CONFLICT (queue, reason) DO UPDATE
   SET count = m.count + 1, task = EXCLUDED.task, command_id = EXCLUDED.command_id,
       errors = EXCLUDED.errors, first_bytes = EXCLUDED.first_bytes,
       last_seen_at = clock_timestamp()

-- name: refused_messages
-- Messages that were refused, by queue and reason, the latest first.
SELECT queue, reason, count, task, command_id, errors, first_bytes, first_seen_at, last_seen_at
  FROM cqrs.refused_messages
 ORDER BY last_seen_at DESC

-- name: forget_refused_messages
-- Empties the list of refused messages, or one queue's; how many each row counted.
DELETE FROM cqrs.refused_messages
 WHERE %(queue)s::text IS NULL OR queue = %(queue)s
RETURNING count

-- name: tell_schemas
-- Says which shapes of commands this process knows, and that it is there.
INSERT INTO cqrs.command_schemas AS s (name, schema, unstored)
SELECT k.name, k.schema, string_to_array(k.unstored, ',')
  FROM unnest(%(names)s::text[], %(schemas)s::text[], %(unstored)s::text[])
       AS k (name, schema, unstored)
 ORDER BY k.name
    ON CONFLICT (name, schema) DO UPDATE
   SET last_seen_at = clock_timestamp(), unstored = EXCLUDED.unstored
 WHERE s.last_seen_at < clock_timestamp() - %(seconds)s * interval '1 second'
    OR s.unstored <> EXCLUDED.unstored

-- name: newer_schema
-- Whether a sender's shape of a command is for others: it was first seen after ours, or never; or a
-- worker that knows it has been there lately.
SELECT coalesce(
    (SELECT theirs.first_seen_at > ours.first_seen_at
            OR theirs.last_seen_at > clock_timestamp() - %(lately)s * interval '1 second'
       FROM cqrs.command_schemas AS theirs, cqrs.command_schemas AS ours
      WHERE (theirs.name, theirs.schema) = (%(name)s, %(theirs)s)
        AND (ours.name, ours.schema) = (%(name)s, %(ours)s)), true)

-- name: put_off_to_others
-- Lets handed-over commands wait for a worker that knows them; or until they are due, from when on
-- they have waited.
UPDATE cqrs.enqueued_commands AS e
   SET schema = coalesce(n.schema, e.schema), links = coalesce(n.links, e.links),
       enqueued_at = e.enqueued_at + %(kept)s * interval '1 second',
       due_at = clock_timestamp() + %(seconds)s * interval '1 second'
  FROM json_to_recordset(%(commands)s::json) AS n (command_id uuid, schema text, links json)
 WHERE e.command_id = n.command_id

-- name: unknown_commands
-- Commands that this worker does not know, that have waited long enough, and that no worker which was
-- there lately knows.
SELECT e.command_id, e.name, e.key, e.actor, e.roles, e.correlation_id, e.causation_id, e.links::text,
       e.after, e.schema, NULL AS payload_hash,
       CASE WHEN pg_column_size(e.payload) < 2000
              OR octet_length(e.payload::text) <= %(largest)s THEN e.payload::text END AS payload
  FROM cqrs.enqueued_commands AS e
 WHERE e.due_at <= clock_timestamp()
   AND NOT e.name = ANY (%(known)s::text[])
   AND e.enqueued_at < clock_timestamp() - %(patience)s * interval '1 second'
   AND NOT EXISTS (
       SELECT FROM cqrs.command_schemas AS s
        WHERE s.name = e.name
          AND s.last_seen_at > clock_timestamp() - %(patience)s * interval '1 second')
 ORDER BY e.seq
 LIMIT %(limit)s

-- name: enqueued_by_id
-- Those of these commands that wait, as far as there are any; payload and links as text.
SELECT e.command_id, e.name, e.payload::text, e.key, e.actor, e.roles, e.correlation_id,
       e.causation_id, e.links::text, e.after, e.attempts, e.schema, r.payload_hash
  FROM cqrs.enqueued_commands AS e
  LEFT JOIN cqrs.receipts AS r USING (command_id)
 WHERE e.command_id = ANY (%(ids)s::uuid[])

-- name: keep_subject_keys
-- New keys, by which the personal fields of these commands are sealed.
SELECT cqrs.keep_subject_keys(%(keys)s::jsonb)

-- name: forget_subjects
-- No key, no data.
SELECT cqrs.forget_subjects(%(subjects)s::text[])

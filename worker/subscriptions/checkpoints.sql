-- name: add
-- Gives subscriptions that are new a checkpoint at the beginning of the log, and a read table: the
-- one that stands behind the view. It may be an older version's, if new code is the first to run.
-- Those that have both are left out: ON CONFLICT would lock them, and so leave a mark. So are former
-- names: what had them goes on under another.
INSERT INTO cqrs.subscriptions AS s (name, read_table, shape)
SELECT n.name, coalesce(b.read_table, n.read_table),
       least(n.shape, substring(b.read_table FROM '_v(\d{1,9})$')::int)
  FROM unnest(%(names)s::text[], %(tables)s::text[], %(shapes)s::int[], %(views)s::text[])
       AS n (name, read_table, shape, view)
  LEFT JOIN LATERAL (
       SELECT min(c.relname::text) AS read_table
         FROM pg_rewrite AS w
         JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
         JOIN pg_class AS c ON c.oid = d.refobjid
        WHERE w.ev_class = to_regclass(n.view)
       HAVING count(DISTINCT c.oid) = 1) AS b ON true
 WHERE NOT EXISTS (SELECT FROM cqrs.subscriptions AS p
                    WHERE p.subscription = n.name
                      AND (p.name <> n.name OR p.read_table IS NOT NULL OR n.read_table IS NULL))
   AND NOT EXISTS (SELECT FROM cqrs.renamed_subscriptions AS r WHERE r.former = n.name)
    ON CONFLICT (name) DO UPDATE SET read_table = EXCLUDED.read_table, shape = EXCLUDED.shape
 WHERE s.read_table IS NULL AND EXCLUDED.read_table IS NOT NULL

-- name: say_what_runs
-- Says which group subscriptions run in and which events they want, for processes that only ask.
INSERT INTO cqrs.running_subscriptions AS r (subscription, run_group, event_types)
SELECT w ->> 'name', w ->> 'group', ARRAY(SELECT json_array_elements_text(w -> 'types'))
  FROM json_array_elements(%(wanted)s::json) AS w
 ORDER BY 1
    ON CONFLICT (subscription) DO UPDATE
   SET run_group = EXCLUDED.run_group, event_types = EXCLUDED.event_types,
       declared_at = clock_timestamp()
 WHERE (r.run_group, r.event_types) IS DISTINCT FROM (EXCLUDED.run_group, EXCLUDED.event_types)

-- name: checkpoints
-- How far these subscriptions have read, a row for each partition; paused ones are left out.
-- `held`: somebody has the checkpoint now. `mark`: the transaction that took it, where that was
-- rolled back and nobody has written the row since. xmax has 32 bits, and pg_xact_status wants 64:
-- the ones nearest to this snapshot's. A lock that was committed is nobody's.
SELECT name, subscription, partition, partitions, position, read_table, shape, batch_size, letters,
       deaths, coalesce(fate = 'in progress', false) AS held,
       CASE WHEN fate = 'aborted' THEN s.xmax::text END AS mark
  FROM cqrs.subscriptions AS s,
       LATERAL (SELECT s.xmax::text::bigint AS xid,
                       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS here) AS x,
       LATERAL (SELECT CASE WHEN s.xmax <> '0'::xid AND s.xmax <> s.xmin THEN pg_xact_status(
                           (here + ((xid - here + 2147483648) & 4294967295) - 2147483648
                           )::text::xid8) END AS fate) AS f
 WHERE subscription = ANY (%(names)s::text[]) AND NOT paused
 ORDER BY deaths, name

-- name: take
-- Takes a checkpoint for this transaction, if it is as it was, its table and its mark too, and
-- nobody else has it. Returns how many dead letters there are to mind. If somebody has moved it at
-- this very moment, it may be locked although no row comes back: see batch.py.
SELECT letters
  FROM cqrs.subscriptions
 WHERE name = %(name)s AND position = %(position)s AND partitions = %(partitions)s
   AND deaths = %(deaths)s AND coalesce(read_table = %(table)s, true) AND NOT paused
   AND coalesce(xmax = %(mark)s::xid, true)
   FOR UPDATE SKIP LOCKED

-- name: move
-- Moves a checkpoint forward, never back, over events that were handled.
UPDATE cqrs.subscriptions
   SET position = %(position)s, changed_position = %(position)s, error = NULL,
       deaths = CASE WHEN suspect_upto > %(position)s THEN deaths ELSE 0 END,
       updated_at = clock_timestamp()
 WHERE name = %(name)s AND position < %(position)s

-- name: change
-- Says that rows have changed although the checkpoint stays: views over them are out of date now.
UPDATE cqrs.subscriptions SET changed_position = position + 1
 WHERE subscription = %(subscription)s

-- name: pass_over
-- Moves checkpoints over a range of the log that holds nothing for them.
UPDATE cqrs.subscriptions AS s
   SET position = %(upto)s,
       deaths = CASE WHEN suspect_upto > %(upto)s THEN deaths ELSE 0 END,
       updated_at = clock_timestamp()
  FROM (SELECT s.name
          FROM cqrs.subscriptions AS s
          JOIN unnest(%(names)s::text[], %(partitions)s::smallint[]) AS w (name, partitions)
               USING (name, partitions)
         WHERE s.position = %(position)s AND NOT s.paused
           FOR UPDATE OF s SKIP LOCKED) AS mine
 WHERE s.name = mine.name

-- name: note_error
-- Keeps what went wrong for `cqrs status`. A row written anew bears no mark of who took it.
UPDATE cqrs.subscriptions SET error = %(error)s, updated_at = clock_timestamp()
 WHERE name = %(name)s

-- name: note_death
-- Counts a process that died over the events up to a position.
UPDATE cqrs.subscriptions
   SET deaths = deaths + 1, suspect_upto = %(upto)s, updated_at = clock_timestamp()
 WHERE name = %(name)s

-- name: count_dead_letters
-- Says how many dead letters the next batch has to mind: open ones, and discarded ones ahead.
UPDATE cqrs.subscriptions AS s
   SET letters = (SELECT count(*) FROM cqrs.dead_letters AS l
                   WHERE l.subscription = s.subscription
                     AND (l.state = 'open' OR l.state = 'discarded' AND l.position > s.position)),
       updated_at = clock_timestamp()
 WHERE s.name = ANY (%(names)s::text[])

-- name: checkpoints_of
-- Every checkpoint of a subscription.
SELECT name, subscription, partition, partitions, position, read_table, shape, batch_size, letters,
       deaths, false AS held, NULL AS mark
  FROM cqrs.subscriptions
 WHERE subscription = %(subscription)s
 ORDER BY name

-- name: hold
-- Every checkpoint of some subscriptions, held until the end of the transaction.
SELECT name, subscription, partition, partitions, position, read_table, shape, batch_size, letters,
       deaths, false AS held, NULL AS mark
  FROM cqrs.subscriptions
 WHERE subscription = ANY (%(subscriptions)s::text[])
 ORDER BY name
   FOR UPDATE

-- name: wipe_marks
-- Writes the checkpoints that are free anew, so that nothing is left of who took them.
UPDATE cqrs.subscriptions SET updated_at = clock_timestamp()
 WHERE name IN (SELECT name FROM cqrs.subscriptions
                 WHERE subscription = ANY (%(subscriptions)s::text[])
                   FOR UPDATE SKIP LOCKED)

-- name: pause
-- Pauses or resumes a subscription, all its partitions; a batch that runs is let finish.
UPDATE cqrs.subscriptions SET paused = %(paused)s, updated_at = clock_timestamp()
 WHERE subscription = %(subscription)s

-- name: set_batch_size
-- Sets how many events a batch holds at most; null: as the settings say.
UPDATE cqrs.subscriptions SET batch_size = %(size)s, updated_at = clock_timestamp()
 WHERE subscription = %(subscription)s

-- name: reset
-- Puts a subscription at a position, all its partitions, with nothing held against it.
UPDATE cqrs.subscriptions
   SET position = %(position)s, changed_position = %(position)s, error = NULL, deaths = 0,
       suspect_upto = NULL, updated_at = clock_timestamp()
 WHERE subscription = %(subscription)s

-- name: forgotten
-- Whether a subscription that is put back would meet events whose consequences have no receipts any
-- more: since when receipts are kept, and from which position on. They are kept for a while (days);
-- and if the command that logged the next event has none, since the oldest that there is.
WITH next AS (
    SELECT (metadata ->> 'command_id')::uuid AS command FROM cqrs.events
     WHERE position > %(position)s AND metadata ? 'command_id'
     ORDER BY position LIMIT 1
), oldest AS (
    SELECT coalesce(e.recorded_at, r.completed_at) AS at
      FROM cqrs.receipts AS r LEFT JOIN cqrs.events AS e USING (position)
     WHERE r.status <> 'dead' AND r.completed_at IS NOT NULL
     ORDER BY r.completed_at LIMIT 1
), kept AS (
    SELECT greatest(
               clock_timestamp() - %(days)s * interval '1 day',
               (SELECT coalesce((SELECT at FROM oldest), clock_timestamp()) FROM next AS n
                 WHERE NOT EXISTS (SELECT FROM cqrs.receipts AS r WHERE r.command_id = n.command))
           ) AS since
), first AS (
    SELECT recorded_at FROM cqrs.events
     WHERE position > %(position)s AND position <= %(upto)s AND type = ANY (%(types)s::text[])
     ORDER BY position LIMIT 1
)
SELECT k.since, coalesce(least(%(upto)s, (
           SELECT e.position - 1 FROM cqrs.events AS e
            WHERE e.position > %(position)s AND e.recorded_at >= k.since
            ORDER BY e.position LIMIT 1)), %(upto)s)
  FROM kept AS k, first AS f
 WHERE f.recorded_at < k.since

-- name: drop_checkpoints
-- Removes the checkpoints of a subscription, before others take their place.
DELETE FROM cqrs.subscriptions WHERE subscription = %(subscription)s
RETURNING position, changed_position, read_table, shape, paused, batch_size

-- name: add_partitions
-- Gives a subscription a checkpoint for each of its partitions, all at one position.
INSERT INTO cqrs.subscriptions
       (name, partition, partitions, position, changed_position, read_table, shape, paused,
        batch_size)
SELECT CASE WHEN %(partitions)s::int = 1 THEN %(subscription)s
            ELSE %(subscription)s || '#' || p END,
       p, %(partitions)s, %(position)s, %(changed)s, %(table)s, %(shape)s, %(paused)s, %(size)s
  FROM generate_series(0, %(partitions)s::int - 1) AS p
RETURNING name

-- name: operated
-- A subscription as a whole: its lowest position, and how it is operated.
SELECT min(position), bool_or(paused), count(*), min(batch_size)
  FROM cqrs.subscriptions
 WHERE subscription = %(subscription)s

-- name: last_position
-- The last position that anybody has drawn.
SELECT coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0)

-- name: waiting_invalidations
-- Tags that the cache has not been told of, oldest first.
SELECT invalidation_id, tags, position, subscription
  FROM cqrs.invalidations ORDER BY invalidation_id LIMIT 1000

-- name: tick_off_invalidations
-- The cache knows of these.
DELETE FROM cqrs.invalidations WHERE invalidation_id = ANY (%(ids)s::bigint[])

-- name: rename
-- Lets a subscription go on under another name; what became of that.
SELECT cqrs.rename_subscription(%(former)s, %(name)s)

-- name: rename_sagas
-- Sagas go by the new name of their kind.
UPDATE cqrs.sagas SET saga_type = %(name)s WHERE saga_type = %(former)s

-- name: claim
-- Takes read models for subscriptions; those that another one keeps, and which.
WITH wanted AS (
    SELECT w.read_model, w.name
      FROM unnest(%(models)s::text[], %(names)s::text[]) AS w (read_model, name)
), claimed AS (
    INSERT INTO cqrs.read_model_owners AS o (read_model, subscription)
    SELECT read_model, name FROM wanted ORDER BY read_model
        ON CONFLICT (read_model) DO NOTHING
    RETURNING read_model, subscription
)
SELECT w.name, w.read_model, o.subscription
  FROM wanted AS w JOIN cqrs.read_model_owners AS o USING (read_model)
 WHERE o.subscription <> w.name

-- name: owners
-- Who keeps these read models.
SELECT read_model, subscription FROM cqrs.read_model_owners
 WHERE read_model = ANY (%(models)s::text[])

-- name: note_types
-- Notes which types subscriptions name: a JSON array.
INSERT INTO cqrs.subscribed_types (subscription, type)
SELECT n.subscription, n.type
  FROM json_to_recordset(%(named)s::json) AS n (subscription text, type text)
 ORDER BY n.subscription, n.type
    ON CONFLICT DO NOTHING

-- name: lost_types
-- Types that a subscription has named, that it names no longer, and that the log holds.
SELECT t.type FROM cqrs.subscribed_types AS t
 WHERE t.subscription = %(subscription)s AND NOT t.type = ANY (%(types)s::text[])
   AND EXISTS (SELECT FROM cqrs.events AS e WHERE e.type = t.type)
 ORDER BY t.type

-- name: former_types
-- Types that subscriptions have named, all of them.
SELECT t.subscription, t.type FROM cqrs.subscribed_types AS t
 WHERE t.subscription = ANY (%(names)s::text[])

-- name: forget_types
-- A subscription's read model was built of these types alone.
DELETE FROM cqrs.subscribed_types
 WHERE subscription = %(subscription)s AND NOT type = ANY (%(types)s::text[])

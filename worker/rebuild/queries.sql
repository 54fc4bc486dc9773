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
   AND (hashtext(data ->> %(key)s::text) & 65535) %% %(parts)s::int = %(part)s::int
 ORDER BY position

-- name: sit_down
-- How a part reads: windows of the log by its primary key, one process each.
SELECT set_config('max_parallel_workers_per_gather', '0', false),
       set_config('enable_seqscan', 'off', false),
       set_config('statement_timeout', '0', false)

-- name: lock_key
-- One part at a time makes sure that the shadow table has its key. The keys: "cqrk", and the rebuild.
SELECT pg_advisory_xact_lock(1668379243, %(rebuild_id)s::int)

-- name: move_part
-- What a part has written goes up to here, unless another process has taken it over.
UPDATE cqrs.rebuild_parts SET position = %(position)s, events = events + %(events)s
 WHERE rebuild_id = %(rebuild_id)s AND part = %(part)s AND position = %(before)s

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

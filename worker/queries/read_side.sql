-- name: begin
-- One snapshot for an answer and for the positions that say how old it is.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- name: checkpoints
-- How far these projections have read the log.
SELECT name, position, has_letters FROM query.checkpoints WHERE name = ANY (%(reads)s::text[])

-- name: refreshed
-- How much of the log these materialized views hold.
SELECT view, horizon, false AS has_letters FROM query.refreshed WHERE view = ANY (%(views)s::text[])

-- name: parked
-- Dead letters that keep an event out of these projections.
SELECT name, type, letter_id
  FROM query.parked_events
 WHERE name = ANY (%(reads)s::text[]) AND position = %(after)s
 ORDER BY letter_id

-- name: last_position
-- The last position that anybody has drawn.
SELECT coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0)

-- name: audit_query
-- Keeps who asked what.
INSERT INTO cqrs.query_audit
       (query, actor, parameters, consistency, after, as_of, from_cache, stale, rows, seconds)
VALUES (%(query)s, %(actor)s, %(parameters)s::jsonb, %(consistency)s, %(after)s, %(as_of)s,
        %(from_cache)s, %(stale)s, %(rows)s, %(seconds)s)

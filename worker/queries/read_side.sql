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
SELECT name, type, letter_id, type = ANY (event_types) AS wanted
  FROM query.parked_events LEFT JOIN query.running_subscriptions USING (name)
 WHERE name = ANY (%(reads)s::text[]) AND position = %(after)s
 ORDER BY letter_id

-- name: groups
-- In which group these read models are kept.
SELECT name, run_group FROM query.running_subscriptions WHERE name = ANY (%(reads)s::text[])

-- name: materialized_views
-- Those of these names that are materialized views.
SELECT name FROM unnest(%(views)s::text[]) AS name JOIN pg_class ON oid = to_regclass(name)
 WHERE relkind = 'm'

-- name: last_position
-- The last position that anybody has drawn.
SELECT position FROM query.last_position

-- name: audit_query
-- Keeps who asked what, or was refused it.
SELECT cqrs.audit_query(jsonb_build_object(
           'query', %(query)s::text, 'actor', %(actor)s::text, 'parameters', %(parameters)s::jsonb,
           'consistency', %(consistency)s::text, 'after', %(after)s::bigint,
           'as_of', %(as_of)s::bigint, 'from_cache', %(from_cache)s::boolean,
           'stale', %(stale)s::boolean, 'rows', %(rows)s::integer,
           'seconds', %(seconds)s::double precision, 'refused', %(refused)s::boolean))

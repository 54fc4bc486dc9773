-- name: commands_are_due
-- Whether any enqueued command waits to be run now.
SELECT EXISTS (SELECT FROM cqrs.enqueued_commands WHERE due_at <= clock_timestamp())

-- name: lagging
-- Which of these subscriptions have something to read: new ones, and those below the horizon.
SELECT DISTINCT n.name
  FROM unnest(%(names)s::text[]) AS n(name)
  LEFT JOIN cqrs.subscriptions AS s ON s.subscription = n.name
 WHERE s.name IS NULL OR (NOT s.paused AND s.position < %(horizon)s)

-- name: tags_wait
-- Whether the cache has not been told of some tags for a second.
SELECT EXISTS (SELECT FROM cqrs.invalidations
                WHERE created_at < clock_timestamp() - interval '1 second')

-- name: end_horizon_holders
-- Ends who has held the horizon for longer than so many seconds; who they were, and whether it did.
SELECT pid, username, application_name, held, ended
  FROM cqrs.end_horizon_holders(%(patience)s::float8)

-- name: room
-- How many connections the server gives, and how many of them are kept for others.
SELECT current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0)

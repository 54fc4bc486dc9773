-- name: seconds_until_due
-- How long until the next enqueued command may run; NULL if none waits.
SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM cqrs.enqueued_commands

-- name: failures
-- What went wrong for good: subscriptions that fail, events that are parked, dead commands.
SELECT 'subscription ' || name || ': ' || error FROM cqrs.subscriptions WHERE error IS NOT NULL
 UNION ALL
SELECT 'event ' || type || ' at ' || position || ' (subscription ' || subscription || '): ' || error
  FROM cqrs.dead_letters WHERE state = 'open'
 UNION ALL
SELECT 'command ' || name || ' (' || command_id || '): ' || error
  FROM cqrs.dead_commands WHERE state = 'open'

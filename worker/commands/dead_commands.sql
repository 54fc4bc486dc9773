-- name: keep
-- Keeps commands that are dead, a JSON array, in the transaction of their receipts. One that dies
-- again opens its letter again.
INSERT INTO cqrs.dead_commands AS d
       (command_id, name, payload, key, actor, roles, correlation_id, causation_id, links, error)
SELECT n.command_id, n.name, n.payload, n.key, n.actor, n.roles, n.correlation_id, n.causation_id,
       n.links, n.error
  FROM json_to_recordset(%(commands)s::json) AS n
       (command_id uuid, name text, payload json, key text, actor text, roles text[],
        correlation_id uuid, causation_id text, links json, error text)
    ON CONFLICT (command_id) DO UPDATE
   SET error = EXCLUDED.error, attempts = d.attempts + 1, last_died_at = clock_timestamp(),
       state = 'open', closed_at = NULL, closed_by = NULL

-- name: commands
-- Dead commands, the latest first: the open ones or all.
SELECT command_id, name, payload, key, actor, roles, links, error, attempts, first_died_at,
       last_died_at, state, closed_at, closed_by
  FROM cqrs.dead_commands
 WHERE %(closed)s OR state = 'open'
 ORDER BY last_died_at DESC
 LIMIT %(limit)s

-- name: command
-- One dead command.
SELECT command_id, name, payload, key, actor, roles, links, error, attempts, first_died_at,
       last_died_at, state, closed_at, closed_by
  FROM cqrs.dead_commands
 WHERE command_id = %(command)s

-- name: links
-- What follows a dead command in its chain; null if nothing does.
SELECT links FROM cqrs.dead_commands WHERE command_id = %(command)s

-- name: causation
-- What caused a dead command to be sent.
SELECT causation_id FROM cqrs.dead_commands WHERE command_id = %(command)s

-- name: revive
-- Enqueues a dead command again, under its own id; false if it is closed already.
SELECT cqrs.revive_command(%(command)s, %(by)s)

-- name: close
-- Gives a dead command up for good; its receipt stays dead.
UPDATE cqrs.dead_commands
   SET state = 'discarded', closed_at = clock_timestamp(), closed_by = %(by)s
 WHERE command_id = %(command)s AND state = 'open'
RETURNING command_id

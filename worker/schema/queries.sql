-- name: live_tables
-- The table behind each read model's view, and the version of the projection it was made for.
SELECT DISTINCT s.subscription, s.read_table, s.shape FROM cqrs.subscriptions AS s
 WHERE s.read_table IS NOT NULL

-- name: permit
-- Notes schema commands that somebody sends who may write here: a JSON array.
INSERT INTO cqrs.schema_permits (command_id, name, payload, actor, roles)
SELECT c.command_id, c.name, c.payload, %(actor)s, %(roles)s::text[]
  FROM jsonb_to_recordset(%(commands)s::jsonb) AS c (command_id uuid, name text, payload jsonb)
    ON CONFLICT DO NOTHING

-- name: permitted
-- Who was permitted to send a command under this id, and whether it was this very one.
SELECT actor, roles, name = %(name)s AND payload = %(payload)s::jsonb
  FROM cqrs.schema_permits
 WHERE command_id = %(id)s

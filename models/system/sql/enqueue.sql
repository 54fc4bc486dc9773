-- Writes commands into the caller's transaction; returns one row per command, in order.
-- `reused` says that this id stands for another payload already: that command was not written.
-- A command that is there already, waiting or settled, is not written again.
CREATE FUNCTION cqrs.enqueue(commands jsonb) RETURNS TABLE (command_id uuid, reused boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH given AS (
        SELECT n.*, decode(n.payload_hash, 'hex') AS hash
          FROM jsonb_to_recordset(commands) AS n
               (ord int, command_id uuid, name text, payload jsonb, payload_hash text, key text,
                after uuid[], actor text, roles text[], correlation_id uuid, causation_id text)
    ), fresh AS (
        INSERT INTO cqrs.receipts AS r (command_id, name, payload_hash, actor, status)
        SELECT g.command_id, g.name, g.hash, g.actor, 'submitted' FROM given AS g ORDER BY g.ord
        ON CONFLICT DO NOTHING
        RETURNING r.command_id
    ), written AS (
        INSERT INTO cqrs.enqueued_commands AS e
            (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id)
        SELECT g.command_id, g.name, g.payload, g.key, coalesce(g.after, '{}'), g.actor,
               coalesce(g.roles, '{}'), g.correlation_id, g.causation_id
          FROM given AS g JOIN fresh AS f USING (command_id)
         ORDER BY g.ord
    )
    SELECT g.command_id,
           f.command_id IS NULL AND EXISTS (
               SELECT FROM cqrs.receipts AS r
                WHERE r.command_id = g.command_id
                  AND (r.payload_hash <> g.hash OR r.name <> g.name))
      FROM given AS g LEFT JOIN fresh AS f ON f.command_id = g.command_id
     ORDER BY g.ord;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.enqueue(jsonb) IS
    'Writes commands in the caller''s own transaction; the workers run them once it commits.';

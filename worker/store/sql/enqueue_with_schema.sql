-- Writes commands into the caller's transaction; returns one row per command, in order.
-- `reused` says that this id stands for another payload already: that command was not written.
-- A command that is there already, waiting or settled, is not written again. From SQL alone, leave
-- payload_hash, key, after, roles, correlation_id, causation_id and schema out as you like.
CREATE OR REPLACE FUNCTION cqrs.enqueue(commands jsonb) RETURNS TABLE (command_id uuid, reused boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH given AS (
        SELECT n.*, coalesce(decode(n.payload_hash, 'hex'),
                             substr(sha256(convert_to(n.payload::text, 'UTF8')), 1, 16)) AS hash
          FROM jsonb_to_recordset(commands) AS n
               (ord int, command_id uuid, name text, payload jsonb, payload_hash text, key text,
                after uuid[], actor text, roles text[], correlation_id uuid, causation_id text,
                schema text)
    ), first AS (
        SELECT DISTINCT ON (g.command_id) g.* FROM given AS g ORDER BY g.command_id, g.ord
    ), fresh AS (
        INSERT INTO cqrs.receipts AS r (command_id, name, payload_hash, actor, status)
        SELECT f.command_id, f.name, f.hash, f.actor, 'submitted' FROM first AS f ORDER BY f.ord
        ON CONFLICT DO NOTHING
        RETURNING r.command_id
    ), written AS (
        INSERT INTO cqrs.enqueued_commands AS e
            (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id,
             schema)
        SELECT f.command_id, f.name, f.payload, f.key, coalesce(f.after, '{}'), f.actor,
               coalesce(f.roles, '{}'), f.correlation_id, f.causation_id, f.schema
          FROM first AS f JOIN fresh USING (command_id)
         ORDER BY f.ord
    )
    SELECT g.command_id,
           g.hash <> f.hash OR g.name <> f.name OR EXISTS (
               SELECT FROM cqrs.receipts AS r
                WHERE r.command_id = g.command_id
                  AND (r.payload_hash <> g.hash OR r.name <> g.name))
      FROM given AS g JOIN first AS f ON f.command_id = g.command_id
     ORDER BY g.ord;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.enqueue(jsonb) IS
    'Writes commands in the caller''s own transaction; the workers run them once it commits.';

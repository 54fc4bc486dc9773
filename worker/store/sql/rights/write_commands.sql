-- Writes commands into the caller's transaction; for enqueue_as_writer and enqueue_as_sender, who
-- have checked whose they are. With a `sender`, nothing is taken from a command that says who it is
-- or where it comes from: not its actor, its roles, what caused it (a saga's id there would make the
-- log say that this saga's command has settled). Its fingerprint is: who lies there finds his own ids
-- taken for others.
--
-- `reused` says that an id stands for another command already. Two fingerprints are compared where
-- both are known. Of two commands without one that wait, the payloads are; where only one has one,
-- who waits for the receipt is told (CommandIdReused), since SQL cannot take fingerprints.
--
-- What must not be stored in clear is not written (see secret_fault.sql).
CREATE OR REPLACE FUNCTION cqrs.write_commands(commands jsonb, sender text)
RETURNS TABLE (command_id uuid, reused boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault      CONSTANT text   := coalesce(cqrs.enqueue_fault(commands),
                                           cqrs.secret_fault(commands));
    has_sender CONSTANT boolean := sender IS NOT NULL;
    granted    CONSTANT text[] := CASE WHEN has_sender THEN ARRAY(
        SELECT s.role FROM cqrs.sender_roles AS s WHERE s.sender = write_commands.sender ORDER BY 1
    ) END;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION '%', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    WITH given AS (
        SELECT coalesce(n.ord, n.place) AS ord, n.command_id, n.name, n.payload, n.key,
               decode(n.payload_hash, 'hex') AS hash,
               ARRAY(SELECT a FROM unnest(n.after) AS a WHERE a IS NOT NULL) AS after,
               CASE WHEN has_sender THEN sender ELSE coalesce(n.actor, session_user) END AS actor,
               CASE WHEN has_sender THEN granted
                    ELSE ARRAY(SELECT r FROM unnest(n.roles) AS r WHERE r IS NOT NULL) END AS roles,
               CASE WHEN has_sender THEN n.command_id ELSE n.correlation_id END AS correlation_id,
               CASE WHEN NOT has_sender THEN n.causation_id END AS causation_id, n.schema
          FROM ROWS FROM (jsonb_to_recordset(commands) AS
               (ord bigint, command_id uuid, name text, payload jsonb, payload_hash text, key text,
                after uuid[], actor text, roles text[], correlation_id uuid, causation_id text,
                schema text))
               WITH ORDINALITY AS n (ord, command_id, name, payload, payload_hash, key, after, actor,
                                     roles, correlation_id, causation_id, schema, place)
    ), first AS (
        SELECT DISTINCT ON (g.command_id) g.* FROM given AS g ORDER BY g.command_id, g.ord
    ), fresh AS (
        INSERT INTO cqrs.receipts AS r (command_id, name, payload_hash, actor, status)
        SELECT f.command_id, f.name, f.hash, f.actor, 'submitted'
          FROM first AS f ORDER BY f.ord
        ON CONFLICT DO NOTHING
        RETURNING r.command_id
    ), written AS (
        INSERT INTO cqrs.enqueued_commands AS e
            (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id,
             by_sender, schema)
        SELECT f.command_id, f.name, f.payload, f.key, f.after, f.actor, f.roles, f.correlation_id,
               f.causation_id, has_sender, f.schema
          FROM first AS f JOIN fresh USING (command_id)
         ORDER BY f.ord
    )
    SELECT g.command_id,
           g.name <> f.name
           OR coalesce(g.hash <> f.hash, false)
           OR (g.hash IS NULL AND f.hash IS NULL AND g.payload <> f.payload)
           OR EXISTS (
               SELECT FROM cqrs.receipts AS r
                WHERE r.command_id = g.command_id AND (r.payload_hash <> g.hash OR r.name <> g.name))
           OR (g.hash IS NULL AND EXISTS (
               SELECT FROM cqrs.receipts AS r JOIN cqrs.enqueued_commands AS e USING (command_id)
                WHERE r.command_id = g.command_id AND r.payload_hash IS NULL
                  AND (NOT has_sender OR r.actor = sender) AND e.payload <> g.payload))
      FROM given AS g JOIN first AS f ON f.command_id = g.command_id
     ORDER BY g.ord;
END
$$;
REVOKE ALL ON FUNCTION cqrs.write_commands(jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.write_commands(jsonb, text) IS
    'Writes commands for the two functions that know whose they are; nobody else may call it.';

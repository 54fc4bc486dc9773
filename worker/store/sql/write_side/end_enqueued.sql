-- Ends enqueued commands without running them: a JSON array of {"command_id", "status", "error",
-- "errors", "payload_hash"}, status `rejected` or `dead`; the hash, if the caller can read the command, is kept
-- where its receipt has none yet. Nothing of a command is decoded, so that what no program can read
-- can be ended all the same; a dead one is kept as it stands and can be retried. Its saga hears of
-- it. A command that has its receipt already keeps that. Either way it waits no longer.
CREATE OR REPLACE FUNCTION cqrs.end_enqueued(commands jsonb)
RETURNS TABLE (command_id uuid, name text, actor text, status text, error text, payload_hash bytea,
               "position" bigint, completed_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ids    uuid[] := ARRAY (SELECT (g ->> 'command_id')::uuid FROM jsonb_array_elements(commands) AS g);
    open   uuid[];
    events jsonb;
BEGIN
    -- The list first, then the receipts: the order in which a batch takes them.
    PERFORM FROM cqrs.enqueued_commands AS e WHERE e.command_id = ANY (ids) ORDER BY e.seq FOR UPDATE;
    open := ARRAY (SELECT r.command_id FROM cqrs.receipts AS r
                    WHERE r.command_id = ANY (ids) AND r.status = 'submitted'
                    ORDER BY r.command_id FOR UPDATE);

    INSERT INTO cqrs.dead_commands AS d
           (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id, links,
            schema, error)
    SELECT e.command_id, e.name, e.payload::json, e.key, e.after, e.actor, e.roles, e.correlation_id,
           e.causation_id, e.links, e.schema, g.error
      FROM jsonb_to_recordset(commands) AS g (command_id uuid, status text, error text)
      JOIN cqrs.enqueued_commands AS e USING (command_id)
     WHERE e.command_id = ANY (open) AND g.status = 'dead'
    ON CONFLICT (command_id) DO UPDATE
       SET error = EXCLUDED.error, attempts = d.attempts + 1, last_died_at = clock_timestamp(),
           state = 'open', closed_at = NULL, closed_by = NULL;

    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'stream', 'saga-' || s.saga, 'type', 'cqrs.SagaCommandSettled',
               'data', jsonb_build_object(
                   'saga_id', s.saga, 'command_id', e.command_id, 'name', e.name,
                   'status', g.status, 'data', NULL, 'error', g.error),
               'metadata', jsonb_build_object(
                   'command_id', e.command_id, 'correlation_id',
                   coalesce(e.correlation_id, e.command_id), 'causation_id', e.causation_id,
                   'actor', e.actor))), '[]')
      INTO events
      FROM jsonb_to_recordset(commands) AS g (command_id uuid, status text, error text)
      JOIN cqrs.enqueued_commands AS e USING (command_id),
           LATERAL (SELECT substr(e.causation_id, 6) AS saga) AS s
     WHERE e.command_id = ANY (open)
       AND e.causation_id ~ '^saga:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

    DELETE FROM cqrs.enqueued_commands AS e WHERE e.command_id = ANY (ids);

    RETURN QUERY
    WITH appended AS MATERIALIZED (
        SELECT (events -> (a.ord - 1) -> 'metadata' ->> 'command_id')::uuid AS command, a."position"
          FROM cqrs.append(events) AS a
    )
    UPDATE cqrs.receipts AS r
       SET status = g.status, error = g.error, errors = g.errors, completed_at = clock_timestamp(),
           payload_hash = coalesce(r.payload_hash, decode(g.payload_hash, 'hex')),
           "position" = (SELECT a."position" FROM appended AS a WHERE a.command = r.command_id)
      FROM jsonb_to_recordset(commands)
           AS g (command_id uuid, status text, error text, errors jsonb, payload_hash text)
     WHERE r.command_id = g.command_id AND r.command_id = ANY (open)
    RETURNING r.command_id, r.name, r.actor, r.status, r.error, r.payload_hash, r."position",
              r.completed_at;
END
$$;
REVOKE ALL ON FUNCTION cqrs.end_enqueued(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.end_enqueued(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.end_enqueued(jsonb) IS
    'Gives enqueued commands a rejected or dead receipt without running, or reading, them.';

-- Enqueues a schema command for the functions below, and returns its id: that of the receipt. What
-- one session or another enqueues here runs one after the other, in this order, whatever becomes of
-- each. It goes out as a message of its own (`links`), since a changeset has transactions of its own,
-- and with a permit: who may call this owns the schemas.
CREATE FUNCTION cqrs.enqueue_schema_command(name text, payload jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    before CONSTANT uuid[] := ARRAY(
        SELECT e.command_id FROM cqrs.enqueued_commands AS e
         WHERE e.key = 'cqrs.schema' ORDER BY e.seq DESC LIMIT 1);
    command_id uuid;
BEGIN
    command_id := cqrs.enqueue(name, payload, key => 'cqrs.schema', after => before,
                               roles => '{admin}');
    INSERT INTO cqrs.schema_permits (command_id, name, payload, actor, roles)
    VALUES (command_id, name, payload, session_user, '{admin}');
    UPDATE cqrs.enqueued_commands AS e SET links = '{"chain": [], "link": []}'
     WHERE e.command_id = command_id;
    RETURN command_id;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue_schema_command(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.enqueue_schema_command(text, jsonb) IS
    'Enqueues a schema command behind those that wait; returns its id. For the owner.';

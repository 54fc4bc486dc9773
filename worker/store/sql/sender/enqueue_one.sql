-- Enqueues one command, by hand or from any program that speaks SQL:
--     SELECT cqrs.enqueue('orders.cancel_order', '{"order_id": "…", "reason": "…"}');
--     SELECT cqrs.enqueue(name => '…', payload => '…', key => 'order-17');
-- Returns its id: that of the receipt. An id that is given again, for the same command, has effect
-- once. `actor` and `roles` are heard from members of cqrs_writer alone (see enqueue_as_sender).
CREATE FUNCTION cqrs.enqueue(
    name    text,
    payload jsonb,
    id      uuid   DEFAULT NULL,
    actor   text   DEFAULT session_user,
    key     text   DEFAULT NULL,
    after   uuid[] DEFAULT '{}',
    roles   text[] DEFAULT '{}'
) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    -- A UUID of version 7: the time in milliseconds in front, so that indexes grow at their end.
    command_id CONSTANT uuid := coalesce(id, (
        lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
        || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid);
    commands CONSTANT jsonb := jsonb_build_array(jsonb_build_object(
        'command_id', command_id, 'name', name, 'payload', payload, 'key', key,
        'actor', actor, 'after', after, 'roles', roles));
    fault CONSTANT text := cqrs.enqueue_fault(commands);
    other boolean;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION '%', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT e.reused INTO other FROM cqrs.enqueue(commands) AS e;
    IF other THEN
        RAISE EXCEPTION 'id % stands for another command already: give a new one, or none (name %)',
            command_id, name USING ERRCODE = 'unique_violation';
    END IF;
    RETURN command_id;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue(text, jsonb, uuid, text, text, uuid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue(text, jsonb, uuid, text, text, uuid[], text[])
   TO cqrs_writer, cqrs_sender;
COMMENT ON FUNCTION cqrs.enqueue(text, jsonb, uuid, text, text, uuid[], text[]) IS
    'Enqueues one command in the caller''s own transaction; returns its id.';

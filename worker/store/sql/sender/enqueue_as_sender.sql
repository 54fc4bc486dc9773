-- Enqueues for applications. What a command says of its actor and its roles counts for nothing: it
-- carries the user of the session, and the roles that cqrs.sender_roles grants to that one. Names
-- that change the schema, or are the engine's, are not for senders.
CREATE FUNCTION cqrs.enqueue_as_sender(commands jsonb)
RETURNS TABLE (command_id uuid, reused boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    forbidden text;
BEGIN
    IF jsonb_typeof(commands) = 'array' THEN
        SELECT c ->> 'name' INTO forbidden
          FROM jsonb_array_elements(commands) AS c
         WHERE lower(btrim(c ->> 'name')) ~ '^(schema|cqrs)\.'
         LIMIT 1;
    END IF;
    IF forbidden IS NOT NULL THEN
        RAISE EXCEPTION '% may not enqueue %: a schema change is for members of cqrs_writer',
            session_user, forbidden USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT w.command_id, w.reused FROM cqrs.write_commands(commands, session_user) AS w;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue_as_sender(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue_as_sender(jsonb) TO cqrs_sender;
COMMENT ON FUNCTION cqrs.enqueue_as_sender(jsonb) IS
    'Enqueues commands in the name of the session''s user, whatever they say.';

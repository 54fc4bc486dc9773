-- Enqueues for the engine and whoever is trusted like it: a command carries the actor and the roles
-- that it says. A session that cannot be cqrs_writer is a sender here too, however it comes in (by a
-- function of the owner's, say): somebody else's rights lend nobody a name.
CREATE FUNCTION cqrs.enqueue_as_writer(commands jsonb)
RETURNS TABLE (command_id uuid, reused boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF cqrs.session_is_writer() THEN
        RETURN QUERY SELECT w.command_id, w.reused FROM cqrs.write_commands(commands, NULL) AS w;
    ELSE
        RETURN QUERY SELECT s.command_id, s.reused FROM cqrs.enqueue_as_sender(commands) AS s;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue_as_writer(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue_as_writer(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.enqueue_as_writer(jsonb) IS
    'Enqueues commands with the actors and roles that they say.';

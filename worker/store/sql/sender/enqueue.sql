-- Writes commands into the caller's transaction; returns one row per command, in order. Each is an
-- object with `command_id`, `name` and `payload`; `ord` (its place), `key`, `after`, `actor`, `roles`,
-- `payload_hash`, `correlation_id` and `causation_id` are left out as you like.
-- `reused` says that this id stands for another command already: that one was not written. A command
-- that is there already, waiting or settled, is not written again.
--
-- It runs with the rights of whoever calls it, so that PostgreSQL itself says who is a writer: the
-- role that is in force here, not the one that a definer lends.
CREATE OR REPLACE FUNCTION cqrs.enqueue(commands jsonb)
RETURNS TABLE (command_id uuid, reused boolean)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF has_function_privilege('cqrs.enqueue_as_writer(jsonb)', 'EXECUTE') THEN
        RETURN QUERY SELECT w.command_id, w.reused FROM cqrs.enqueue_as_writer(commands) AS w;
    ELSE
        RETURN QUERY SELECT s.command_id, s.reused FROM cqrs.enqueue_as_sender(commands) AS s;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION cqrs.enqueue(jsonb) TO cqrs_sender;

-- Closes the open deployment, behind what was enqueued here before. Returns the command's id.
CREATE FUNCTION cqrs.end_deployment(message text DEFAULT '') RETURNS uuid
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.enqueue_schema_command('schema.end_deployment', jsonb_build_object('message', message));
END;
REVOKE ALL ON FUNCTION cqrs.end_deployment(text) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.end_deployment(text) IS
    'Has the open deployment closed; returns the command''s id.';

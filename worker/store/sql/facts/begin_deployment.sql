-- Opens a deployment, behind what was enqueued here before it. Returns its id.
CREATE FUNCTION cqrs.begin_deployment(name text) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.enqueue_schema_command('schema.begin_deployment', jsonb_build_object('name', name));
END;
REVOKE ALL ON FUNCTION cqrs.begin_deployment(text) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.begin_deployment(text) IS
    'Has a deployment opened; returns its id.';

-- Has a changeset executed that was recorded before, or that failed. Returns the command's id.
CREATE FUNCTION cqrs.execute_changeset(changeset_id uuid) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.enqueue_schema_command('schema.execute_changeset',
                                       jsonb_build_object('changeset_id', changeset_id));
END;
REVOKE ALL ON FUNCTION cqrs.execute_changeset(uuid) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.execute_changeset(uuid) IS
    'Has a recorded or failed changeset executed; returns the command''s id.';

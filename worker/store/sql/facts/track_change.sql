-- Records a change and, unless `atomic` is false, has it executed in one transaction:
--     SELECT cqrs.track_change(ROW(
--         ARRAY['CREATE TABLE command.users (id int PRIMARY KEY)'],
--         ARRAY['CREATE VIEW query.users AS SELECT id FROM command.users'],
--         'Add users', '1.0.0')::cqrs.change);
-- A worker does it, once this transaction commits. Returns the command's id, which is the changeset's.
CREATE FUNCTION cqrs.track_change(
    change cqrs.change, atomic boolean DEFAULT true, force boolean DEFAULT false
) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.enqueue_schema_command('schema.track_change', jsonb_build_object(
        'command_operations', to_jsonb(coalesce((change).command_operations, '{}')),
        'query_operations', to_jsonb(coalesce((change).query_operations, '{}')),
        'description', (change).description,
        'version', (change).version,
        'atomic', atomic,
        'force', force));
END;
REVOKE ALL ON FUNCTION cqrs.track_change(cqrs.change, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.track_change(cqrs.change, boolean, boolean) IS
    'Has a change of both sides recorded and executed; returns the changeset''s id.';

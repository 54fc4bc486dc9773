-- Has a materialized view refreshed; recorded in the history, and in the deployment that is open,
-- unless `skip_tracking`. Returns the command's id.
CREATE FUNCTION cqrs.refresh_query_side(view text, skip_tracking boolean DEFAULT false) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.enqueue_schema_command('schema.refresh_query_side', jsonb_build_object(
        'views', jsonb_build_array(view), 'skip_tracking', skip_tracking));
END;
REVOKE ALL ON FUNCTION cqrs.refresh_query_side(text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.refresh_query_side(text, boolean) IS
    'Has a materialized view refreshed; returns the command''s id.';

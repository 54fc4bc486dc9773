-- Has every materialized view of the schema `query` refreshed, what others are computed from first.
-- Returns the command's id; null, and nothing is enqueued, when there is none.
CREATE FUNCTION cqrs.refresh_all_materialized_views(skip_tracking boolean DEFAULT true) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.enqueue_schema_command('schema.refresh_query_side', jsonb_build_object(
               'views', v.names, 'skip_tracking', skip_tracking))
      FROM (SELECT jsonb_agg(format('%I.%I', m.schemaname, m.matviewname) ORDER BY m.matviewname) AS names
              FROM pg_matviews AS m WHERE m.schemaname = 'query') AS v
     WHERE v.names IS NOT NULL;
END;
REVOKE ALL ON FUNCTION cqrs.refresh_all_materialized_views(boolean) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.refresh_all_materialized_views(boolean) IS
    'Has every materialized view of the query side refreshed; returns the command''s id.';

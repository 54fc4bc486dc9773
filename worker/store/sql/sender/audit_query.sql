-- Keeps who asked an audited query. A sender asks in the name of its users, and may name any: so it
-- is named too, as `shop_app (user:42)`.
CREATE FUNCTION cqrs.audit_query(entry jsonb) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO cqrs.query_audit
           (query, actor, parameters, consistency, after, as_of, from_cache, stale, rows, seconds)
    SELECT e.query,
           CASE WHEN cqrs.session_is_writer() THEN e.actor
                ELSE format('%s (%s)', session_user, e.actor) END,
           e.parameters, e.consistency, e.after, e.as_of, e.from_cache, e.stale, e.rows, e.seconds
      FROM jsonb_to_record(audit_query.entry) AS e
           (query text, actor text, parameters jsonb, consistency text, after bigint, as_of bigint,
            from_cache boolean, stale boolean, rows integer, seconds double precision);
END;
REVOKE ALL ON FUNCTION cqrs.audit_query(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.audit_query(jsonb) TO cqrs_writer, cqrs_sender;
COMMENT ON FUNCTION cqrs.audit_query(jsonb) IS 'Keeps who asked an audited query.';

-- Who was refused an answer is kept too, of every query.
ALTER TABLE cqrs.query_audit ADD COLUMN refused boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN cqrs.query_audit.refused IS 'The actor may not ask this: he was shown nothing.';

-- Keeps who asked an audited query, or was refused one. A sender asks in the name of its users, and
-- may name any: so it is named too, as `shop_app (user:42)`.
CREATE OR REPLACE FUNCTION cqrs.audit_query(entry jsonb) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO cqrs.query_audit
           (query, actor, parameters, consistency, after, as_of, from_cache, stale, rows, seconds,
            refused)
    SELECT e.query,
           CASE WHEN cqrs.session_is_writer() THEN e.actor
                ELSE format('%s (%s)', session_user, e.actor) END,
           e.parameters, e.consistency, e.after, e.as_of, e.from_cache, e.stale, e.rows, e.seconds,
           coalesce(e.refused, false)
      FROM jsonb_to_record(audit_query.entry) AS e
           (query text, actor text, parameters jsonb, consistency text, after bigint, as_of bigint,
            from_cache boolean, stale boolean, rows integer, seconds double precision,
            refused boolean);
END;
COMMENT ON FUNCTION cqrs.audit_query(jsonb) IS
    'Keeps who asked an audited query, or was refused one.';

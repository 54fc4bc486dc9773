-- The one audit trigger, per statement, for any table: its argument is the primary key column.
-- It cannot be passed by: a change made without the engine is recorded under the database's user.
CREATE FUNCTION cqrs.record_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entity      text  := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    attribution jsonb := cqrs.audit_attribution();
    commands    jsonb := attribution -> 'commands';
    several     jsonb := attribution -> 'steps' -> entity;
    places      jsonb := attribution -> 'rows' -> entity;
    alone       boolean := jsonb_array_length(commands) = 1;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, new_values, actor, command_id)
        SELECT entity, r.id, 'INSERT', r.new, coalesce(r.by ->> 1, session_user),
               (r.by ->> 0)::uuid
          FROM (SELECT n.new, n.new ->> TG_ARGV[0] AS id,
                       commands -> CASE WHEN alone THEN 0
                                        ELSE (places ->> (n.new ->> TG_ARGV[0]))::int END AS by
                  FROM (SELECT to_jsonb(t) AS new FROM new_rows AS t) AS n) AS r
         WHERE several IS NULL OR NOT several ? r.id;
        IF several IS NOT NULL THEN
            PERFORM cqrs.record_audit_steps(entity, commands, several, ARRAY(
                SELECT to_jsonb(t) ->> TG_ARGV[0] FROM new_rows AS t));
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, new_values,
                                    changed_fields, actor, command_id)
        SELECT entity, r.id, 'UPDATE', d.old, d.new, d.fields,
               coalesce(r.by ->> 1, session_user), (r.by ->> 0)::uuid
          FROM (SELECT o.old, n.new, n.id,
                       commands -> CASE WHEN alone THEN 0 ELSE (places ->> n.id)::int END AS by
                  FROM (SELECT to_jsonb(t) AS new, to_jsonb(t) ->> TG_ARGV[0] AS id
                          FROM new_rows AS t) AS n
                  JOIN (SELECT to_jsonb(t) AS old, to_jsonb(t) ->> TG_ARGV[0] AS id
                          FROM old_rows AS t) AS o USING (id)) AS r,
               LATERAL (SELECT jsonb_object_agg(f.key, r.old -> f.key) AS old,
                               jsonb_object_agg(f.key, f.value) AS new,
                               array_agg(f.key ORDER BY f.key) AS fields
                          FROM jsonb_each(r.new) AS f
                         WHERE f.value IS DISTINCT FROM r.old -> f.key) AS d
         WHERE d.fields IS NOT NULL AND (several IS NULL OR NOT several ? r.id);
        IF several IS NOT NULL THEN
            PERFORM cqrs.record_audit_steps(entity, commands, several, ARRAY(
                SELECT to_jsonb(t) ->> TG_ARGV[0] FROM new_rows AS t));
        END IF;
    ELSE
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, actor, command_id)
        SELECT entity, r.id, 'DELETE', r.old, coalesce(r.by ->> 1, session_user),
               (r.by ->> 0)::uuid
          FROM (SELECT o.old, o.old ->> TG_ARGV[0] AS id,
                       commands -> CASE WHEN alone THEN 0
                                        ELSE (places ->> (o.old ->> TG_ARGV[0]))::int END AS by
                  FROM (SELECT to_jsonb(t) AS old FROM old_rows AS t) AS o) AS r
         WHERE several IS NULL OR NOT several ? r.id;
        IF several IS NOT NULL THEN
            PERFORM cqrs.record_audit_steps(entity, commands, several, ARRAY(
                SELECT to_jsonb(t) ->> TG_ARGV[0] FROM old_rows AS t));
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cqrs.record_audit() IS
    'The generic audit trigger: one row in cqrs.audit_log for each change, with who and what for.';

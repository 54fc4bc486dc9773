-- The one audit trigger, per statement, for any table. Its arguments: the primary key column, then
-- those that must not be copied (a password's hash): of these it is told that they changed, and not
-- what they held. `cqrs.audit` hangs it on a table.
--
-- Whatever changes rows is recorded: a change made without the engine, under the database's user; a
-- key that changes, as the row that went and the row that came; TRUNCATE, by CASCADE too, row by row,
-- so that a large table takes its time. What is no change of rows is not: DROP TABLE, a partition
-- that is detached. Nor what the table's owner and superusers can do: disable the trigger, or replay
-- as a replica (session_replication_role).
--
-- Which command of the running batch changed a row, the engine says once per transaction in the
-- setting cqrs.attribution:
--   {"commands": [[command id, actor], ...],
--    "rows":  {"command.products": {"<key>": <command's place>, ...}},
--    "steps": {"command.products": {"<key>": [{"by": <place>, "operation", "old", "new"}, ...]}}}
-- `rows` is left out where the batch is one command; `steps` holds the rows that several commands
-- of one batch changed, because the table itself sees only the sum of those changes.
--
-- Half of what a batch cost the server was spent here, so each row becomes JSON once: OFFSET 0 keeps
-- the planner from writing that expression out wherever its result is used.
CREATE OR REPLACE FUNCTION cqrs.record_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entity      CONSTANT text   := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    secret      CONSTANT text[] := coalesce(TG_ARGV[1:], '{}');
    attribution CONSTANT jsonb  := nullif(current_setting('cqrs.attribution', true), '')::jsonb;
    commands    CONSTANT jsonb  := attribution -> 'commands';
    places      CONSTANT jsonb  := attribution -> 'rows' -> entity;
    several     CONSTANT jsonb  := attribution -> 'steps' -> entity;
    alone       CONSTANT jsonb  := CASE jsonb_array_length(commands) WHEN 1 THEN commands -> 0 END;
    changed     text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, new_values, actor, command_id)
        SELECT entity, r.id, 'INSERT', r.new - secret, coalesce(r.by ->> 1, session_user),
               (r.by ->> 0)::uuid
          FROM (SELECT n.new, n.new ->> TG_ARGV[0] AS id,
                       coalesce(alone, commands -> (places ->> (n.new ->> TG_ARGV[0]))::int) AS by
                  FROM (SELECT to_jsonb(t) AS new FROM new_rows AS t OFFSET 0) AS n) AS r
         WHERE several IS NULL OR NOT several ? r.id;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, new_values,
                                    changed_fields, actor, command_id)
        SELECT entity, r.id,
               CASE WHEN r.old IS NULL THEN 'INSERT' WHEN r.new IS NULL THEN 'DELETE'
                    ELSE 'UPDATE' END,
               CASE WHEN r.new IS NULL THEN r.old WHEN r.old IS NOT NULL THEN d.old END - secret,
               d.new - secret,
               CASE WHEN r.old IS NOT NULL AND r.new IS NOT NULL THEN d.fields END,
               coalesce(r.by ->> 1, session_user), (r.by ->> 0)::uuid
          FROM (SELECT o.old, n.new, id, coalesce(alone, commands -> (places ->> id)::int) AS by
                  FROM (SELECT x.new, x.new ->> TG_ARGV[0] AS id
                          FROM (SELECT to_jsonb(t) AS new FROM new_rows AS t OFFSET 0) AS x) AS n
                  FULL JOIN
                       (SELECT x.old, x.old ->> TG_ARGV[0] AS id
                          FROM (SELECT to_jsonb(t) AS old FROM old_rows AS t OFFSET 0) AS x) AS o
                 USING (id)) AS r,
               LATERAL (SELECT jsonb_object_agg(f.key, r.old -> f.key) AS old,
                               jsonb_object_agg(f.key, f.value) AS new,
                               array_agg(f.key ORDER BY f.key) AS fields
                          FROM jsonb_each(r.new) AS f
                         WHERE f.value IS DISTINCT FROM r.old -> f.key) AS d
         WHERE (d.fields IS NOT NULL OR r.new IS NULL)
           AND (several IS NULL OR NOT several ? r.id);
    ELSIF TG_OP = 'TRUNCATE' THEN
        EXECUTE format(
            'INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, actor,'
            '                            command_id)'
            ' SELECT $1, r.old ->> $2, ''DELETE'', r.old - $3, coalesce($4 ->> 1, session_user),'
            '        ($4 ->> 0)::uuid'
            '   FROM (SELECT to_jsonb(t) AS old FROM %I.%I AS t OFFSET 0) AS r',
            TG_TABLE_SCHEMA, TG_TABLE_NAME)
            USING entity, TG_ARGV[0], secret, alone;
        RETURN NULL;
    ELSE
        INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, actor, command_id)
        SELECT entity, r.id, 'DELETE', r.old - secret, coalesce(r.by ->> 1, session_user),
               (r.by ->> 0)::uuid
          FROM (SELECT o.old, o.old ->> TG_ARGV[0] AS id,
                       coalesce(alone, commands -> (places ->> (o.old ->> TG_ARGV[0]))::int) AS by
                  FROM (SELECT to_jsonb(t) AS old FROM old_rows AS t OFFSET 0) AS o) AS r
         WHERE several IS NULL OR NOT several ? r.id;
    END IF;

    IF several IS NULL THEN
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT to_jsonb(t) ->> TG_ARGV[0] FROM old_rows AS t);
    ELSE
        changed := ARRAY(SELECT to_jsonb(t) ->> TG_ARGV[0] FROM new_rows AS t);
    END IF;
    PERFORM cqrs.record_audit_steps(entity, commands, several, changed, secret);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cqrs.record_audit() IS
    'The generic audit trigger: one row in cqrs.audit_log for each change, with who and what for.';

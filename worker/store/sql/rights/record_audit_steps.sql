-- Records, one by one, the changes that several commands of a batch made to the rows named in ids.
-- Of secret columns it says that they changed, and not what they held.
DROP FUNCTION cqrs.record_audit_steps(text, jsonb, jsonb, text[]);
CREATE FUNCTION cqrs.record_audit_steps(
    entity text, commands jsonb, steps jsonb, ids text[], secret text[]
) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO cqrs.audit_log (entity_type, entity_id, operation, old_values, new_values,
                                changed_fields, actor, command_id)
    SELECT entity, r.key, s.step ->> 'operation', nullif(s.step -> 'old', 'null') - secret,
           nullif(s.step -> 'new', 'null') - secret,
           CASE WHEN s.step ->> 'operation' = 'UPDATE'
                THEN array(SELECT jsonb_object_keys(s.step -> 'new') ORDER BY 1) END,
           commands -> (s.step ->> 'by')::int ->> 1,
           (commands -> (s.step ->> 'by')::int ->> 0)::uuid
      FROM jsonb_each(steps) AS r,
           jsonb_array_elements(r.value) WITH ORDINALITY AS s(step, place)
     WHERE r.key = ANY (ids)
     ORDER BY r.key, s.place
$$;
REVOKE ALL ON FUNCTION cqrs.record_audit_steps(text, jsonb, jsonb, text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.record_audit_steps(text, jsonb, jsonb, text[], text[]) IS
    'Records the changes that several commands of a batch made to the same rows.';

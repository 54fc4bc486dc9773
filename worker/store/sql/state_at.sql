-- What a row looked like at a time, from the audit log alone; null where it did not exist.
CREATE FUNCTION cqrs.state_at(entity_type text, entity_id text, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH history AS (
        SELECT a.audit_id, a.operation, a.new_values
          FROM cqrs.audit_log AS a
         WHERE a.entity_type = state_at.entity_type AND a.entity_id = state_at.entity_id
           AND a.changed_at <= state_at.at
    ), born AS (
        SELECT max(h.audit_id) AS audit_id FROM history AS h WHERE h.operation <> 'UPDATE'
    )
    SELECT jsonb_object_agg(f.key, f.value ORDER BY h.audit_id)
      FROM history AS h, jsonb_each(h.new_values) AS f
     WHERE h.audit_id >= (SELECT b.audit_id FROM born AS b);
END;
GRANT EXECUTE ON FUNCTION cqrs.state_at(text, text, timestamptz) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.state_at(text, text, timestamptz) IS
    'A row of a write table as it was at a time, folded from the audit log.';

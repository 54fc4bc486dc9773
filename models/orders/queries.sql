-- name: audit_log
-- The latest changes, of all or of one entity. JSON as text: money keeps its cents.
SELECT audit_id, entity_type, entity_id, operation, old_values::text AS old_values,
       new_values::text AS new_values, changed_fields, actor, command_id, changed_at
  FROM query.audit_log
 WHERE (%(entity_type)s::text IS NULL OR entity_type = %(entity_type)s)
   AND (%(entity_id)s::text IS NULL OR entity_id = %(entity_id)s)
 ORDER BY audit_id DESC
 LIMIT %(limit)s OFFSET %(offset)s

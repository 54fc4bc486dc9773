-- name: audit_values
-- The values of some changes. JSON as text: money keeps its cents.
SELECT audit_id, old_values::text AS old_values, new_values::text AS new_values
  FROM query.audit_log WHERE audit_id = ANY (%(ids)s::bigint[])

-- name: audit_values
-- The values of some changes. JSON as text: money keeps its cents.
SELECT audit_id, old_values::text AS old_values, new_values::text AS new_values
  FROM query.audit_log WHERE audit_id = ANY (%(ids)s::bigint[])

-- name: histories_of_orders
-- Some orders with their lines inside.
SELECT order_id, customer_id, order_number, status, total, item_count, items, created_at, updated_at
  FROM query.customer_orders
 WHERE order_id = ANY (%(order_ids)s::uuid[])

-- name: audit_values
-- The values of some changes. JSON as text: money keeps its cents.
SELECT audit_id, old_values::text AS old_values, new_values::text AS new_values
  FROM query.audit_log WHERE audit_id = ANY (%(ids)s::bigint[])

-- name: lines_of_orders
-- All lines of some orders, in the lines' order.
SELECT item_id, order_id, order_number, line, product_id, sku, product_name, quantity, unit_price,
       discount, subtotal
  FROM query.order_items
 WHERE order_id = ANY (%(order_ids)s::uuid[])
 ORDER BY order_id, line

-- name: order_by_number
-- One order by its number.
SELECT order_id, order_number, customer_id, customer_name, customer_email, status, subtotal, tax,
       shipping, total, item_count, version, notes, created_at, updated_at, cancellation_reason,
       refund_amount
  FROM query.order_summaries
 WHERE order_number = %(order_number)s

-- name: order_summary
-- One order by its id.
SELECT order_id, order_number, customer_id, customer_name, customer_email, status, subtotal, tax,
       shipping, total, item_count, version, notes, created_at, updated_at, cancellation_reason,
       refund_amount
  FROM query.order_summaries
 WHERE order_id = %(order_id)s

-- name: order_items
-- The lines of an order, in their order.
SELECT item_id, order_id, order_number, line, product_id, sku, product_name, quantity, unit_price,
       discount, subtotal
  FROM query.order_items
 WHERE order_id = %(order_id)s
 ORDER BY line

-- name: order_payments
-- The payments of an order.
SELECT payment_id, order_id, order_number, customer_id, amount, payment_method, transaction_id,
       status, refund_amount, paid_at, refunded_at
  FROM query.payments
 WHERE order_id = %(order_id)s
 ORDER BY paid_at

-- name: order_status_timeline
-- When an order took each step.
SELECT order_id, order_number, status, created_at, paid_at, processing_at, shipped_at, delivered_at,
       cancelled_at, hours_to_payment, hours_to_shipment, hours_to_delivery, hours_in_all
  FROM query.order_status_timeline
 WHERE order_id = %(order_id)s

-- name: audit_log
-- The latest changes, of all or of one entity. JSON as text: money keeps its cents.
SELECT audit_id, entity_type, entity_id, operation, old_values::text AS old_values,
       new_values::text AS new_values, changed_fields, actor, command_id, changed_at
  FROM query.audit_log
 WHERE (%(entity_type)s::text IS NULL OR entity_type = %(entity_type)s)
   AND (%(entity_id)s::text IS NULL OR entity_id = %(entity_id)s)
 ORDER BY audit_id DESC
 LIMIT %(limit)s OFFSET %(offset)s

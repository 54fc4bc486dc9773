-- What each read model must say, computed from the write tables: all columns but `updated_at`.

-- name: order_summaries
-- An order with its customer, and what was paid back.
SELECT o.order_id, o.order_number, o.customer_id, c.name AS customer_name,
       c.email AS customer_email, o.status, o.subtotal, o.tax, o.shipping, o.total, o.item_count,
       o.version, o.notes, o.created_at, o.cancellation_reason,
       coalesce((SELECT sum(p.refund_amount) FROM command.payments AS p
                  WHERE p.order_id = o.order_id), 0.00) AS refund_amount
  FROM command.orders AS o
  JOIN command.customers AS c USING (customer_id)
 ORDER BY 1

-- name: order_items
-- A line with its product and its order's number.
SELECT i.item_id, i.order_id, o.order_number, i.line, i.product_id, p.sku,
       p.name AS product_name, i.quantity, i.unit_price, i.discount, i.subtotal
  FROM command.order_items AS i
  JOIN command.orders AS o USING (order_id)
  JOIN command.products AS p USING (product_id)
 ORDER BY 1

-- name: customer_orders
-- An order with its lines inside; money within JSON is text.
SELECT o.order_id, o.customer_id, o.order_number, o.status, o.total, o.item_count,
       (SELECT jsonb_agg(jsonb_build_object(
                   'line', i.line, 'product_id', i.product_id, 'sku', p.sku,
                   'product_name', p.name, 'quantity', i.quantity,
                   'unit_price', i.unit_price::text, 'subtotal', i.subtotal::text) ORDER BY i.line)
          FROM command.order_items AS i JOIN command.products AS p USING (product_id)
         WHERE i.order_id = o.order_id) AS items,
       o.created_at
  FROM command.orders AS o
 ORDER BY 1

-- name: product_inventory
-- A product's stock; what is in open orders is counted from their lines.
SELECT p.product_id, p.sku, p.name AS product_name, p.price, p.quantity_available,
       p.quantity_reserved, p.quantity_available - p.quantity_reserved AS quantity_in_stock,
       coalesce((SELECT sum(i.quantity)
                   FROM command.order_items AS i JOIN command.orders AS o USING (order_id)
                  WHERE i.product_id = p.product_id
                    AND o.status IN ('pending', 'paid', 'processing')), 0)::int
           AS quantity_in_orders,
       p.reorder_level, p.quantity_available - p.quantity_reserved < p.reorder_level AS low_stock
  FROM command.products AS p
 ORDER BY 1

-- name: payments
-- A payment with its order's number and customer.
SELECT p.payment_id, p.order_id, o.order_number, o.customer_id, p.amount, p.payment_method,
       p.transaction_id, p.status, p.refund_amount, p.paid_at, p.refunded_at
  FROM command.payments AS p
  JOIN command.orders AS o USING (order_id)
 ORDER BY 1

-- name: order_status_timeline
-- An order's times and the hours between.
SELECT order_id, order_number, status, created_at, paid_at, processing_at, shipped_at, delivered_at,
       cancelled_at,
       round(extract(epoch FROM paid_at - created_at) / 3600, 4) AS hours_to_payment,
       round(extract(epoch FROM shipped_at - paid_at) / 3600, 4) AS hours_to_shipment,
       round(extract(epoch FROM delivered_at - shipped_at) / 3600, 4) AS hours_to_delivery,
       round(extract(epoch FROM delivered_at - created_at) / 3600, 4) AS hours_in_all
  FROM command.orders
 ORDER BY 1

-- name: revenue_by_product
-- Over orders that count.
SELECT i.product_id, p.sku, p.name AS product_name, count(DISTINCT o.order_id) AS orders_count,
       sum(i.quantity) AS units_sold, sum(i.subtotal) AS total_revenue,
       round(sum(i.subtotal) / sum(i.quantity), 2) AS average_price,
       min(i.unit_price) AS lowest_price, max(i.unit_price) AS highest_price
  FROM command.order_items AS i
  JOIN command.orders AS o USING (order_id)
  JOIN command.products AS p USING (product_id)
 WHERE o.status NOT IN ('pending', 'cancelled')
 GROUP BY i.product_id, p.sku, p.name
 ORDER BY 1

-- name: customer_lifetime_value
-- Over orders that count.
SELECT o.customer_id, c.name AS customer_name, c.email AS customer_email,
       count(*) AS total_orders, sum(o.total) AS lifetime_value,
       round(avg(o.total), 2) AS average_order_value, min(o.created_at) AS first_order_at,
       max(o.created_at) AS last_order_at
  FROM command.orders AS o
  JOIN command.customers AS c USING (customer_id)
 WHERE o.status NOT IN ('pending', 'cancelled')
 GROUP BY o.customer_id, c.name, c.email
 ORDER BY 1

-- What each read model must say, computed from the write tables: all columns but `updated_at`.

-- name: product_read_view
-- A product with the names of what it is in; the words that it is found by are asked elsewhere.
SELECT p.product_id, p.code, p.description, p.sell_price, p.cost_price, p.quantity_in_stock,
       p.minimum_stock, p.department_id, d.name AS department_name, p.unit_id, u.name AS unit_name,
       p.quantity_in_stock > 0 AS in_stock,
       p.active AND p.quantity_in_stock < p.minimum_stock AS is_low_stock,
       round(p.quantity_in_stock * coalesce(p.cost_price, 0), 2) AS stock_value,
       p.active, p.created_at
  FROM command.sales_products AS p
  LEFT JOIN command.sales_departments AS d USING (department_id)
  LEFT JOIN command.sales_units AS u USING (unit_id)
 ORDER BY 1

-- name: sales_price_history
-- A price with the one before.
SELECT price_change_id, product_id, lag(sell_price) OVER prices AS old_sell_price, sell_price,
       lag(cost_price) OVER prices AS old_cost_price, cost_price, changed_at
  FROM command.sales_price_history
WINDOW prices AS (PARTITION BY product_id ORDER BY changed_at)
 ORDER BY 1

-- name: sale_summaries
-- A sale with its customer.
SELECT s.sale_id, s.sale_number, s.customer_id, c.name AS customer_name, s.payment_type, s.status,
       s.item_count, s.total, s.paid_amount, s.change_amount, s.credited_amount, s.returned_amount,
       s.sold_at, (s.sold_at AT TIME ZONE 'UTC')::date AS sold_on
  FROM command.sales AS s
  LEFT JOIN command.sales_customers AS c USING (customer_id)
 ORDER BY 1

-- name: sale_lines
-- A line with its product; what came back of it was sold for its share of the price.
SELECT i.item_id, i.sale_id, s.sale_number, i.line, i.product_id, p.code AS product_code,
       p.description, i.quantity, i.unit_price, i.subtotal, i.returned AS returned_quantity,
       round(i.returned * i.unit_price, 2) AS returned_amount,
       (s.sold_at AT TIME ZONE 'UTC')::date AS sold_on
  FROM command.sale_items AS i
  JOIN command.sales AS s USING (sale_id)
  JOIN command.sales_products AS p USING (product_id)
 ORDER BY 1

-- name: sales_customer_accounts
-- What a customer owes is what his sales put on the balance, less what came off it and was paid.
SELECT c.customer_id, c.name, c.phone, c.credit_limit, c.balance,
       c.credit_limit - c.balance AS available_credit,
       (count(s.sale_id) FILTER (WHERE s.status <> 'returned'))::int AS purchase_count,
       coalesce(sum(s.total - s.returned_amount), 0.00) AS purchase_total,
       max(s.sold_at) AS last_purchase_at
  FROM command.sales_customers AS c
  LEFT JOIN command.sales AS s USING (customer_id)
 GROUP BY c.customer_id
 ORDER BY 1

-- name: product_sales_statistics
-- A product that was sold.
SELECT i.product_id, p.code AS product_code, p.description, count(*)::int AS line_count,
       sum(i.quantity) AS quantity_sold, sum(i.returned) AS quantity_returned,
       sum(i.subtotal - round(i.returned * i.unit_price, 2)) AS revenue,
       max(s.sold_at) AS last_sold_at
  FROM command.sale_items AS i
  JOIN command.sales AS s USING (sale_id)
  JOIN command.sales_products AS p USING (product_id)
 GROUP BY i.product_id, p.code, p.description
 ORDER BY 1

-- name: dashboard_days
-- A day's sales, net of what came back.
SELECT (sold_at AT TIME ZONE 'UTC')::date AS day,
       (count(*) FILTER (WHERE status <> 'returned'))::int AS sales_count,
       sum(total - returned_amount) AS sales_total,
       coalesce(sum(total - returned_amount) FILTER (WHERE payment_type = 'cash'), 0.00)
           AS cash_total,
       coalesce(sum(total - returned_amount) FILTER (WHERE payment_type = 'card'), 0.00)
           AS card_total,
       coalesce(sum(total - returned_amount) FILTER (WHERE payment_type = 'credit'), 0.00)
           AS credit_total
  FROM command.sales
 GROUP BY 1
 ORDER BY 1

-- name: sales_inventory
-- All stock together.
SELECT 'all' AS name, count(*)::int AS product_count,
       (count(*) FILTER (WHERE active AND quantity_in_stock < minimum_stock))::int
           AS low_stock_product_count,
       sum(round(quantity_in_stock * coalesce(cost_price, 0), 2)) AS total_inventory_value
  FROM command.sales_products

-- name: sales_summary_by_day
-- A day with sales that are not back whole.
SELECT (sold_at AT TIME ZONE 'UTC')::date AS day, count(*) AS sales_count,
       sum(total - returned_amount) AS total_sales,
       round(avg(total - returned_amount), 2) AS average_sale,
       coalesce(sum(total - returned_amount) FILTER (WHERE payment_type = 'cash'), 0.00)
           AS cash_sales,
       coalesce(sum(total - returned_amount) FILTER (WHERE payment_type = 'card'), 0.00)
           AS card_sales,
       coalesce(sum(total - returned_amount) FILTER (WHERE payment_type = 'credit'), 0.00)
           AS credit_sales
  FROM command.sales
 WHERE status <> 'returned'
 GROUP BY 1
 ORDER BY 1

-- name: balances_by_hand
-- Customers whose balance is not what their sales, returns and payments add up to: none.
SELECT c.customer_id
  FROM command.sales_customers AS c
 WHERE c.balance <> coalesce((SELECT sum(s.credited_amount - s.uncredited_amount)
                                FROM command.sales AS s WHERE s.customer_id = c.customer_id), 0)
                    - coalesce((SELECT -sum((e.data->>'balance_change')::numeric)
                                  FROM cqrs.events AS e
                                 WHERE e.stream = 'sales.customer-' || c.customer_id
                                   AND e.data->>'reason' = 'payment'), 0)

-- name: stock_by_hand
-- Products whose stock is not what their movements add up to: none.
SELECT p.product_id
  FROM command.sales_products AS p
 WHERE p.quantity_in_stock <> coalesce((SELECT sum(m.quantity_change)
                                          FROM command.sales_stock_movements AS m
                                         WHERE m.product_id = p.product_id), 0)

-- name: movements_by_hand
-- Products whose sold movements are not what their lines say: none.
SELECT p.product_id
  FROM command.sales_products AS p
 WHERE coalesce((SELECT -sum(m.quantity_change) FROM command.sales_stock_movements AS m
                  WHERE m.product_id = p.product_id AND m.sale_id IS NOT NULL), 0)
       <> coalesce((SELECT sum(i.quantity - i.returned) FROM command.sale_items AS i
                     WHERE i.product_id = p.product_id), 0)

-- What each product has brought in, over orders that are paid, processing, shipped or delivered.
-- Revenue is the sum of line subtotals: after discounts, before tax and shipping.
CREATE MATERIALIZED VIEW query.revenue_by_product AS
SELECT i.product_id,
       min(i.sku) AS sku,
       min(i.product_name) AS product_name,
       count(DISTINCT i.order_id) AS orders_count,
       sum(i.quantity) AS units_sold,
       sum(i.subtotal) AS total_revenue,
       round(sum(i.subtotal) / sum(i.quantity), 2) AS average_price,
       min(i.unit_price) AS lowest_price,
       max(i.unit_price) AS highest_price
  FROM query.order_items AS i
  JOIN query.order_summaries AS o USING (order_id)
 WHERE o.status IN ('paid', 'processing', 'shipped', 'delivered')
 GROUP BY i.product_id
  WITH DATA;
CREATE UNIQUE INDEX revenue_by_product_key ON query.revenue_by_product (product_id);
CREATE INDEX revenue_by_product_rank ON query.revenue_by_product (total_revenue DESC);
COMMENT ON MATERIALIZED VIEW query.revenue_by_product IS
    'Orders, units and revenue of each product that has been sold.';
GRANT SELECT ON query.revenue_by_product TO cqrs_reader;

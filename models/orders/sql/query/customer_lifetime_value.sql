-- What each customer has spent, over orders that are paid, processing, shipped or delivered.
-- The value is the sum of order totals: with tax and shipping, as the customer paid it.
CREATE MATERIALIZED VIEW query.customer_lifetime_value AS
SELECT o.customer_id,
       min(o.customer_name) AS customer_name,
       min(o.customer_email) AS customer_email,
       count(*) AS total_orders,
       sum(o.total) AS lifetime_value,
       round(avg(o.total), 2) AS average_order_value,
       min(o.created_at) AS first_order_at,
       max(o.created_at) AS last_order_at
  FROM query.order_summaries AS o
 WHERE o.status IN ('paid', 'processing', 'shipped', 'delivered')
 GROUP BY o.customer_id
  WITH DATA;
CREATE UNIQUE INDEX customer_lifetime_value_key ON query.customer_lifetime_value (customer_id);
CREATE INDEX customer_lifetime_value_rank ON query.customer_lifetime_value (lifetime_value DESC);
COMMENT ON MATERIALIZED VIEW query.customer_lifetime_value IS
    'Orders and spending of each customer who has paid for something.';
GRANT SELECT ON query.customer_lifetime_value TO cqrs_reader;

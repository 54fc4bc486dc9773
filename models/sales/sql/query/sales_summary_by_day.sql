-- Sales of each day, as the shop's clock has it (`sold_on` is stored by the projection): net of what
-- came back, and without sales that came back whole.
CREATE MATERIALIZED VIEW query.sales_summary_by_day AS
SELECT s.sold_on AS day,
       count(*) AS sales_count,
       sum(s.total - s.returned_amount) AS total_sales,
       round(avg(s.total - s.returned_amount), 2) AS average_sale,
       sum(CASE s.payment_type WHEN 'cash' THEN s.total - s.returned_amount ELSE 0.00 END)
           AS cash_sales,
       sum(CASE s.payment_type WHEN 'card' THEN s.total - s.returned_amount ELSE 0.00 END)
           AS card_sales,
       sum(CASE s.payment_type WHEN 'credit' THEN s.total - s.returned_amount ELSE 0.00 END)
           AS credit_sales
  FROM query.sale_summaries AS s
 WHERE s.status <> 'returned'
 GROUP BY s.sold_on
  WITH DATA;
CREATE UNIQUE INDEX sales_summary_by_day_key ON query.sales_summary_by_day (day);
COMMENT ON MATERIALIZED VIEW query.sales_summary_by_day IS
    'Number, total and average of the sales of each day, and cash, card and credit apart.';
GRANT SELECT ON query.sales_summary_by_day TO cqrs_reader;

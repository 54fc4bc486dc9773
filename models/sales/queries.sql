-- name: search_products
-- Products whose words begin like all of the words asked for, the best fit first; behind a row that
-- was the last of the page before, if there is one.
WITH found AS (
    SELECT product_id, code, description, sell_price, quantity_in_stock, department_name,
           in_stock, is_low_stock,
           ts_rank(setweight(to_tsvector('simple', search_code), 'A')
                   || setweight(to_tsvector('simple', search_text), 'B'),
                   %(words)s::tsquery)::numeric(12, 8) AS rank
      FROM query.product_read_view
     WHERE (setweight(to_tsvector('simple', search_code), 'A')
            || setweight(to_tsvector('simple', search_text), 'B')) @@ %(words)s::tsquery
       AND active
       AND (%(department_id)s::uuid IS NULL OR department_id = %(department_id)s::uuid)
       AND (in_stock OR NOT %(in_stock_only)s::boolean))
SELECT * FROM found
 WHERE %(rank)s::numeric IS NULL
    OR rank < %(rank)s::numeric
    OR (rank = %(rank)s::numeric AND code > %(code)s::text)
 ORDER BY rank DESC, code
 LIMIT %(limit)s

-- name: count_products
-- How many products a search finds, on whatever page.
SELECT count(*) AS total
  FROM query.product_read_view
 WHERE (setweight(to_tsvector('simple', search_code), 'A')
        || setweight(to_tsvector('simple', search_text), 'B')) @@ %(words)s::tsquery
   AND active
   AND (%(department_id)s::uuid IS NULL OR department_id = %(department_id)s::uuid)
   AND (in_stock OR NOT %(in_stock_only)s::boolean)

-- name: report_by_day
-- Sales of each day between two, both included.
SELECT sold_on::text AS label, count(*) AS sales_count, NULL::numeric AS quantity,
       sum(total - returned_amount) AS total
  FROM query.sale_summaries
 WHERE sold_on BETWEEN %(since)s AND %(until)s AND status <> 'returned'
 GROUP BY sold_on
 ORDER BY sold_on

-- name: report_by_payment_type
-- Sales of each way to pay between two days, both included.
SELECT payment_type AS label, count(*) AS sales_count, NULL::numeric AS quantity,
       sum(total - returned_amount) AS total
  FROM query.sale_summaries
 WHERE sold_on BETWEEN %(since)s AND %(until)s AND status <> 'returned'
 GROUP BY payment_type
 ORDER BY payment_type

-- name: report_by_product
-- Lines of each product between two days, both included, without those that came back whole.
SELECT product_code AS label, count(DISTINCT sale_id) AS sales_count,
       sum(quantity - returned_quantity) AS quantity, sum(subtotal - returned_amount) AS total
  FROM query.sale_lines
 WHERE sold_on BETWEEN %(since)s AND %(until)s AND returned_quantity < quantity
 GROUP BY product_code
 ORDER BY sum(subtotal - returned_amount) DESC, product_code

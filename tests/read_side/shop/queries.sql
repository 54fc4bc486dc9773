-- name: item
-- One item.
SELECT * FROM query.shop_items WHERE item = %(item)s

-- name: customer
-- One customer.
SELECT * FROM query.shop_customers WHERE customer = %(customer)s

-- name: totals
-- How many pieces were sold in all, as of the last refresh.
SELECT sold FROM query.shop_totals

-- name: changes
-- How many changes the audit trail holds.
SELECT count(*) AS changes FROM query.audit_log

-- name: try_to_delete
-- What a query must not do.
DELETE FROM query.shop_items_v1 RETURNING *

-- name: try_to_look_aside
-- What a query must not see.
SELECT * FROM cqrs.events

-- name: as_number
-- Fails on a value that is no number.
SELECT %(text)s::integer AS changes

-- name: slow
-- Takes its time.
SELECT count(*) AS changes FROM pg_sleep(30)

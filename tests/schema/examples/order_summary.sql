--! description: Add order management system
--! version: 1.0.0

--! command
CREATE TABLE command.orders (id uuid PRIMARY KEY, user_id int, total decimal);
--! undo
DROP TABLE command.orders;

CREATE TABLE command.order_items (
    id uuid PRIMARY KEY, order_id uuid, product_id int, quantity int
);
--! undo
DROP TABLE command.order_items;

--! query
CREATE MATERIALIZED VIEW query.order_summary AS
SELECT user_id, COUNT(*) AS order_count, SUM(total) AS total_spent
  FROM command.orders GROUP BY user_id;
--! undo
DROP MATERIALIZED VIEW query.order_summary;

-- A customer's history: one row an order, with its lines in `items`, so that a page is one read.
CREATE TABLE query.customer_orders_v1 (
    order_id     uuid PRIMARY KEY,
    customer_id  uuid NOT NULL,
    order_number text NOT NULL,
    status       text NOT NULL,
    total        numeric(14, 2) NOT NULL,
    item_count   integer NOT NULL,
    items        jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX customer_orders_v1_by_customer ON query.customer_orders_v1 (customer_id, created_at);
CREATE VIEW query.customer_orders AS SELECT * FROM query.customer_orders_v1;

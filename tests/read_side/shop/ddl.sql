CREATE TABLE query.shop_items_v1 (
    item    text PRIMARY KEY,
    sold    integer NOT NULL,
    revenue numeric(14, 2) NOT NULL,
    grade   text,
    code    uuid,
    last_at timestamptz NOT NULL
);
CREATE VIEW query.shop_items AS SELECT * FROM query.shop_items_v1;
CREATE TABLE query.shop_customers_v1 (
    customer text PRIMARY KEY,
    bought   integer NOT NULL
);
CREATE VIEW query.shop_customers AS SELECT * FROM query.shop_customers_v1;
CREATE MATERIALIZED VIEW query.shop_totals AS
SELECT 1 AS one, coalesce(sum(sold), 0)::integer AS sold FROM query.shop_items;
CREATE UNIQUE INDEX shop_totals_one ON query.shop_totals (one);

CREATE TABLE query.depot_orders_v1 (
    order_id   uuid PRIMARY KEY,
    customer   text NOT NULL,
    total      numeric(14, 2) NOT NULL,
    shipped    boolean NOT NULL,
    changes    integer NOT NULL CHECK (changes >= 0),
    note       text,
    lines      jsonb NOT NULL,
    labels     text[] NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 77);
CREATE INDEX depot_orders_v1_by_customer ON query.depot_orders_v1 (customer, updated_at);
CREATE VIEW query.depot_orders AS SELECT * FROM query.depot_orders_v1;
CREATE TABLE query.depot_stock_v1 (product text PRIMARY KEY, taken integer NOT NULL);
CREATE VIEW query.depot_stock AS SELECT * FROM query.depot_stock_v1;

CREATE TABLE query.order_items_v1 (
    item_id      uuid PRIMARY KEY,
    order_id     uuid NOT NULL,
    order_number text NOT NULL,
    line         integer NOT NULL,
    product_id   uuid NOT NULL,
    sku          text NOT NULL,
    product_name text NOT NULL,
    quantity     integer NOT NULL,
    unit_price   numeric(14, 2) NOT NULL,
    discount     numeric(5, 4) NOT NULL,
    subtotal     numeric(14, 2) NOT NULL
);
CREATE INDEX order_items_v1_by_order ON query.order_items_v1 (order_id, line);
CREATE INDEX order_items_v1_by_product ON query.order_items_v1 (product_id);
CREATE VIEW query.order_items AS SELECT * FROM query.order_items_v1;

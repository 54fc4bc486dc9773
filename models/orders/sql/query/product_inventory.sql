-- available: on the shelf. reserved: of these, promised to open orders. in_stock: can still be sold.
-- in_orders: pieces in pending, paid and processing orders, counted from the orders' side.
CREATE TABLE query.product_inventory_v1 (
    product_id         uuid PRIMARY KEY,
    sku                text NOT NULL,
    product_name       text NOT NULL,
    price              numeric(14, 2) NOT NULL,
    quantity_available integer NOT NULL,
    quantity_reserved  integer NOT NULL,
    quantity_in_stock  integer NOT NULL,
    quantity_in_orders integer NOT NULL,
    reorder_level      integer NOT NULL,
    low_stock          boolean NOT NULL,
    updated_at         timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX product_inventory_v1_by_name ON query.product_inventory_v1 (product_name);
CREATE INDEX product_inventory_v1_low ON query.product_inventory_v1 (product_name) WHERE low_stock;
CREATE VIEW query.product_inventory AS SELECT * FROM query.product_inventory_v1;

CREATE TABLE command.sale_items (
    item_id    uuid PRIMARY KEY,
    sale_id    uuid NOT NULL REFERENCES command.sales,
    line       integer NOT NULL,
    product_id uuid NOT NULL REFERENCES command.sales_products,
    quantity   numeric(13, 3) NOT NULL,
    returned   numeric(13, 3) NOT NULL,
    unit_price numeric(14, 2) NOT NULL,
    subtotal   numeric(14, 2) NOT NULL,
    CONSTRAINT sale_items_line_once UNIQUE (sale_id, line),
    CONSTRAINT sale_items_counts_from_one CHECK (line >= 1 AND quantity > 0 AND unit_price >= 0),
    CONSTRAINT sale_items_returned_within CHECK (returned BETWEEN 0 AND quantity),
    CONSTRAINT sale_items_subtotal_right CHECK (subtotal = round(unit_price * quantity, 2))
);
CREATE INDEX sale_items_of_product ON command.sale_items (product_id);
SELECT cqrs.audit('command.sale_items', 'item_id');

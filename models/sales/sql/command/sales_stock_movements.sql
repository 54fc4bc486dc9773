CREATE TABLE command.sales_stock_movements (
    movement_id       uuid PRIMARY KEY,
    product_id        uuid NOT NULL REFERENCES command.sales_products,
    sale_id           uuid REFERENCES command.sales,
    quantity_change   numeric(13, 3) NOT NULL,
    quantity_in_stock numeric(13, 3) NOT NULL,
    reason            text NOT NULL,
    adjusted_at       timestamptz NOT NULL,
    CONSTRAINT sales_stock_movements_move CHECK (quantity_change <> 0 AND quantity_in_stock >= 0)
);
CREATE INDEX sales_stock_movements_of_product
    ON command.sales_stock_movements (product_id, adjusted_at);
CREATE INDEX sales_stock_movements_of_sale ON command.sales_stock_movements (sale_id);
SELECT cqrs.audit('command.sales_stock_movements', 'movement_id');

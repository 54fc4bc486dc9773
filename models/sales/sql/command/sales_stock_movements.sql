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

CREATE TRIGGER audit_insert AFTER INSERT ON command.sales_stock_movements
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('movement_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.sales_stock_movements
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('movement_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.sales_stock_movements
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('movement_id');

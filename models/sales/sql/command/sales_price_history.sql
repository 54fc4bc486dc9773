CREATE TABLE command.sales_price_history (
    price_change_id uuid PRIMARY KEY,
    product_id      uuid NOT NULL REFERENCES command.sales_products,
    sell_price      numeric(14, 2) NOT NULL,
    cost_price      numeric(14, 2),
    changed_at      timestamptz NOT NULL,
    CONSTRAINT sales_price_history_positive CHECK (sell_price >= 0 AND cost_price >= 0)
);
CREATE INDEX sales_price_history_of_product
    ON command.sales_price_history (product_id, changed_at);

CREATE TRIGGER audit_insert AFTER INSERT ON command.sales_price_history
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('price_change_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.sales_price_history
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('price_change_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.sales_price_history
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('price_change_id');

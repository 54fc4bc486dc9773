CREATE TABLE command.order_items (
    item_id    uuid PRIMARY KEY,
    order_id   uuid NOT NULL REFERENCES command.orders,
    line       integer NOT NULL,
    product_id uuid NOT NULL REFERENCES command.products,
    quantity   integer NOT NULL,
    unit_price numeric(14, 2) NOT NULL,
    discount   numeric(5, 4) NOT NULL,
    subtotal   numeric(14, 2) NOT NULL,
    CONSTRAINT order_items_line_once UNIQUE (order_id, line),
    CONSTRAINT order_items_counts_from_one CHECK (line >= 1 AND quantity >= 1),
    CONSTRAINT order_items_price_positive CHECK (unit_price >= 0 AND discount BETWEEN 0 AND 1),
    CONSTRAINT order_items_subtotal_right CHECK (
        subtotal = round(unit_price * quantity * (1 - discount), 2))
);
CREATE INDEX order_items_of_product ON command.order_items (product_id);

CREATE TRIGGER audit_insert AFTER INSERT ON command.order_items
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.order_items
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.order_items
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');

-- products_never_oversold stands behind every rule about stock: nothing is promised twice.
CREATE TABLE command.products (
    product_id         uuid PRIMARY KEY,
    sku                text NOT NULL,
    name               text NOT NULL,
    description        text NOT NULL,
    price              numeric(14, 2) NOT NULL,
    cost               numeric(14, 2) NOT NULL,
    quantity_available integer NOT NULL,
    quantity_reserved  integer NOT NULL,
    reorder_level      integer NOT NULL,
    created_at         timestamptz NOT NULL,
    CONSTRAINT products_sku_once UNIQUE (sku),
    CONSTRAINT products_name_given CHECK (name <> '' AND sku <> ''),
    CONSTRAINT products_figures_positive CHECK (price >= 0 AND cost >= 0 AND reorder_level >= 0),
    CONSTRAINT products_never_oversold CHECK (
        quantity_reserved BETWEEN 0 AND quantity_available)
) WITH (fillfactor = 70);

CREATE TRIGGER audit_insert AFTER INSERT ON command.products
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('product_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('product_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.products
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('product_id');

-- A status says which times are known: an order that is shipped has been paid, and so on.
CREATE TABLE command.orders (
    order_id            uuid PRIMARY KEY,
    order_number        text NOT NULL,
    customer_id         uuid NOT NULL REFERENCES command.customers,
    status              text NOT NULL,
    item_count          integer NOT NULL,
    subtotal            numeric(14, 2) NOT NULL,
    tax_rate            numeric(5, 4) NOT NULL,
    tax                 numeric(14, 2) NOT NULL,
    shipping            numeric(14, 2) NOT NULL,
    total               numeric(14, 2) NOT NULL,
    notes               text NOT NULL,
    version             integer NOT NULL,
    created_at          timestamptz NOT NULL,
    paid_at             timestamptz,
    processing_at       timestamptz,
    shipped_at          timestamptz,
    delivered_at        timestamptz,
    cancelled_at        timestamptz,
    cancellation_reason text,
    CONSTRAINT orders_number_once UNIQUE (order_number),
    CONSTRAINT orders_number_form CHECK (order_number LIKE 'ORD-____-_____%'),
    CONSTRAINT orders_counts_from_one CHECK (version >= 1 AND item_count >= 1),
    CONSTRAINT orders_amounts_positive CHECK (subtotal >= 0 AND tax_rate >= 0 AND shipping >= 0),
    CONSTRAINT orders_tax_right CHECK (tax = round(subtotal * tax_rate, 2) AND tax_rate <= 1),
    CONSTRAINT orders_total_right CHECK (total = subtotal + tax + shipping),
    CONSTRAINT orders_reason_if_cancelled CHECK (
        (status = 'cancelled') = (cancellation_reason IS NOT NULL)),
    CONSTRAINT orders_status_with_its_times CHECK (CASE status
        WHEN 'pending' THEN
            num_nonnulls(paid_at, processing_at, shipped_at, delivered_at, cancelled_at) = 0
        WHEN 'paid' THEN paid_at IS NOT NULL
            AND num_nonnulls(processing_at, shipped_at, delivered_at, cancelled_at) = 0
        WHEN 'processing' THEN num_nulls(paid_at, processing_at) = 0
            AND num_nonnulls(shipped_at, delivered_at, cancelled_at) = 0
        WHEN 'shipped' THEN num_nulls(paid_at, processing_at, shipped_at) = 0
            AND num_nonnulls(delivered_at, cancelled_at) = 0
        WHEN 'delivered' THEN num_nulls(paid_at, processing_at, shipped_at, delivered_at) = 0
            AND cancelled_at IS NULL
        WHEN 'cancelled' THEN cancelled_at IS NOT NULL
            AND num_nonnulls(shipped_at, delivered_at) = 0
        ELSE false END)
) WITH (fillfactor = 70);
CREATE INDEX orders_of_customer ON command.orders (customer_id, created_at);

CREATE TRIGGER audit_insert AFTER INSERT ON command.orders
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.orders
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');

-- Each status implies which times are known: an order that is shipped has been paid, and so on.
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
    CONSTRAINT orders_number_form CHECK (order_number ~ '^ORD-\d{4}-\d{5,}$'),
    CONSTRAINT orders_status_known CHECK (
        status IN ('pending', 'paid', 'processing', 'shipped', 'delivered', 'cancelled')),
    CONSTRAINT orders_version_counts CHECK (version >= 1),
    CONSTRAINT orders_have_lines CHECK (item_count >= 1),
    CONSTRAINT orders_tax_rate_share CHECK (tax_rate BETWEEN 0 AND 1),
    CONSTRAINT orders_amounts_positive CHECK (subtotal >= 0 AND tax >= 0 AND shipping >= 0),
    CONSTRAINT orders_tax_right CHECK (tax = round(subtotal * tax_rate, 2)),
    CONSTRAINT orders_total_right CHECK (total = subtotal + tax + shipping),
    CONSTRAINT orders_cancelled_with_reason CHECK (
        (status = 'cancelled') = (cancelled_at IS NOT NULL)
        AND (status = 'cancelled') = (cancellation_reason IS NOT NULL)),
    CONSTRAINT orders_paid_before_more CHECK (CASE status
        WHEN 'pending' THEN paid_at IS NULL
        WHEN 'cancelled' THEN true
        ELSE paid_at IS NOT NULL END),
    CONSTRAINT orders_step_by_step CHECK (
        (processing_at IS NULL OR paid_at IS NOT NULL)
        AND (status IN ('shipped', 'delivered')) = (shipped_at IS NOT NULL)
        AND (status = 'delivered') = (delivered_at IS NOT NULL)
        AND (shipped_at IS NULL OR processing_at IS NOT NULL)
        AND (status <> 'paid' OR processing_at IS NULL)
        AND (status <> 'processing' OR processing_at IS NOT NULL))
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

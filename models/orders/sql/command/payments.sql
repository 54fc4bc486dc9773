CREATE TABLE command.payments (
    payment_id     uuid PRIMARY KEY,
    order_id       uuid NOT NULL REFERENCES command.orders,
    amount         numeric(14, 2) NOT NULL,
    payment_method text NOT NULL,
    transaction_id text,
    status         text NOT NULL,
    refund_amount  numeric(14, 2) NOT NULL,
    paid_at        timestamptz NOT NULL,
    refunded_at    timestamptz,
    CONSTRAINT payments_transaction_once UNIQUE (transaction_id),
    CONSTRAINT payments_status_known CHECK (status IN ('paid', 'refunded')),
    CONSTRAINT payments_amount_positive CHECK (amount >= 0),
    CONSTRAINT payments_refund_within CHECK (refund_amount BETWEEN 0 AND amount),
    CONSTRAINT payments_refunded_with_time CHECK (
        (status = 'refunded') = (refunded_at IS NOT NULL)
        AND (status = 'refunded' OR refund_amount = 0))
);
CREATE INDEX payments_of_order ON command.payments (order_id);
CREATE UNIQUE INDEX payments_paid_once ON command.payments (order_id) WHERE status = 'paid';

CREATE TRIGGER audit_insert AFTER INSERT ON command.payments
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('payment_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.payments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('payment_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.payments
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('payment_id');

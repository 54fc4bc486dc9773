CREATE TABLE query.payments_v1 (
    payment_id     uuid PRIMARY KEY,
    order_id       uuid NOT NULL,
    order_number   text NOT NULL,
    customer_id    uuid NOT NULL,
    amount         numeric(14, 2) NOT NULL,
    payment_method text NOT NULL,
    transaction_id text,
    status         text NOT NULL,
    refund_amount  numeric(14, 2) NOT NULL,
    paid_at        timestamptz NOT NULL,
    refunded_at    timestamptz
);
CREATE INDEX payments_v1_by_order ON query.payments_v1 (order_id);
CREATE VIEW query.payments AS SELECT * FROM query.payments_v1;

CREATE TABLE query.order_summaries_v1 (
    order_id            uuid PRIMARY KEY,
    order_number        text NOT NULL,
    customer_id         uuid NOT NULL,
    customer_name       text NOT NULL,
    customer_email      text NOT NULL,
    status              text NOT NULL,
    subtotal            numeric(14, 2) NOT NULL,
    tax                 numeric(14, 2) NOT NULL,
    shipping            numeric(14, 2) NOT NULL,
    total               numeric(14, 2) NOT NULL,
    item_count          integer NOT NULL,
    version             integer NOT NULL,
    notes               text NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    cancellation_reason text,
    refund_amount       numeric(14, 2) NOT NULL
);
CREATE UNIQUE INDEX order_summaries_v1_by_number ON query.order_summaries_v1 (order_number);
CREATE INDEX order_summaries_v1_by_customer ON query.order_summaries_v1 (customer_id, created_at);
CREATE INDEX order_summaries_v1_by_status ON query.order_summaries_v1 (status, created_at);
CREATE INDEX order_summaries_v1_by_time ON query.order_summaries_v1 (created_at);
CREATE VIEW query.order_summaries AS SELECT * FROM query.order_summaries_v1;

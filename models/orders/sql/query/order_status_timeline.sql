-- Hours of each step: taken to paid, paid to shipped, shipped to delivered; in_all: taken to delivered.
CREATE TABLE query.order_status_timeline_v1 (
    order_id          uuid PRIMARY KEY,
    order_number      text NOT NULL,
    status            text NOT NULL,
    created_at        timestamptz NOT NULL,
    paid_at           timestamptz,
    processing_at     timestamptz,
    shipped_at        timestamptz,
    delivered_at      timestamptz,
    cancelled_at      timestamptz,
    hours_to_payment  numeric(12, 4),
    hours_to_shipment numeric(12, 4),
    hours_to_delivery numeric(12, 4),
    hours_in_all      numeric(12, 4)
);
CREATE VIEW query.order_status_timeline AS SELECT * FROM query.order_status_timeline_v1;

-- Transfers, and how each of them ended.
CREATE TABLE query.transfers_v1 (
    transfer_id     uuid PRIMARY KEY,
    from_account_id uuid NOT NULL,
    to_account_id   uuid NOT NULL,
    amount          numeric(14, 2) NOT NULL,
    currency        text NOT NULL,
    status          text NOT NULL,
    reason          text,
    requested_at    timestamptz NOT NULL,
    ended_at        timestamptz
);
CREATE VIEW query.transfers AS SELECT * FROM query.transfers_v1;

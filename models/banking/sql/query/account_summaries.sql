-- Accounts at a glance. `transaction_count` counts every time that the balance changed.
CREATE TABLE query.account_summaries_v1 (
    account_id        uuid PRIMARY KEY,
    owner             text NOT NULL,
    currency          text NOT NULL,
    balance           numeric(14, 2) NOT NULL,
    transaction_count integer NOT NULL,
    last_activity     timestamptz NOT NULL,
    status            text NOT NULL
);
CREATE INDEX account_summaries_v1_by_balance ON query.account_summaries_v1 (balance, account_id);
CREATE VIEW query.account_summaries AS SELECT * FROM query.account_summaries_v1;

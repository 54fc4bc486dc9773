-- sales_customers_within_limit stands behind every sale on credit. A balance below 0 is what the
-- shop owes: a sale on credit came back after it was paid off.
CREATE TABLE command.sales_customers (
    customer_id  uuid PRIMARY KEY,
    name         text NOT NULL,
    phone        text,
    credit_limit numeric(14, 2) NOT NULL,
    balance      numeric(14, 2) NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT sales_customers_name_given CHECK (name <> ''),
    CONSTRAINT sales_customers_limit_positive CHECK (credit_limit >= 0),
    CONSTRAINT sales_customers_within_limit CHECK (balance <= credit_limit)
) WITH (fillfactor = 70);
SELECT cqrs.audit('command.sales_customers', 'customer_id');

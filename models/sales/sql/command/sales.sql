-- uncredited_amount is how much of the credited amount came off the balance again by returns.
CREATE TABLE command.sales (
    sale_id           uuid PRIMARY KEY,
    sale_number       text NOT NULL,
    customer_id       uuid REFERENCES command.sales_customers,
    payment_type      text NOT NULL,
    status            text NOT NULL,
    item_count        integer NOT NULL,
    total             numeric(14, 2) NOT NULL,
    paid_amount       numeric(14, 2) NOT NULL,
    change_amount     numeric(14, 2) NOT NULL,
    credited_amount   numeric(14, 2) NOT NULL,
    returned_amount   numeric(14, 2) NOT NULL,
    uncredited_amount numeric(14, 2) NOT NULL,
    sold_at           timestamptz NOT NULL,
    CONSTRAINT sales_number_once UNIQUE (sale_number),
    CONSTRAINT sales_has_lines CHECK (item_count >= 1),
    CONSTRAINT sales_payment_known CHECK (payment_type IN ('cash', 'card', 'credit')),
    CONSTRAINT sales_paid_whole CHECK (total = paid_amount - change_amount + credited_amount),
    CONSTRAINT sales_amounts_positive CHECK (
        total >= 0 AND paid_amount >= 0 AND change_amount >= 0 AND credited_amount >= 0),
    CONSTRAINT sales_change_of_cash CHECK (change_amount = 0 OR payment_type = 'cash'),
    CONSTRAINT sales_credit_to_somebody CHECK (
        credited_amount = 0 OR payment_type = 'credit' AND customer_id IS NOT NULL),
    CONSTRAINT sales_returned_within CHECK (
        returned_amount BETWEEN 0 AND total AND uncredited_amount BETWEEN 0 AND credited_amount),
    CONSTRAINT sales_status_known CHECK (status IN ('completed', 'partly_returned', 'returned'))
) WITH (fillfactor = 70);
CREATE INDEX sales_of_customer ON command.sales (customer_id, sold_at);
SELECT cqrs.audit('command.sales', 'sale_id');

CREATE TABLE command.sales_price_history (
    price_change_id uuid PRIMARY KEY,
    product_id      uuid NOT NULL REFERENCES command.sales_products,
    sell_price      numeric(14, 2) NOT NULL,
    cost_price      numeric(14, 2),
    changed_at      timestamptz NOT NULL,
    CONSTRAINT sales_price_history_positive CHECK (sell_price >= 0 AND cost_price >= 0)
);
CREATE INDEX sales_price_history_of_product
    ON command.sales_price_history (product_id, changed_at);
SELECT cqrs.audit('command.sales_price_history', 'price_change_id');

-- sales_products_never_oversold stands behind every rule about stock.
CREATE TABLE command.sales_products (
    product_id        uuid PRIMARY KEY,
    code              text NOT NULL,
    description       text NOT NULL,
    sell_price        numeric(14, 2) NOT NULL,
    cost_price        numeric(14, 2),
    quantity_in_stock numeric(13, 3) NOT NULL,
    minimum_stock     numeric(13, 3) NOT NULL,
    department_id     uuid REFERENCES command.sales_departments,
    unit_id           uuid REFERENCES command.sales_units,
    active            boolean NOT NULL,
    version           integer NOT NULL,
    created_at        timestamptz NOT NULL,
    CONSTRAINT sales_products_code_once UNIQUE (code),
    CONSTRAINT sales_products_named CHECK (code <> '' AND description <> ''),
    CONSTRAINT sales_products_figures_positive CHECK (
        sell_price >= 0 AND cost_price >= 0 AND minimum_stock >= 0 AND version >= 1),
    CONSTRAINT sales_products_never_oversold CHECK (quantity_in_stock >= 0)
) WITH (fillfactor = 70);
CREATE INDEX sales_products_of_department ON command.sales_products (department_id);
CREATE INDEX sales_products_of_unit ON command.sales_products (unit_id);
SELECT cqrs.audit('command.sales_products', 'product_id');

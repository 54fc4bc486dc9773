CREATE TABLE command.sales_units (
    unit_id    uuid PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT sales_units_name_once UNIQUE (name),
    CONSTRAINT sales_units_name_given CHECK (name <> '')
);
SELECT cqrs.audit('command.sales_units', 'unit_id');

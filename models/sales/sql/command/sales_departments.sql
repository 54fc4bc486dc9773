CREATE TABLE command.sales_departments (
    department_id uuid PRIMARY KEY,
    name          text NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT sales_departments_name_once UNIQUE (name),
    CONSTRAINT sales_departments_name_given CHECK (name <> '')
);
SELECT cqrs.audit('command.sales_departments', 'department_id');

CREATE TABLE command.sales_departments (
    department_id uuid PRIMARY KEY,
    name          text NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT sales_departments_name_once UNIQUE (name),
    CONSTRAINT sales_departments_name_given CHECK (name <> '')
);

CREATE TRIGGER audit_insert AFTER INSERT ON command.sales_departments
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('department_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.sales_departments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('department_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.sales_departments
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('department_id');

CREATE TABLE command.sales_units (
    unit_id    uuid PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT sales_units_name_once UNIQUE (name),
    CONSTRAINT sales_units_name_given CHECK (name <> '')
);

CREATE TRIGGER audit_insert AFTER INSERT ON command.sales_units
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('unit_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.sales_units
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('unit_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.sales_units
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('unit_id');

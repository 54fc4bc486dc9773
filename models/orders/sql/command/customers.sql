CREATE TABLE command.customers (
    customer_id uuid PRIMARY KEY,
    email       text NOT NULL,
    name        text NOT NULL,
    phone       text,
    address     text,
    city        text,
    country     text,
    created_at  timestamptz NOT NULL,
    CONSTRAINT customers_email_once UNIQUE (email),
    CONSTRAINT customers_email_lower CHECK (email = lower(email)),
    CONSTRAINT customers_name_given CHECK (name <> '')
);

CREATE TRIGGER audit_insert AFTER INSERT ON command.customers
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('customer_id');
CREATE TRIGGER audit_update AFTER UPDATE ON command.customers
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('customer_id');
CREATE TRIGGER audit_delete AFTER DELETE ON command.customers
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('customer_id');

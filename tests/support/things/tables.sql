CREATE TABLE command.things (
    thing_id uuid PRIMARY KEY,
    n        int NOT NULL CHECK (n BETWEEN 0 AND 1000000),
    price    numeric(14, 2) NOT NULL
);
CREATE TRIGGER things_inserted AFTER INSERT ON command.things
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('thing_id');
CREATE TRIGGER things_updated AFTER UPDATE ON command.things
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('thing_id');
CREATE TRIGGER things_deleted AFTER DELETE ON command.things
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('thing_id');

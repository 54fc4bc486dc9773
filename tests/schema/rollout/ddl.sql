CREATE TABLE command.parcels (
    parcel_id uuid PRIMARY KEY,
    weight    int NOT NULL,
    delivered boolean NOT NULL
);
CREATE TRIGGER parcels_inserted AFTER INSERT ON command.parcels
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('parcel_id');
CREATE TRIGGER parcels_updated AFTER UPDATE ON command.parcels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('parcel_id');
CREATE TABLE query.parcels_v1 (
    parcel_id uuid PRIMARY KEY,
    weight    int NOT NULL,
    delivered boolean NOT NULL
);
CREATE VIEW query.parcels AS SELECT * FROM query.parcels_v1;

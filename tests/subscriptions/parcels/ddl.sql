CREATE TABLE query.parcels_v1 (
    parcel bigint PRIMARY KEY,
    places text NOT NULL,
    weight numeric(8, 2) NOT NULL CHECK (weight < 1000)
);
CREATE VIEW query.parcels AS SELECT * FROM query.parcels_v1;
CREATE TABLE query.parcel_depots_v1 (
    depot    text PRIMARY KEY,
    arrivals integer NOT NULL
);
CREATE VIEW query.parcel_depots AS SELECT * FROM query.parcel_depots_v1;

-- The log. `position` is drawn before commit, so what is visible has gaps that fill later: read only
-- up to `cqrs.horizon()`. Two properties of the sequence carry the fence (see fence.sql):
-- CACHE 1, since a session that keeps numbers in hand would use them below its own fence,
-- and MAXVALUE 2^48 - 1, since a fence packs its position into the low 48 bits of a lock's key.
CREATE TABLE cqrs.events (
    position       bigint GENERATED ALWAYS AS IDENTITY (
                       SEQUENCE NAME cqrs.events_position_seq CACHE 1 MAXVALUE 281474976710655
                   ) PRIMARY KEY,
    stream         text NOT NULL,
    version        bigint NOT NULL,
    type           text NOT NULL CHECK (type <> ''),
    schema_version smallint NOT NULL DEFAULT 1,
    data           jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    metadata       jsonb NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream, version)
);
COMMENT ON TABLE cqrs.events IS
    'The event log: written by cqrs.append() alone, read in order of position up to cqrs.horizon().';
GRANT SELECT ON cqrs.events TO cqrs_writer;
GRANT SELECT ON SEQUENCE cqrs.events_position_seq TO cqrs_writer;

CREATE TABLE cqrs.invalidations (
    invalidation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription    text NOT NULL,
    tags            text[] NOT NULL,
    position        bigint NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cqrs.invalidations IS
    'Cache tags to invalidate, written with the projection; a row goes once the cache knows.';
GRANT SELECT, INSERT, DELETE ON cqrs.invalidations TO cqrs_writer;

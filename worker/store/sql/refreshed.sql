CREATE TABLE cqrs.refreshed (
    view         text PRIMARY KEY,
    horizon      bigint NOT NULL CHECK (horizon >= 0),
    refreshed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cqrs.refreshed IS
    'How much of the log each materialized view holds; written in the transaction of its refresh.'
    ' `horizon` is taken before the refresh begins, `view` is schema-qualified.';
GRANT SELECT ON cqrs.refreshed TO cqrs_writer;

CREATE TABLE cqrs.query_audit (
    audit_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    query       text NOT NULL,
    actor       text NOT NULL,
    parameters  jsonb NOT NULL,
    consistency text NOT NULL CHECK (consistency IN ('eventual', 'causal', 'strong')),
    after       bigint,
    as_of       bigint,
    from_cache  boolean NOT NULL,
    stale       boolean NOT NULL,
    rows        integer NOT NULL CHECK (rows >= 0),
    seconds     double precision NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX query_audit_actor ON cqrs.query_audit (actor, audit_id);
CREATE INDEX query_audit_time ON cqrs.query_audit USING brin (asked_at);
COMMENT ON TABLE cqrs.query_audit IS
    'Who asked which audited query, with what, when, and how many rows they were shown.';
GRANT SELECT, INSERT ON cqrs.query_audit TO cqrs_writer;

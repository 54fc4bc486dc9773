CREATE TABLE cqrs.verifications (
    verification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL,
    position        bigint NOT NULL,
    checked         bigint NOT NULL,
    complete        boolean NOT NULL,
    differing       bigint NOT NULL,
    drift           jsonb NOT NULL,
    started_at      timestamptz NOT NULL,
    duration        interval NOT NULL
);
CREATE INDEX verifications_name ON cqrs.verifications (name, started_at);
COMMENT ON TABLE cqrs.verifications IS
    'Comparisons of read tables with what the log says: of some rows, or of all.';

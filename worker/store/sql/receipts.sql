CREATE TABLE cqrs.receipts (
    command_id   uuid PRIMARY KEY,
    name         text NOT NULL,
    payload_hash bytea NOT NULL,
    actor        text NOT NULL,
    status       text NOT NULL CHECK (status IN ('submitted', 'succeeded', 'rejected', 'dead')),
    data         jsonb,
    error        text,
    errors       jsonb,
    position     bigint,
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    completed_at timestamptz,
    CHECK ((status = 'submitted') = (completed_at IS NULL))
);
CREATE INDEX receipts_dead ON cqrs.receipts (completed_at) WHERE status = 'dead';
CREATE INDEX receipts_completed ON cqrs.receipts USING brin (completed_at);
COMMENT ON TABLE cqrs.receipts IS
    'What became of each command. The key makes a redelivered command have effect once.';
GRANT SELECT ON cqrs.receipts TO cqrs_writer;

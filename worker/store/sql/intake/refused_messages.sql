-- Messages that no receipt could answer: counted by queue and reason, the latest of each as a sample.
-- Reasons are few (worker/base/intake/checks.py), so that the table stays small whatever comes in.
CREATE TABLE cqrs.refused_messages (
    queue         text NOT NULL,
    reason        text NOT NULL,
    count         bigint NOT NULL DEFAULT 1 CHECK (count > 0),
    task          text,
    command_id    uuid,
    errors        jsonb NOT NULL DEFAULT '{}',
    first_bytes   text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (queue, reason)
);
COMMENT ON TABLE cqrs.refused_messages IS
    'Messages that were refused and have no receipt: how many, why, and the latest of each kind.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.refused_messages TO cqrs_writer;

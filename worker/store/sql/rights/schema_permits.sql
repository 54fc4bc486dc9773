-- Schema changes that somebody has sent who may write this database. The broker proves nothing: who
-- reaches it names any sender. So a worker changes no schema unless this very command stands here,
-- and in the name that stands here.
CREATE TABLE cqrs.schema_permits (
    command_id   uuid PRIMARY KEY,
    name         text NOT NULL,
    payload      jsonb NOT NULL,
    actor        text NOT NULL,
    roles        text[] NOT NULL DEFAULT '{}',
    permitted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX schema_permits_time ON cqrs.schema_permits USING brin (permitted_at);
COMMENT ON TABLE cqrs.schema_permits IS
    'Schema commands that a member of cqrs_writer has sent by the broker; no other one is run.';
GRANT SELECT, INSERT, DELETE ON cqrs.schema_permits TO cqrs_writer;

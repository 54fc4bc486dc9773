-- Which shapes of which commands there are, by the fingerprint of their payload's schema: when the
-- first worker that knows one started, and when one was last there. So a worker can tell whether a
-- command that it does not understand comes from a newer release (see worker/commands/releases.py).
CREATE TABLE cqrs.command_schemas (
    name          text NOT NULL,
    schema        text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, schema)
);
COMMENT ON TABLE cqrs.command_schemas IS
    'The shapes of commands that workers know: since when, and when one that knows it last looked.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.command_schemas TO cqrs_writer;

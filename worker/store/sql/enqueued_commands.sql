-- `links` stands in rows of retried commands alone: what follows them in their chains.
CREATE TABLE cqrs.enqueued_commands (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id     uuid NOT NULL UNIQUE,
    name           text NOT NULL,
    payload        jsonb NOT NULL,
    key            text,
    after          uuid[] NOT NULL DEFAULT '{}',
    actor          text NOT NULL,
    roles          text[] NOT NULL DEFAULT '{}',
    correlation_id uuid,
    causation_id   text,
    links          json,
    attempts       smallint NOT NULL DEFAULT 0,
    due_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    waits_until    timestamptz,
    enqueued_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX enqueued_commands_key ON cqrs.enqueued_commands (key, seq) WHERE key IS NOT NULL;
COMMENT ON TABLE cqrs.enqueued_commands IS
    'Commands written in an application''s own transaction; a row goes when its receipt is final.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.enqueued_commands TO cqrs_writer;

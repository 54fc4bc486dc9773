-- Commands that failed for good, with all that it takes to run them again. Their receipts are in
-- cqrs.receipts; `payload` is json, not jsonb: it is kept as it came, whatever it holds. `links` is
-- what was to follow in the command's chain: see worker/commands/chain_continuation.py.
CREATE TABLE cqrs.dead_commands (
    command_id     uuid PRIMARY KEY,
    name           text NOT NULL,
    payload        json NOT NULL,
    key            text,
    actor          text NOT NULL,
    roles          text[] NOT NULL DEFAULT '{}',
    correlation_id uuid,
    causation_id   text,
    links          json,
    error          text NOT NULL,
    attempts       integer NOT NULL DEFAULT 1 CHECK (attempts > 0),
    first_died_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_died_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    state          text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'discarded')),
    closed_at      timestamptz,
    closed_by      text,
    CHECK ((state = 'open') = (closed_at IS NULL)),
    CHECK ((state = 'open') = (closed_by IS NULL))
);
CREATE INDEX dead_commands_open ON cqrs.dead_commands (last_died_at) WHERE state = 'open';
COMMENT ON TABLE cqrs.dead_commands IS
    'Commands that failed for good, with payload, actor and roles, so that they can be run again.';
GRANT SELECT, INSERT, UPDATE ON cqrs.dead_commands TO cqrs_writer;

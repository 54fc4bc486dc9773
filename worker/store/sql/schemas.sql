CREATE SCHEMA IF NOT EXISTS command;
CREATE SCHEMA IF NOT EXISTS query;
CREATE SCHEMA IF NOT EXISTS cqrs;
COMMENT ON SCHEMA command IS 'Write models: the truth, changed by commands.';
COMMENT ON SCHEMA query IS 'Read models: computed from events, free to be thrown away.';
COMMENT ON SCHEMA cqrs IS 'The engine: event log, receipts, subscriptions, audit.';

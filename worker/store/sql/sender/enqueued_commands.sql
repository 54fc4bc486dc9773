-- Event tasks are started by reactions, never by senders: the worker refuses those rows.
ALTER TABLE cqrs.enqueued_commands ADD COLUMN by_sender boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN cqrs.enqueued_commands.by_sender IS
    'Whether a user enqueued it that is cqrs_sender and no cqrs_writer.';

-- Why a command that waits was not run when it was its turn; null if it was not tried, or is being
-- tried now.
ALTER TABLE cqrs.enqueued_commands ADD COLUMN IF NOT EXISTS put_off text;
COMMENT ON COLUMN cqrs.enqueued_commands.put_off IS
    'Why the last try came to nothing: the database was away, or others held what it needs.';

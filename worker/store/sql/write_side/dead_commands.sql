-- What a dead command waited for, and which shape of its payload its sender knew: a retry goes by both.
ALTER TABLE cqrs.dead_commands
    ADD COLUMN IF NOT EXISTS after uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS schema text;

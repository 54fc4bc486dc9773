CREATE TABLE cqrs.subscriptions (
    name             text PRIMARY KEY,
    position         bigint NOT NULL DEFAULT 0,
    changed_position bigint NOT NULL DEFAULT 0,
    read_table       text,
    shape            integer,
    paused           boolean NOT NULL DEFAULT false,
    error            text,
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON COLUMN cqrs.subscriptions.changed_position IS
    'The last position at which it applied events, not merely passed over them; one above its own'
    ' when rows were changed in place, by a repair or a rebuild.';
COMMENT ON COLUMN cqrs.subscriptions.read_table IS
    'A projection''s live table in schema query, the one behind the view; a rebuild replaces it.';
COMMENT ON COLUMN cqrs.subscriptions.shape IS
    'The version of the projection for which that table was made.';
COMMENT ON TABLE cqrs.subscriptions IS
    'How far each subscription has read the log; moved in the same transaction as what it wrote.';
GRANT SELECT, INSERT, UPDATE ON cqrs.subscriptions TO cqrs_writer;

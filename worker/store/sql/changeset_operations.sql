-- The statements of each changeset, in order of execution. `success` is true once the statement has
-- been committed, false for the one that failed, null for those that never ran or were undone with
-- the rest; `started_at` and `duration` tell which of them ran, `undo_started_at` how far a rollback
-- has come.
CREATE TABLE cqrs.changeset_operations (
    changeset_id uuid NOT NULL REFERENCES cqrs.changesets (id) ON DELETE CASCADE,
    number       int NOT NULL CHECK (number > 0),
    side         text NOT NULL CHECK (side IN ('command', 'query')),
    kind         text NOT NULL,
    object       text,
    sql          text NOT NULL,
    undo         text,
    started_at   timestamptz,
    duration     interval,
    success      boolean,
    error        text,
    sqlstate     text,
    undo_started_at timestamptz,
    PRIMARY KEY (changeset_id, number)
);
COMMENT ON TABLE cqrs.changeset_operations IS
    'The statements of each changeset, with when they ran, how long, and what went wrong.';

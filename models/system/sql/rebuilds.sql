CREATE TABLE cqrs.rebuilds (
    rebuild_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL,
    shape         integer NOT NULL,
    shadow        text NOT NULL,
    state         text NOT NULL DEFAULT 'building' CHECK (state IN
                      ('building', 'indexing', 'following', 'done', 'failed', 'cancelled')),
    goes_live     boolean NOT NULL,
    from_position bigint NOT NULL,
    upto          bigint NOT NULL,
    position      bigint NOT NULL,
    events        bigint NOT NULL DEFAULT 0,
    rows          bigint,
    differing     bigint,
    drift         jsonb,
    cancel        boolean NOT NULL DEFAULT false,
    error         text,
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at   timestamptz
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX rebuilds_one_at_a_time ON cqrs.rebuilds (name) WHERE finished_at IS NULL;
CREATE INDEX rebuilds_history ON cqrs.rebuilds (name, started_at);
COMMENT ON TABLE cqrs.rebuilds IS
    'Rebuilds of read tables: how far each has come, and how many rows of the live table differed.';
COMMENT ON COLUMN cqrs.rebuilds.position IS
    'Up to where the shadow table is complete; below `upto` its parts are still being built.';

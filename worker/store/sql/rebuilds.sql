CREATE TABLE cqrs.rebuilds (
    rebuild_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL,
    shape         integer NOT NULL,
    folds         text,
    shadow        text NOT NULL,
    replaced      text,
    state         text NOT NULL DEFAULT 'building' CHECK (state IN
                      ('seeding', 'marking', 'building', 'indexing', 'following', 'comparing',
                       'swapping', 'done', 'failed', 'cancelled')),
    goes_live     boolean NOT NULL,
    from_position bigint NOT NULL,
    upto          bigint NOT NULL,
    position      bigint NOT NULL,
    reached       bigint[] NOT NULL DEFAULT '{}',
    events        bigint NOT NULL DEFAULT 0,
    rows          bigint,
    differing     bigint,
    drift         jsonb,
    left_out      jsonb NOT NULL,
    walked        text,
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
COMMENT ON COLUMN cqrs.rebuilds.folds IS
    'A fingerprint of the code that began it: under other code it is begun anew.';
COMMENT ON COLUMN cqrs.rebuilds.position IS
    'Up to where the shadow table is complete; while its parts are built, how far they are on average.';
COMMENT ON COLUMN cqrs.rebuilds.reached IS
    'The same for each partition of the live table, once the parts are built.';
COMMENT ON COLUMN cqrs.rebuilds.from_position IS
    'Rows that no event after this position touches are taken over from the live table; 0: none are.';
COMMENT ON COLUMN cqrs.rebuilds.walked IS
    'How far the state it is in has come: the last key that was copied or compared, or the position.';
COMMENT ON COLUMN cqrs.rebuilds.replaced IS
    'The table that was live before, until it is dropped.';
COMMENT ON COLUMN cqrs.rebuilds.left_out IS
    'Events that the shadow table does not hold because dead letters keep them out of the live one.';

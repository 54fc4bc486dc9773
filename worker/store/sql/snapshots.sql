-- The state of an event-sourced aggregate after `version` events of its stream: a short cut for
-- whoever folds it next, and never the truth. Delete any of them, or all: they come back.
-- `shape` is the schema version of the state: a snapshot of another one is not read.
CREATE TABLE cqrs.snapshots (
    stream    text NOT NULL,
    aggregate text NOT NULL,
    shape     smallint NOT NULL,
    version   bigint NOT NULL CHECK (version > 0),
    state     jsonb NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream, aggregate)
);
COMMENT ON TABLE cqrs.snapshots IS
    'Folded states of long streams, so that loading one reads its last events only.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.snapshots TO cqrs_writer;

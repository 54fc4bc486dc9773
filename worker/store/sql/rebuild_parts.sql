CREATE TABLE cqrs.rebuild_parts (
    rebuild_id bigint NOT NULL REFERENCES cqrs.rebuilds ON DELETE CASCADE,
    part       integer NOT NULL,
    position   bigint NOT NULL,
    events     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (rebuild_id, part)
) WITH (fillfactor = 50);
COMMENT ON TABLE cqrs.rebuild_parts IS
    'Each part folds the rows of some keys; its rows and its position are written together.';

CREATE TABLE cqrs.rebuild_keys (
    rebuild_id bigint NOT NULL REFERENCES cqrs.rebuilds ON DELETE CASCADE,
    key        text NOT NULL,
    PRIMARY KEY (rebuild_id, key)
);
COMMENT ON TABLE cqrs.rebuild_keys IS
    'Rows that a rebuild from a checkpoint folds anew; the others it takes over from the live table.';

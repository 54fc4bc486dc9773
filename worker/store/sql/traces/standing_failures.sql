-- What the engine does by itself and has failed to do: it stays until it has succeeded, whoever tries
-- it next. Acknowledged, it is no trouble any more unless it fails for another reason.
CREATE TABLE cqrs.standing_failures (
    task            text NOT NULL,
    subject         text NOT NULL,
    reason          text NOT NULL,
    times           bigint NOT NULL DEFAULT 1,
    first_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    acknowledged_by text,
    acknowledged_at timestamptz,
    PRIMARY KEY (task, subject)
);
COMMENT ON TABLE cqrs.standing_failures IS
    'Refreshes, rebuilds and scheduled tasks that failed and have not succeeded since.';
COMMENT ON COLUMN cqrs.standing_failures.subject IS
    'What the task failed at: a view, a projection; empty for the task itself.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.standing_failures TO cqrs_writer;

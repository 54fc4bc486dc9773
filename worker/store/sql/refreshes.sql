CREATE TABLE cqrs.refreshes (
    refresh_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view         text NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('refreshed', 'skipped', 'failed')),
    reason       text,
    horizon      bigint NOT NULL,
    rows         bigint,
    concurrent   boolean NOT NULL,
    started_at   timestamptz NOT NULL,
    duration     interval NOT NULL
);
CREATE INDEX refreshes_view ON cqrs.refreshes (view, started_at);
COMMENT ON TABLE cqrs.refreshes IS
    'What became of each refresh of a materialized view: how long, how many rows, up to which event,'
    ' or why not.';

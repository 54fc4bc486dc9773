-- A view is asked for while `requested` is ahead of `served`. A refresh reads `requested` before it
-- takes its horizon and serves no more than that, so a request made meanwhile is never lost and
-- never waits for the refresh.
CREATE TABLE cqrs.refresh_requests (
    view      text PRIMARY KEY,
    requested bigint NOT NULL DEFAULT 1,
    served    bigint NOT NULL DEFAULT 0,
    due_at    timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE cqrs.refresh_requests IS
    'Materialized views that events have asked to refresh, and when: however many events, one row.';
GRANT SELECT, INSERT, UPDATE ON cqrs.refresh_requests TO cqrs_writer;

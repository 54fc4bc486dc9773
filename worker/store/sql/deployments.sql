-- A deployment groups changesets and refreshes; one is open at a time.
CREATE TABLE cqrs.deployments (
    id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name     text NOT NULL CHECK (name <> ''),
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    begun_by text NOT NULL,
    ended_at timestamptz,
    outcome  text CHECK (outcome IN ('succeeded', 'failed')),
    message  text,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX deployments_one_open ON cqrs.deployments ((true)) WHERE ended_at IS NULL;
CREATE INDEX deployments_begun ON cqrs.deployments (begun_at);
COMMENT ON TABLE cqrs.deployments IS
    'Groups of changesets and refreshes. One that never ended is reported by `cqrs status`.';

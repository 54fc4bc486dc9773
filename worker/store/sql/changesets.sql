-- Schema changes that span both sides. A row is written before anything runs, and stays whatever
-- becomes of it. `version` is null for a tracked refresh. `follow_up` is what the read side owes
-- afterwards (rebuilds, refreshes, purges), written with the change itself and ticked off when it
-- has been handed over. `undoing` is true while it is in progress backwards, being rolled back.
-- `command_id` is the command that executed or rolled it back last, null if that was no command.
CREATE TABLE cqrs.changesets (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind          text NOT NULL DEFAULT 'change' CHECK (kind IN ('change', 'refresh')),
    description   text NOT NULL CHECK (description <> ''),
    version       text,
    status        text NOT NULL DEFAULT 'pending'
                  CHECK (status IN ('pending', 'in_progress', 'completed', 'failed',
                                    'rolled_back')),
    forced        boolean NOT NULL DEFAULT false,
    deployment_id uuid REFERENCES cqrs.deployments (id),
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at    timestamptz,
    completed_at  timestamptz,
    created_by    text NOT NULL,
    executed_by   text,
    command_id    uuid,
    undoing       boolean NOT NULL DEFAULT false,
    attempts      int NOT NULL DEFAULT 0,
    error         text,
    follow_up     jsonb,
    followed_up_at timestamptz,
    CHECK ((kind = 'change') = (version IS NOT NULL)),
    CHECK (status NOT IN ('completed', 'rolled_back') OR completed_at IS NOT NULL),
    CHECK (status <> 'failed' OR error IS NOT NULL),
    CHECK (status = 'in_progress' OR NOT undoing)
);
CREATE UNIQUE INDEX changesets_one_at_a_time ON cqrs.changesets ((true))
 WHERE status = 'in_progress';
CREATE INDEX changesets_created ON cqrs.changesets (created_at);
CREATE INDEX changesets_owed ON cqrs.changesets (completed_at)
 WHERE follow_up IS NOT NULL AND followed_up_at IS NULL;
COMMENT ON TABLE cqrs.changesets IS
    'Coordinated changes of write tables and what is computed from them, failed ones included.';

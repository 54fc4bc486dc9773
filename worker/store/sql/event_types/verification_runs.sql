-- Verifications under way: rows of some keys, folded from the log's beginning up to a position. One
-- that was interrupted goes on from there.
CREATE TABLE cqrs.verification_runs (
    name       text PRIMARY KEY,
    folds      text NOT NULL,
    keys       jsonb NOT NULL,
    rows       json NOT NULL,
    excluded   jsonb NOT NULL,
    position   bigint NOT NULL,
    upto       bigint NOT NULL,
    seconds    double precision NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cqrs.verification_runs IS
    'How far each verification under way has folded the log, so that it can be done in slices.';

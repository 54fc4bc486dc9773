-- A change that is refused before it runs stays in the history, as `refused`, with the reason.
-- `locks` are those that its transaction really took on what stood before, the strongest on each
-- relation; null for a step outside a transaction, and where none were taken.
ALTER TABLE cqrs.changesets
    ADD COLUMN locks jsonb,
    DROP CONSTRAINT changesets_status_check,
    ADD CONSTRAINT changesets_status_check
        CHECK (status IN ('pending', 'in_progress', 'completed', 'failed', 'rolled_back', 'refused')),
    ADD CHECK (status <> 'refused' OR (error IS NOT NULL AND started_at IS NULL));
COMMENT ON COLUMN cqrs.changesets.locks IS
    'Locks that it really took on what stood before: [{"object": …, "mode": …}].';

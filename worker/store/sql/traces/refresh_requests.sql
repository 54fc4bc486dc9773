-- Somebody waits for a view to hold an event: which, and when he asked last. Who waits is served at
-- once, whatever wait a rule gives; who has stopped asking is not waited with.
ALTER TABLE cqrs.refresh_requests
    ADD COLUMN wanted bigint NOT NULL DEFAULT 0,
    ADD COLUMN waited_at timestamptz;
COMMENT ON COLUMN cqrs.refresh_requests.wanted IS
    'The highest position that anybody has waited for.';
COMMENT ON COLUMN cqrs.refresh_requests.waited_at IS
    'When somebody who waits asked last; he asks again twice a second.';

-- name: prune_receipts
-- Receipts of long ago; dead ones stay until somebody has looked at them.
DELETE FROM cqrs.receipts WHERE command_id IN (
    SELECT command_id FROM cqrs.receipts
     WHERE completed_at < clock_timestamp() - %(days)s * interval '1 day' AND status <> 'dead'
     ORDER BY completed_at LIMIT %(portion)s)

-- name: prune_refreshes
-- What became of refreshes of long ago.
DELETE FROM cqrs.refreshes WHERE refresh_id IN (
    SELECT refresh_id FROM cqrs.refreshes
     WHERE started_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY started_at LIMIT %(portion)s)

-- name: prune_rebuilds
-- What became of rebuilds of long ago.
DELETE FROM cqrs.rebuilds WHERE rebuild_id IN (
    SELECT rebuild_id FROM cqrs.rebuilds
     WHERE finished_at < clock_timestamp() - %(days)s * interval '1 day'
       AND replaced IS NULL  -- a table that still waits to be dropped is not forgotten
     ORDER BY finished_at LIMIT %(portion)s)

-- name: prune_query_audit
-- Who asked what, long ago.
DELETE FROM cqrs.query_audit WHERE audit_id IN (
    SELECT audit_id FROM cqrs.query_audit
     WHERE asked_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY asked_at LIMIT %(portion)s)

-- name: prune_verifications
-- What verifications of long ago found.
DELETE FROM cqrs.verifications WHERE verification_id IN (
    SELECT verification_id FROM cqrs.verifications
     WHERE started_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY started_at LIMIT %(portion)s)

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
    SELECT rebuild_id FROM cqrs.rebuilds AS r
     WHERE finished_at < clock_timestamp() - %(days)s * interval '1 day'
       AND replaced IS NULL  -- a table that still waits to be dropped is not forgotten
       AND NOT EXISTS (      -- nor how the live one came to be: a rebuild from a checkpoint asks
           SELECT FROM cqrs.subscriptions AS s
            WHERE s.subscription = r.name AND s.read_table = r.shadow AND r.state = 'done'
              AND NOT EXISTS (
                  SELECT FROM cqrs.rebuilds AS later
                   WHERE later.name = r.name AND later.shadow = r.shadow
                     AND later.state = 'done' AND later.finished_at > r.finished_at))
     ORDER BY finished_at LIMIT %(portion)s)

-- name: prune_invalidations
-- Tags that the cache was not told of, since it was away all the time: its answers are gone by now.
DELETE FROM cqrs.invalidations WHERE invalidation_id IN (
    SELECT invalidation_id FROM cqrs.invalidations
     WHERE created_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY created_at LIMIT %(portion)s)

-- name: prune_query_audit
-- Who asked what, long ago.
DELETE FROM cqrs.query_audit WHERE audit_id IN (
    SELECT audit_id FROM cqrs.query_audit
     WHERE asked_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY asked_at LIMIT %(portion)s)

-- name: prune_schema_permits
-- Who was permitted to change the schema, long ago.
DELETE FROM cqrs.schema_permits WHERE command_id IN (
    SELECT command_id FROM cqrs.schema_permits
     WHERE permitted_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY permitted_at LIMIT %(portion)s)

-- name: prune_verifications
-- What verifications of long ago found.
DELETE FROM cqrs.verifications WHERE verification_id IN (
    SELECT verification_id FROM cqrs.verifications
     WHERE started_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY started_at LIMIT %(portion)s)

-- name: prune_sagas
-- Of sagas that ended long ago all goes but how they ended and what they have seen: a key that has
-- had its saga never begins another one.
WITH ended AS (
    SELECT saga_id FROM cqrs.sagas
     WHERE state ->> 'status' IN ('completed', 'failed') AND state ? 'results'
       AND updated_at < clock_timestamp() - %(days)s * interval '1 day'
     ORDER BY updated_at LIMIT %(portion)s
       FOR NO KEY UPDATE SKIP LOCKED
), history AS (
    DELETE FROM cqrs.saga_events WHERE saga_id IN (SELECT saga_id FROM ended)
)
UPDATE cqrs.sagas AS s
   SET state = jsonb_build_object('start', '{}'::jsonb, 'status', s.state -> 'status',
                                  'seen', s.state -> 'seen')
  FROM ended
 WHERE s.saga_id = ended.saga_id

-- name: horizon
-- The highest position that is safe to read, for the statements after this one.
SELECT cqrs.horizon()

-- name: read
-- Events in order of position, a page of them. JSON travels as text: see `read` in log.py.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events
 WHERE position > %(after)s::bigint
   AND position <= %(upto)s::bigint
   AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s::text[]))
 ORDER BY position
 LIMIT %(limit)s::bigint

-- name: append
-- A batch of events into the log, with the fence; one row for each, in the batch's order.
SELECT stream, version, "position" FROM cqrs.append(%(batch)s::jsonb)

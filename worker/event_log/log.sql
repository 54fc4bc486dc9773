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

-- name: kinds
-- Every type and version of events that the log holds, how many, and some positions of each from the
-- first to the last: with `every`, none.
SELECT type, schema_version, count(*),
       CASE WHEN %(every)s THEN '{}' ELSE
            percentile_disc((SELECT array_agg(n / %(steps)s::float8)
                               FROM generate_series(0, %(steps)s::int) AS n))
            WITHIN GROUP (ORDER BY position) END
  FROM cqrs.events
 WHERE position <= %(upto)s
 GROUP BY type, schema_version
 ORDER BY type, schema_version

-- name: at
-- The events at some positions, as they are stored.
SELECT position, type, schema_version, data::text FROM cqrs.events
 WHERE position = ANY (%(positions)s::bigint[])
 ORDER BY position

-- name: between
-- All events of a range of positions, as they are stored.
SELECT position, type, schema_version, data::text FROM cqrs.events
 WHERE position > %(after)s AND position <= %(upto)s
 ORDER BY position

-- name: append
-- A batch of events into the log, with the fence; one row for each, in the batch's order.
SELECT stream, version, "position" FROM cqrs.append(%(batch)s::jsonb)

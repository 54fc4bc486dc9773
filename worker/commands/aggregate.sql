-- name: fold_streams
-- For each stream its newest snapshot of the wanted shape, and the events after it, in order.
SELECT w.stream, w.aggregate, coalesce(n.version, 0), coalesce(e.version, n.version, 0),
       n.state::text, e.events::text
  FROM unnest(%(streams)s::text[], %(aggregates)s::text[], %(shapes)s::smallint[])
       AS w (stream, aggregate, shape)
  LEFT JOIN cqrs.snapshots AS n USING (stream, aggregate, shape)
 CROSS JOIN LATERAL (
       SELECT max(l.version) AS version,
              json_agg(json_build_array(l.type, l.data) ORDER BY l.version) AS events
         FROM cqrs.events AS l
        WHERE l.stream = w.stream AND l.version > coalesce(n.version, 0)) AS e

-- name: lock_streams
-- Holds streams until the commit.
SELECT cqrs.lock_streams(%(streams)s::text[])

-- name: keep_snapshots
-- Keeps snapshots, each unless there is a newer one or one of a newer shape.
INSERT INTO cqrs.snapshots AS s (stream, aggregate, shape, version, state)
SELECT n.stream, n.aggregate, n.shape, n.version, n.state
  FROM jsonb_to_recordset(%(snapshots)s::jsonb)
       AS n (stream text, aggregate text, shape smallint, version bigint, state jsonb)
 ORDER BY n.stream, n.aggregate
    ON CONFLICT (stream, aggregate) DO UPDATE
   SET shape = EXCLUDED.shape, version = EXCLUDED.version, state = EXCLUDED.state,
       taken_at = clock_timestamp()
 WHERE (s.shape, s.version) < (EXCLUDED.shape, EXCLUDED.version)

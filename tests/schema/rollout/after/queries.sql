-- name: tally
-- How much there is.
SELECT count(*) AS parcels, coalesce(sum(weight), 0) AS weight,
       count(*) FILTER (WHERE delivered) AS delivered
  FROM query.parcels

-- name: heaviest
-- A few rows, with their colours.
SELECT parcel_id, weight, delivered, colour
  FROM query.parcels ORDER BY weight DESC, parcel_id LIMIT 5

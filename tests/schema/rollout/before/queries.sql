-- name: tally
-- How much there is.
SELECT count(*) AS parcels, coalesce(sum(weight), 0) AS weight,
       count(*) FILTER (WHERE delivered) AS delivered
  FROM query.parcels

-- name: heaviest
-- A few rows, with whatever columns there are: the rows' shape changes under this statement.
SELECT * FROM query.parcels ORDER BY weight DESC, parcel_id LIMIT 5

-- name: thing
-- The thing of a name.
SELECT * FROM query.things WHERE name = %(name)s

-- name: place
-- One place.
SELECT * FROM query.thing_places WHERE place = %(place)s

-- name: totals
-- How often anything was moved in all, as of the last refresh.
SELECT moves FROM query.thing_totals

-- name: changes
-- How many changes the audit trail holds.
SELECT count(*) AS changes FROM query.audit_log

-- name: try_to_delete
-- What a query must not do.
DELETE FROM query.things_v1 RETURNING *

-- name: try_to_look_aside
-- What a query must not see.
SELECT * FROM cqrs.events

-- name: as_number
-- Fails on a value that is no number.
SELECT %(text)s::integer AS changes

-- name: slow
-- Takes its time.
SELECT count(*) AS changes FROM pg_sleep(30)

-- name: by_the_clock
-- Depends on the time; the word now in a comment, or in 'now()', does not.
SELECT * FROM query.things WHERE updated_at > now() - interval '1 hour'

-- name: drawn
-- Depends on chance.
SELECT * FROM query.things WHERE random() > 2

-- name: park
-- Opens a dead letter; the stream is parked from this position on.
INSERT INTO cqrs.dead_letters (subscription, position, stream, type, error, attempts)
SELECT split_part(%(checkpoint)s, '#', 1), %(position)s, %(stream)s, %(type)s, %(error)s,
       %(attempts)s

-- name: open_count
-- How many dead letters of a subscription are open.
SELECT count(*) FROM cqrs.dead_letters WHERE subscription = %(subscription)s AND state = 'open'

-- name: parked_streams
-- Which of these streams are parked.
SELECT stream FROM cqrs.dead_letters
 WHERE subscription = %(subscription)s AND state = 'open' AND stream = ANY (%(streams)s::text[])

-- name: discarded_positions
-- Events of a range of the log that were dropped for good.
SELECT position FROM cqrs.dead_letters
 WHERE subscription = %(subscription)s AND state = 'discarded'
   AND position > %(after)s AND position <= %(upto)s

-- name: find
-- Dead letters, the newest first: of one subscription or all, the open ones or all.
SELECT letter_id, subscription, position, stream, type, error, attempts, first_failed_at,
       last_failed_at, state, closed_at, closed_by
  FROM cqrs.dead_letters
 WHERE (%(subscription)s::text IS NULL OR subscription = %(subscription)s)
   AND (%(closed)s OR state = 'open')
 ORDER BY letter_id DESC
 LIMIT %(limit)s

-- name: by_number
-- One dead letter.
SELECT letter_id, subscription, position, stream, type, error, attempts, first_failed_at,
       last_failed_at, state, closed_at, closed_by
  FROM cqrs.dead_letters
 WHERE letter_id = %(letter)s

-- name: lock
-- One dead letter, held until the end of the transaction.
SELECT letter_id, subscription, position, stream, type, error, attempts, first_failed_at,
       last_failed_at, state, closed_at, closed_by
  FROM cqrs.dead_letters
 WHERE letter_id = %(letter)s
   FOR UPDATE

-- name: count_attempt
-- Counts an attempt before it is made.
UPDATE cqrs.dead_letters SET attempts = attempts + 1
 WHERE letter_id = %(letter)s AND state = 'open'

-- name: note_failure
-- Keeps why an attempt failed.
UPDATE cqrs.dead_letters SET error = %(error)s, last_failed_at = clock_timestamp()
 WHERE letter_id = %(letter)s AND state = 'open'

-- name: close
-- Closes a dead letter, with who did it and how.
UPDATE cqrs.dead_letters
   SET state = %(state)s, closed_at = clock_timestamp(), closed_by = %(by)s
 WHERE letter_id = %(letter)s AND state = 'open'

-- name: supersede
-- Closes the dead letters that lie after a position: their events are going to be handled anew.
UPDATE cqrs.dead_letters
   SET state = 'superseded', closed_at = clock_timestamp(), closed_by = %(by)s
 WHERE subscription = %(subscription)s AND state = 'open' AND position > %(position)s

-- name: open_numbers
-- The open dead letters of a subscription, the oldest first.
SELECT letter_id FROM cqrs.dead_letters
 WHERE subscription = %(subscription)s AND state = 'open'
 ORDER BY letter_id

-- name: events_of_stream
-- Events of one stream between two positions, both included, in order.
SELECT position, stream, version, type, schema_version, data::text, metadata::text, recorded_at
  FROM cqrs.events
 WHERE stream = %(stream)s AND type = ANY (%(types)s::text[])
   AND position BETWEEN %(first)s AND %(last)s
 ORDER BY version

-- name: put_off_by_attempts
-- Comes back to event tasks after 2, 4, 8, ... seconds: the more often they were tried, the later.
UPDATE cqrs.enqueued_commands
   SET due_at = clock_timestamp() + least(power(2, attempts), 300) * interval '1 second'
 WHERE command_id = ANY (%(ids)s::uuid[])

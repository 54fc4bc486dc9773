-- name: take_slot
-- Takes the present slot of a scheduled task; no row if another message has it. A message that
-- comes again, in a later slot maybe, keeps its own: it must not take that of the next message.
INSERT INTO cqrs.slots AS s (task, slot, holder)
VALUES (%(task)s, floor(extract(epoch FROM clock_timestamp()) / %(every)s), %(holder)s)
ON CONFLICT (task) DO UPDATE SET holder = EXCLUDED.holder,
   slot = CASE WHEN s.holder = EXCLUDED.holder THEN s.slot ELSE EXCLUDED.slot END
 WHERE s.slot < EXCLUDED.slot OR s.holder = EXCLUDED.holder
RETURNING task

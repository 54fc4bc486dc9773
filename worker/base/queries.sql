-- name: take_slot
-- Takes the present slot of a scheduled task; no row if another message has it. A message that
-- comes again, in a later slot maybe, keeps its own: it must not take that of the next message.
INSERT INTO cqrs.slots AS s (task, slot, holder)
VALUES (%(task)s, floor(extract(epoch FROM clock_timestamp()) / %(every)s), %(holder)s)
ON CONFLICT (task) DO UPDATE SET holder = EXCLUDED.holder,
   slot = CASE WHEN s.holder = EXCLUDED.holder THEN s.slot ELSE EXCLUDED.slot END
 WHERE s.slot < EXCLUDED.slot OR s.holder = EXCLUDED.holder
RETURNING task

-- name: missing_roles
-- What a superuser has to run so that the current user can take the group roles on.
SELECT current_user, array_agg(statement ORDER BY statement) FILTER (WHERE statement IS NOT NULL)
  FROM (SELECT CASE WHEN role.oid IS NULL THEN format('CREATE ROLE %%I NOLOGIN;', wanted) END,
               CASE WHEN role.oid IS NULL OR NOT pg_has_role(current_user, role.oid, 'MEMBER')
                    THEN format('GRANT %%I TO %%I;', wanted, current_user) END
          FROM unnest(%(roles)s::text[]) AS wanted
          LEFT JOIN pg_roles AS role ON role.rolname = wanted) AS missing (made, granted),
       LATERAL (VALUES (made), (granted)) AS each (statement)

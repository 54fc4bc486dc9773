-- name: take_slot
-- Takes the present slot of a scheduled task; no row if another message has it. A message that
-- comes again, in a later slot maybe, keeps its own: it must not take that of the next message. With a
-- time zone, a slot is a day there; it begins half an hour before midnight.
INSERT INTO cqrs.slots AS s (task, slot, holder)
SELECT %(task)s, floor(CASE WHEN %(zone)s::text IS NULL
           THEN extract(epoch FROM clock_timestamp()) / %(every)s
           ELSE (extract(epoch FROM clock_timestamp() AT TIME ZONE %(zone)s) + 1800) / 86400 END),
       %(holder)s
ON CONFLICT (task) DO UPDATE SET holder = EXCLUDED.holder,
   slot = CASE WHEN s.holder = EXCLUDED.holder THEN s.slot ELSE EXCLUDED.slot END
 WHERE s.slot < EXCLUDED.slot OR s.holder = EXCLUDED.holder
RETURNING task

-- name: set_session
-- Sets what a session rests on, by name; what the server calls each value. Of what a database or a
-- user has by default two things are not taken over: that sessions only read, and that a commit is
-- acknowledged before it is safe. An order to the whole server that nobody writes stands.
WITH said AS (
    SELECT key, value FROM json_each_text(%(settings)s::json)
    UNION ALL
    SELECT s.name, CASE s.name WHEN 'synchronous_commit' THEN 'on' ELSE 'off' END
      FROM pg_catalog.pg_settings AS s
     WHERE (current_setting('synchronous_commit') = 'off'
            OR current_setting('default_transaction_read_only') = 'on')  -- else none is looked at
       AND ((s.name = 'synchronous_commit' AND s.setting = 'off')
            OR (s.name = 'default_transaction_read_only' AND s.setting = 'on'
                AND s.source IN ('global', 'database', 'user', 'database user')
                AND NOT %(settings)s::jsonb ? s.name))
)
SELECT key, set_config(key, value, false) FROM said

-- name: look_at_session
-- As whom a session acts, which process serves it, and what some settings are.
SELECT current_user::text, session_user::text, pg_backend_pid(),
       ARRAY(SELECT current_setting(name)
               FROM unnest(%(names)s::text[]) WITH ORDINALITY AS n (name, place) ORDER BY place)

-- name: take_on_a_role
-- Becomes what the user may be: cqrs_writer, or else cqrs_sender; says who it is, and as what.
SELECT session_user::text, may.role, set_config('role', may.role, false)
  FROM (SELECT (SELECT r.rolname::text
                  FROM pg_roles AS r
                 WHERE r.rolname IN ('cqrs_writer', 'cqrs_sender')
                   AND pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int >= 160000
                                               THEN 'SET' ELSE 'MEMBER' END)
                 ORDER BY r.rolname DESC
                 LIMIT 1)) AS may (role)

-- name: current_role
-- What this connection may do is what this role may.
SELECT current_user

-- name: missing_roles
-- What a superuser has to run so that the current user can take the group roles on; that of
-- applications need only be there.
SELECT current_user, array_agg(statement ORDER BY statement) FILTER (WHERE statement IS NOT NULL)
  FROM (SELECT CASE WHEN role.oid IS NULL AND wanted = 'cqrs_sender'
                    THEN 'CREATE ROLE cqrs_sender NOLOGIN IN ROLE cqrs_reader;'
                    WHEN role.oid IS NULL THEN format('CREATE ROLE %%I NOLOGIN;', wanted) END,
               CASE WHEN wanted = 'cqrs_sender' THEN NULL
                    WHEN role.oid IS NULL OR NOT pg_has_role(current_user, role.oid, 'MEMBER')
                    THEN format('GRANT %%I TO %%I;', wanted, current_user)
                    WHEN current_setting('server_version_num')::int >= 160000
                         AND NOT pg_has_role(current_user, role.oid,
                                 CASE WHEN current_setting('server_version_num')::int >= 160000
                                      THEN 'SET' ELSE 'MEMBER' END)
                    THEN format('GRANT %%I TO %%I WITH SET TRUE;', wanted, current_user) END
          FROM unnest(%(roles)s::text[]) AS wanted
          LEFT JOIN pg_roles AS role ON role.rolname = wanted) AS missing (made, granted),
       LATERAL (VALUES (made), (granted)) AS each (statement)

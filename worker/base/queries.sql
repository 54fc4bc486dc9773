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

-- name: note_failure
-- Something failed, once more perhaps. What was acknowledged is not so for another reason.
INSERT INTO cqrs.standing_failures AS f (task, subject, reason)
VALUES (%(task)s, %(subject)s, %(reason)s)
ON CONFLICT (task, subject) DO UPDATE
   SET reason = EXCLUDED.reason, times = f.times + 1, last_at = EXCLUDED.last_at,
       acknowledged_by = CASE WHEN f.reason = EXCLUDED.reason THEN f.acknowledged_by END,
       acknowledged_at = CASE WHEN f.reason = EXCLUDED.reason THEN f.acknowledged_at END
RETURNING task, subject, reason, times, first_at, last_at, acknowledged_by, acknowledged_at

-- name: mend_failure
-- It has succeeded.
DELETE FROM cqrs.standing_failures WHERE task = %(task)s AND subject = %(subject)s

-- name: failures
-- All that has failed and has not succeeded since.
SELECT task, subject, reason, times, first_at, last_at, acknowledged_by, acknowledged_at
  FROM cqrs.standing_failures
 ORDER BY task, subject

-- name: acknowledge_failure
-- Somebody knows of it.
UPDATE cqrs.standing_failures
   SET acknowledged_by = %(by)s, acknowledged_at = clock_timestamp()
 WHERE task = %(task)s AND subject = coalesce(%(subject)s, subject) AND acknowledged_at IS NULL

-- name: make_roles
-- The group roles of the cluster, where they are missing, and the sender's membership.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['cqrs_writer', 'cqrs_reader', 'cqrs_sender'] LOOP
        CONTINUE WHEN to_regrole(wanted) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    IF NOT pg_has_role('cqrs_sender', 'cqrs_reader', 'USAGE') THEN
        GRANT cqrs_reader TO cqrs_sender;
    END IF;
    FOREACH wanted IN ARRAY ARRAY['cqrs_writer', 'cqrs_reader'] LOOP
        IF NOT pg_has_role(current_user, wanted,
                           CASE WHEN current_setting('server_version_num')::int >= 160000
                                THEN 'SET' ELSE 'MEMBER' END) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END
$$

-- name: lacks_rights
-- Whether the groups lack the rights that migrations have given them, as after a restore into a
-- cluster that had no such groups.
SELECT to_regrole('cqrs_writer') IS NULL OR to_regrole('cqrs_reader') IS NULL
    OR to_regrole('cqrs_sender') IS NULL
    OR NOT EXISTS (SELECT FROM pg_proc AS p, aclexplode(p.proacl) AS a
                    WHERE p.oid = to_regprocedure('cqrs.append(jsonb)')
                      AND a.grantee = to_regrole('cqrs_writer'))

-- name: subject_keys
-- The keys that open what is sealed for these subjects.
SELECT k.subject, k.key FROM cqrs.subject_keys_of(%(subjects)s::text[]) AS k

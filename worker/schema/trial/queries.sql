-- name: try_trial_lock
-- The lock of whoever tries a change of this database. The pair of keys is ours: "cqrs", and 2.
SELECT pg_try_advisory_lock(1668379251, 2)

-- name: leave_trial_lock
-- Somebody else may try.
SELECT pg_advisory_unlock(1668379251, 2)

-- name: this_database
-- What the scratch database of this one is called, whether it is there, and whether we may make it.
SELECT concat('cqrs_try_', d.oid),
       EXISTS (SELECT FROM pg_database AS s WHERE s.datname = concat('cqrs_try_', d.oid)),
       r.rolcreatedb OR r.rolsuper,
       current_user::text,
       current_setting('server_version_num')::int / 10000
  FROM pg_database AS d, pg_roles AS r
 WHERE d.datname = current_database() AND r.rolname = current_user

-- name: filled_views
-- Materialized views that hold data.
SELECT n.nspname, c.relname
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'm' AND c.relispopulated

-- name: session_settings
-- What a session rests on, from a JSON object.
SELECT set_config(s.key, s.value, false) FROM jsonb_each_text(%(settings)s) AS s

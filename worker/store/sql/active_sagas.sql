CREATE VIEW query.active_sagas AS
SELECT saga_id, saga_type, key, state ->> 'status' AS status, state ->> 'step' AS step, state,
       version, created_at, updated_at, due_at
  FROM cqrs.sagas
 WHERE state ->> 'status' NOT IN ('completed', 'failed');
COMMENT ON VIEW query.active_sagas IS
    'Sagas under way; one that is `stuck` stays here until somebody has looked at it.';
GRANT SELECT ON query.active_sagas TO cqrs_reader;

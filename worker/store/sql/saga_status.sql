CREATE MATERIALIZED VIEW query.saga_status AS
SELECT saga_type, state ->> 'status' AS status, count(*) AS count, max(updated_at) AS last_update
  FROM cqrs.sagas
 GROUP BY saga_type, state ->> 'status';
CREATE UNIQUE INDEX saga_status_key ON query.saga_status (saga_type, status);
COMMENT ON MATERIALIZED VIEW query.saga_status IS 'How many sagas of each type are in which status.';
GRANT SELECT ON query.saga_status TO cqrs_reader;

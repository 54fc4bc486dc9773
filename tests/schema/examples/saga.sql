--! description: Add saga pattern for workflow management
--! version: 3.1.0

--! command
CREATE TABLE command.sagas (
    saga_id uuid PRIMARY KEY,
    saga_type text NOT NULL,
    state jsonb NOT NULL,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);
CREATE TABLE command.saga_events (
    id serial PRIMARY KEY,
    saga_id uuid REFERENCES command.sagas (saga_id),
    event_type text NOT NULL,
    event_data jsonb,
    created_at timestamptz DEFAULT now()
);

--! query
CREATE MATERIALIZED VIEW query.saga_status AS
SELECT saga_type, state->>'status' AS status, COUNT(*) AS count, MAX(updated_at) AS last_update
  FROM command.sagas
 GROUP BY saga_type, state->>'status';
CREATE VIEW query.active_sagas AS
SELECT * FROM command.sagas WHERE state->>'status' NOT IN ('completed', 'failed');

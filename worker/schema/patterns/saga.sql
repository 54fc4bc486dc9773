--! description: Sagas with their steps
--! version: 1.0.0

--! command
CREATE TABLE command.sagas (
    saga_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    saga_type  text NOT NULL CHECK (saga_type <> ''),
    status     text NOT NULL DEFAULT 'running'
               CHECK (status IN ('running', 'compensating', 'completed', 'failed')),
    state      jsonb NOT NULL DEFAULT '{}',
    version    int NOT NULL DEFAULT 1,
    deadline   timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
--! undo
DROP TABLE command.sagas;

CREATE INDEX sagas_due ON command.sagas (deadline) WHERE status IN ('running', 'compensating');
--! undo
DROP INDEX command.sagas_due;

CREATE TABLE command.saga_events (
    saga_id    uuid NOT NULL REFERENCES command.sagas (saga_id),
    version    int NOT NULL,
    event_type text NOT NULL,
    event_data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (saga_id, version)
);
--! undo
DROP TABLE command.saga_events;

-- Moves a saga one step on. The key of saga_events lets only one of two racing steps through.
CREATE FUNCTION command.saga_step(
    saga_id uuid, expected_version int, event_type text, event_data jsonb, status text
) RETURNS int
BEGIN ATOMIC
    INSERT INTO command.saga_events (saga_id, version, event_type, event_data)
    VALUES (saga_step.saga_id, saga_step.expected_version + 1, saga_step.event_type,
            saga_step.event_data);
    UPDATE command.sagas AS s
       SET version = saga_step.expected_version + 1, status = saga_step.status,
           state = s.state || saga_step.event_data, updated_at = clock_timestamp()
     WHERE s.saga_id = saga_step.saga_id AND s.version = saga_step.expected_version
    RETURNING s.version;
END;
--! undo
DROP FUNCTION command.saga_step(uuid, int, text, jsonb, text);

--! query
CREATE MATERIALIZED VIEW query.saga_status AS
SELECT saga_type, status, count(*) AS sagas, max(updated_at) AS last_update
  FROM command.sagas
 GROUP BY saga_type, status;
--! undo
DROP MATERIALIZED VIEW query.saga_status;

-- Lets the view be refreshed while others read it.
CREATE UNIQUE INDEX saga_status_key ON query.saga_status (saga_type, status);
--! undo
DROP INDEX query.saga_status_key;

CREATE VIEW query.active_sagas AS
SELECT s.saga_id, s.saga_type, s.status, s.state, s.version, s.deadline, s.updated_at,
       s.deadline < now() AS overdue
  FROM command.sagas AS s
 WHERE s.status IN ('running', 'compensating');
--! undo
DROP VIEW query.active_sagas;

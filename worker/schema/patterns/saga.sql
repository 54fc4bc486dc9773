--! description: Long workflows with their steps
--! version: 1.0.0

--! command
CREATE TABLE command.workflows (
    workflow_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workflow_type  text NOT NULL CHECK (workflow_type <> ''),
    status     text NOT NULL DEFAULT 'running'
               CHECK (status IN ('running', 'compensating', 'completed', 'failed')),
    state      jsonb NOT NULL DEFAULT '{}',
    version    int NOT NULL DEFAULT 1,
    deadline   timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
--! undo
DROP TABLE command.workflows;

CREATE INDEX workflows_due ON command.workflows (deadline) WHERE status IN ('running', 'compensating');
--! undo
DROP INDEX command.workflows_due;

CREATE TABLE command.workflow_events (
    workflow_id    uuid NOT NULL REFERENCES command.workflows (workflow_id),
    version    int NOT NULL,
    event_type text NOT NULL,
    event_data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workflow_id, version)
);
--! undo
DROP TABLE command.workflow_events;

-- Moves a workflow one step on. The key of workflow_events lets only one of two racing steps through.
CREATE FUNCTION command.workflow_step(
    workflow_id uuid, expected_version int, event_type text, event_data jsonb, status text
) RETURNS int
BEGIN ATOMIC
    INSERT INTO command.workflow_events (workflow_id, version, event_type, event_data)
    VALUES (workflow_step.workflow_id, workflow_step.expected_version + 1, workflow_step.event_type,
            workflow_step.event_data);
    UPDATE command.workflows AS s
       SET version = workflow_step.expected_version + 1, status = workflow_step.status,
           state = s.state || workflow_step.event_data, updated_at = clock_timestamp()
     WHERE s.workflow_id = workflow_step.workflow_id AND s.version = workflow_step.expected_version
    RETURNING s.version;
END;
--! undo
DROP FUNCTION command.workflow_step(uuid, int, text, jsonb, text);

--! query
CREATE MATERIALIZED VIEW query.workflow_status AS
SELECT workflow_type, status, count(*) AS workflows, max(updated_at) AS last_update
  FROM command.workflows
 GROUP BY workflow_type, status;
--! undo
DROP MATERIALIZED VIEW query.workflow_status;

-- Lets the view be refreshed while others read it.
CREATE UNIQUE INDEX workflow_status_key ON query.workflow_status (workflow_type, status);
--! undo
DROP INDEX query.workflow_status_key;

CREATE VIEW query.active_workflows AS
SELECT s.workflow_id, s.workflow_type, s.status, s.state, s.version, s.deadline, s.updated_at,
       s.deadline < now() AS overdue
  FROM command.workflows AS s
 WHERE s.status IN ('running', 'compensating');
--! undo
DROP VIEW query.active_workflows;

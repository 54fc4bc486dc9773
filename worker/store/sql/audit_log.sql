CREATE TABLE cqrs.audit_log (
    audit_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity_type    text NOT NULL,
    entity_id      text NOT NULL,
    operation      text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE')),
    old_values     jsonb,
    new_values     jsonb,
    changed_fields text[],
    actor          text NOT NULL,
    command_id     uuid,
    changed_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX audit_log_entity ON cqrs.audit_log (entity_type, entity_id, audit_id);
CREATE INDEX audit_log_time ON cqrs.audit_log USING brin (changed_at);
COMMENT ON TABLE cqrs.audit_log IS
    'Every change of every write table. An INSERT holds the whole row, an UPDATE the fields that'
    ' changed, a DELETE the row that went.';
GRANT SELECT ON cqrs.audit_log TO cqrs_writer;

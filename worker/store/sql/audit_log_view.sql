CREATE VIEW query.audit_log AS
SELECT audit_id, entity_type, entity_id, operation, old_values, new_values, changed_fields, actor,
       command_id, changed_at
  FROM cqrs.audit_log;
COMMENT ON VIEW query.audit_log IS 'The audit trail, for readers who see the query schema only.';
GRANT SELECT ON query.audit_log TO cqrs_reader, cqrs_writer;

CREATE VIEW query.checkpoints AS
SELECT name, position FROM cqrs.subscriptions;
COMMENT ON VIEW query.checkpoints IS
    'How far each read model has read the log: read in the snapshot of an answer, its as_of.';
GRANT SELECT ON query.checkpoints TO cqrs_reader, cqrs_writer;

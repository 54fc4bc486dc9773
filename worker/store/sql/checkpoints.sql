CREATE VIEW query.checkpoints AS
SELECT subscription AS name, min(position) AS position, bool_or(letters > 0) AS has_letters
  FROM cqrs.subscriptions
 GROUP BY subscription;
COMMENT ON VIEW query.checkpoints IS
    'How far each read model has read the log, that is how far its slowest partition has: read in the'
    ' snapshot of an answer, its as_of. Where there are dead letters, it has passed over some events.';
GRANT SELECT ON query.checkpoints TO cqrs_reader, cqrs_writer;

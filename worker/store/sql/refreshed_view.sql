CREATE VIEW query.refreshed AS
SELECT view, horizon, refreshed_at FROM cqrs.refreshed;
COMMENT ON VIEW query.refreshed IS
    'How much of the log each materialized view holds: read in the snapshot of an answer, its as_of.';
GRANT SELECT ON query.refreshed TO cqrs_reader, cqrs_writer;

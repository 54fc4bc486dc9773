CREATE VIEW query.parked_events AS
SELECT l.subscription AS name, e.position, e.type, l.letter_id
  FROM cqrs.dead_letters AS l
  JOIN cqrs.events AS e ON e.stream = l.stream AND e.position >= l.position
 WHERE l.state = 'open';
COMMENT ON VIEW query.parked_events IS
    'Events that a read model has passed over, or will, while a dead letter of their stream is open.';
GRANT SELECT ON query.parked_events TO cqrs_reader, cqrs_writer;

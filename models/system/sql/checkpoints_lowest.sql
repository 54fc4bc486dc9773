-- The checkpoints again, now that a subscription may have partitions: it is as far as its slowest.
CREATE OR REPLACE VIEW query.checkpoints AS
SELECT subscription AS name, min(position) AS position
  FROM cqrs.subscriptions
 GROUP BY subscription;

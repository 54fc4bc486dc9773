-- One line per changeset, with how many operations it has on each side and which one failed.
CREATE VIEW cqrs.changeset_history AS
SELECT c.id AS changeset_id, c.kind, c.description, c.version, c.status, c.created_at,
       c.started_at, c.completed_at, c.completed_at - c.started_at AS duration, c.created_by,
       c.error, d.name AS deployment,
       count(o.number) FILTER (WHERE o.side = 'command') AS command_ops_count,
       count(o.number) FILTER (WHERE o.side = 'query') AS query_ops_count,
       min(o.number) FILTER (WHERE NOT o.success) AS failed_operation
  FROM cqrs.changesets AS c
  LEFT JOIN cqrs.deployments AS d ON d.id = c.deployment_id
  LEFT JOIN cqrs.changeset_operations AS o ON o.changeset_id = c.id
 GROUP BY c.id, d.id;
COMMENT ON VIEW cqrs.changeset_history IS
    'One line per changeset: what, when, by whom, with what outcome.';

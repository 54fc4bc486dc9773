-- What the users of each tier have used; those that are deleted are not counted.
CREATE MATERIALIZED VIEW query.user_statistics_view AS
SELECT t.tier AS subscription_tier, count(u.user_id)::int AS users,
       coalesce(sum(s.sessions), 0)::bigint AS sessions,
       coalesce(sum(s.turns), 0)::bigint AS turns,
       coalesce(sum(s.cost), 0)::numeric(18, 6) AS total_cost,
       coalesce(sum(d.documents), 0)::bigint AS documents,
       coalesce(sum(d.bytes), 0)::bigint AS document_bytes
  FROM unnest(ARRAY['free', 'pro', 'enterprise']) AS t (tier)
  LEFT JOIN command.users AS u ON u.subscription_tier = t.tier AND u.deleted_at IS NULL
  LEFT JOIN (SELECT c.user_id, count(DISTINCT c.session_id) AS sessions, count(n.turn_id) AS turns,
                    sum(n.cost) AS cost
               FROM command.conversation_sessions AS c
               LEFT JOIN command.conversation_turns AS n USING (session_id)
              GROUP BY c.user_id) AS s ON s.user_id = u.user_id
  LEFT JOIN (SELECT o.user_id, count(*) AS documents, sum(o.size_bytes) AS bytes
               FROM command.documents AS o WHERE o.deleted_at IS NULL
              GROUP BY o.user_id) AS d ON d.user_id = u.user_id
 GROUP BY t.tier
  WITH DATA;
CREATE UNIQUE INDEX user_statistics_view_key ON query.user_statistics_view (subscription_tier);
COMMENT ON MATERIALIZED VIEW query.user_statistics_view IS
    'Users of each tier, their sessions, turns, costs and documents.';
GRANT SELECT ON query.user_statistics_view TO cqrs_reader;

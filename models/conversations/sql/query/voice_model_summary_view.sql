-- A voice model and how much has been spoken with it.
CREATE MATERIALIZED VIEW query.voice_model_summary_view AS
SELECT m.model_id, m.user_id, m.status, m.active, m.quality, m.registered_at, m.activated_at,
       m.deleted_at, count(s.session_id)::int AS sessions,
       coalesce(sum(s.turn_count), 0)::int AS turns, max(s.last_activity_at) AS last_used_at
  FROM command.voice_models AS m
  LEFT JOIN command.conversation_sessions AS s ON s.voice_model_id = m.model_id
 GROUP BY m.model_id
  WITH DATA;
CREATE UNIQUE INDEX voice_model_summary_view_key ON query.voice_model_summary_view (model_id);
CREATE INDEX voice_model_summary_view_of_user ON query.voice_model_summary_view (user_id);
COMMENT ON MATERIALIZED VIEW query.voice_model_summary_view IS
    'Each voice model, whether it is active, and its use.';
GRANT SELECT ON query.voice_model_summary_view TO cqrs_reader;

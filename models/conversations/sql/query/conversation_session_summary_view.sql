-- A session with the figures of its turns.
CREATE MATERIALIZED VIEW query.conversation_session_summary_view AS
SELECT s.session_id, s.user_id, s.voice_model_id, s.face_model_id, s.started_at,
       s.last_activity_at, s.ended_at, s.end_reason,
       round(extract(epoch FROM s.ended_at - s.started_at), 6)::numeric(16, 6) AS duration_seconds,
       count(t.turn_id)::int AS turns,
       count(t.turn_id) FILTER (WHERE t.speaker = 'user')::int AS user_turns,
       count(t.turn_id) FILTER (WHERE t.speaker = 'clone')::int AS clone_turns,
       coalesce(sum(t.latency_ms), 0)::bigint AS latency_total_ms,
       round(avg(t.latency_ms), 2)::numeric(12, 2) AS average_latency_ms,
       max(t.latency_ms) AS longest_latency_ms,
       coalesce(sum(t.cost), 0)::numeric(14, 6) AS total_cost
  FROM command.conversation_sessions AS s
  LEFT JOIN command.conversation_turns AS t USING (session_id)
 GROUP BY s.session_id
  WITH DATA;
CREATE UNIQUE INDEX conversation_session_summary_view_key
    ON query.conversation_session_summary_view (session_id);
CREATE INDEX conversation_session_summary_view_of_user
    ON query.conversation_session_summary_view (user_id, started_at);
COMMENT ON MATERIALIZED VIEW query.conversation_session_summary_view IS
    'Each session with its turns, latencies and cost.';
GRANT SELECT ON query.conversation_session_summary_view TO cqrs_reader;

-- What each read model must say, computed from the write tables by other statements than the views'.

-- name: user_profile_view
SELECT u.user_id, u.email, u.name, u.subscription_tier, u.created_at, u.deleted_at, u.deleted_by,
       (SELECT jsonb_build_object('model_id', m.model_id, 'quality', m.quality::text)
          FROM command.voice_models AS m WHERE m.user_id = u.user_id AND m.active)
           AS active_voice_model,
       (SELECT count(*) FROM command.voice_models AS m
         WHERE m.user_id = u.user_id AND m.deleted_at IS NULL) AS voice_models,
       (SELECT jsonb_build_object('model_id', m.model_id, 'quality', m.quality::text)
          FROM command.face_models AS m WHERE m.user_id = u.user_id AND m.active)
           AS active_face_model,
       (SELECT count(*) FROM command.face_models AS m
         WHERE m.user_id = u.user_id AND m.deleted_at IS NULL) AS face_models,
       (SELECT count(*) FROM command.documents AS d
         WHERE d.user_id = u.user_id AND d.deleted_at IS NULL) AS documents,
       (SELECT count(*) FROM command.conversation_sessions AS s
         WHERE s.user_id = u.user_id) AS sessions,
       (SELECT count(*) FROM command.conversation_turns AS t
          JOIN command.conversation_sessions AS s USING (session_id)
         WHERE s.user_id = u.user_id) AS turns,
       coalesce((SELECT sum(t.cost) FROM command.conversation_turns AS t
                   JOIN command.conversation_sessions AS s USING (session_id)
                  WHERE s.user_id = u.user_id), 0.000000) AS total_cost,
       (SELECT max(greatest(s.started_at, t.recorded_at)) FROM command.conversation_sessions AS s
          LEFT JOIN command.conversation_turns AS t USING (session_id)
         WHERE s.user_id = u.user_id) AS last_activity_at,
       (SELECT count(*) FROM command.conversation_sessions AS s
         WHERE s.user_id = u.user_id
           AND s.started_at >= date_trunc('day', now(), 'UTC') - interval '29 days')
           AS sessions_last_30_days
  FROM command.users AS u
 ORDER BY 1

-- name: conversation_session_summary_view
SELECT s.session_id, s.user_id, s.voice_model_id, s.face_model_id, s.started_at,
       coalesce(t.last, s.started_at) AS last_activity_at, s.ended_at, s.end_reason,
       round(extract(epoch FROM s.ended_at) - extract(epoch FROM s.started_at), 6)
           AS duration_seconds,
       coalesce(t.turns, 0) AS turns, coalesce(t.by_user, 0) AS user_turns,
       coalesce(t.by_clone, 0) AS clone_turns, coalesce(t.latency, 0) AS latency_total_ms,
       round(t.latency::numeric / t.turns, 2) AS average_latency_ms,
       t.longest AS longest_latency_ms, coalesce(t.cost, 0.000000) AS total_cost
  FROM command.conversation_sessions AS s
  LEFT JOIN (SELECT session_id, count(*) AS turns, sum(latency_ms) AS latency, sum(cost) AS cost,
                    max(latency_ms) AS longest, max(recorded_at) AS last,
                    sum((speaker = 'user')::int) AS by_user,
                    sum((speaker = 'clone')::int) AS by_clone
               FROM command.conversation_turns GROUP BY session_id) AS t USING (session_id)
 ORDER BY 1

-- name: document_summary_view
SELECT document_id, user_id, name, content_type, size_bytes, status, error, uploaded_at,
       processing_at, processed_at, failed_at, deleted_at,
       CASE status
           WHEN 'processed' THEN extract(epoch FROM processed_at) - extract(epoch FROM processing_at)
           WHEN 'failed' THEN extract(epoch FROM failed_at) - extract(epoch FROM processing_at)
       END AS processing_seconds
  FROM command.documents
 ORDER BY 1

-- name: user_statistics_view
SELECT tier AS subscription_tier,
       (SELECT count(*) FROM command.users AS u
         WHERE u.subscription_tier = tier AND u.deleted_at IS NULL) AS users,
       (SELECT count(*) FROM command.conversation_sessions JOIN command.users AS u USING (user_id)
         WHERE u.subscription_tier = tier AND u.deleted_at IS NULL) AS sessions,
       (SELECT count(*) FROM command.conversation_turns
          JOIN command.conversation_sessions USING (session_id)
          JOIN command.users AS u USING (user_id)
         WHERE u.subscription_tier = tier AND u.deleted_at IS NULL) AS turns,
       (SELECT coalesce(sum(cost), 0.000000) FROM command.conversation_turns
          JOIN command.conversation_sessions USING (session_id)
          JOIN command.users AS u USING (user_id)
         WHERE u.subscription_tier = tier AND u.deleted_at IS NULL) AS total_cost,
       (SELECT count(*) FROM command.documents AS d JOIN command.users AS u USING (user_id)
         WHERE u.subscription_tier = tier AND u.deleted_at IS NULL AND d.deleted_at IS NULL)
           AS documents,
       (SELECT coalesce(sum(d.size_bytes), 0) FROM command.documents AS d
          JOIN command.users AS u USING (user_id)
         WHERE u.subscription_tier = tier AND u.deleted_at IS NULL AND d.deleted_at IS NULL)
           AS document_bytes
  FROM (VALUES ('enterprise'), ('free'), ('pro')) AS t (tier)
 ORDER BY 1

-- name: voice_model_summary_view
SELECT m.model_id, m.user_id, m.status, m.active, m.quality, m.registered_at, m.activated_at,
       m.deleted_at,
       (SELECT count(*) FROM command.conversation_sessions AS s
         WHERE s.voice_model_id = m.model_id) AS sessions,
       (SELECT count(*) FROM command.conversation_turns
          JOIN command.conversation_sessions AS s USING (session_id)
         WHERE s.voice_model_id = m.model_id) AS turns,
       (SELECT max(s.last_activity_at) FROM command.conversation_sessions AS s
         WHERE s.voice_model_id = m.model_id) AS last_used_at
  FROM command.voice_models AS m
 ORDER BY 1

-- name: face_model_summary_view
SELECT m.model_id, m.user_id, m.status, m.active, m.quality, m.registered_at, m.activated_at,
       m.deleted_at,
       (SELECT count(*) FROM command.conversation_sessions AS s
         WHERE s.face_model_id = m.model_id) AS sessions,
       (SELECT count(*) FROM command.conversation_turns
          JOIN command.conversation_sessions AS s USING (session_id)
         WHERE s.face_model_id = m.model_id) AS turns,
       (SELECT max(s.last_activity_at) FROM command.conversation_sessions AS s
         WHERE s.face_model_id = m.model_id) AS last_used_at
  FROM command.face_models AS m
 ORDER BY 1

-- name: session_turns
SELECT t.turn_id, t.session_id, s.user_id, t.number, t.speaker, t.text, t.latency_ms, t.cost,
       t.recorded_at
  FROM command.conversation_turns AS t JOIN command.conversation_sessions AS s USING (session_id)
 ORDER BY 1

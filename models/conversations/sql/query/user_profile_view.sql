-- A user with the models that are active and what he has used. `sessions_last_30_days`: those that began
-- today or on one of the 29 days before, in UTC.
CREATE MATERIALIZED VIEW query.user_profile_view AS
SELECT u.user_id, u.email, u.name, u.subscription_tier, u.created_at, u.deleted_at, u.deleted_by,
       v.active AS active_voice_model, v.models AS voice_models,
       f.active AS active_face_model, f.models AS face_models,
       d.documents, s.sessions, s.turns, s.total_cost, s.last_activity_at, s.sessions_last_30_days
  FROM command.users AS u
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE m.status = 'ready')::int AS models,
              (array_agg(jsonb_build_object('model_id', m.model_id, 'quality', m.quality::text))
                   FILTER (WHERE m.active))[1] AS active
         FROM command.voice_models AS m WHERE m.user_id = u.user_id) AS v
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE m.status = 'ready')::int AS models,
              (array_agg(jsonb_build_object('model_id', m.model_id, 'quality', m.quality::text))
                   FILTER (WHERE m.active))[1] AS active
         FROM command.face_models AS m WHERE m.user_id = u.user_id) AS f
 CROSS JOIN LATERAL (
       SELECT count(*)::int AS documents
         FROM command.documents AS o WHERE o.user_id = u.user_id AND o.deleted_at IS NULL) AS d
 CROSS JOIN LATERAL (
       SELECT count(*)::int AS sessions, coalesce(sum(c.turn_count), 0)::int AS turns,
              coalesce(sum(t.cost), 0)::numeric(14, 6) AS total_cost,
              max(c.last_activity_at) AS last_activity_at,
              count(*) FILTER (WHERE (c.started_at AT TIME ZONE 'UTC')::date
                                     > (now() AT TIME ZONE 'UTC')::date - 30)::int
                  AS sessions_last_30_days
         FROM command.conversation_sessions AS c
         LEFT JOIN LATERAL (SELECT sum(n.cost) AS cost FROM command.conversation_turns AS n
                             WHERE n.session_id = c.session_id) AS t ON true
        WHERE c.user_id = u.user_id) AS s
  WITH DATA;
CREATE UNIQUE INDEX user_profile_view_key ON query.user_profile_view (user_id);
COMMENT ON MATERIALIZED VIEW query.user_profile_view IS
    'Each user with his active models, how much he has, and what he has used.';
GRANT SELECT ON query.user_profile_view TO cqrs_reader;

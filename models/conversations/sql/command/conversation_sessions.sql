CREATE TABLE command.conversation_sessions (
    session_id       uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES command.users,
    voice_model_id   uuid REFERENCES command.voice_models,
    face_model_id    uuid REFERENCES command.face_models,
    turn_count       integer NOT NULL,
    started_at       timestamptz NOT NULL,
    last_activity_at timestamptz NOT NULL,
    watch_id         uuid,
    ended_at         timestamptz,
    end_reason       text,
    CONSTRAINT conversation_sessions_in_time CHECK (
        last_activity_at >= started_at AND ended_at >= started_at AND turn_count >= 0),
    CONSTRAINT conversation_sessions_ended_for_a_reason CHECK (
        (ended_at IS NULL) = (end_reason IS NULL) AND end_reason IN ('asked', 'silence'))
) WITH (fillfactor = 70);
CREATE INDEX conversation_sessions_of_user ON command.conversation_sessions (user_id);
CREATE INDEX conversation_sessions_of_voice ON command.conversation_sessions (voice_model_id);
CREATE INDEX conversation_sessions_of_face ON command.conversation_sessions (face_model_id);
SELECT cqrs.audit('command.conversation_sessions', 'session_id');

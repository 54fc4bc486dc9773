-- `text` is sealed.
CREATE TABLE command.conversation_turns (
    turn_id     uuid PRIMARY KEY,
    session_id  uuid NOT NULL REFERENCES command.conversation_sessions,
    number      integer NOT NULL,
    speaker     text NOT NULL,
    text        text NOT NULL,
    latency_ms  integer NOT NULL,
    cost        numeric(14, 6) NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT conversation_turns_number_once UNIQUE (session_id, number),
    CONSTRAINT conversation_turns_speaker_known CHECK (speaker IN ('user', 'clone')),
    CONSTRAINT conversation_turns_positive CHECK (number >= 1 AND latency_ms >= 0 AND cost >= 0)
);
SELECT cqrs.audit('command.conversation_turns', 'turn_id');

-- One of a user's voice models is active, or none.
CREATE TABLE command.voice_models (
    model_id      uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES command.users,
    status        text NOT NULL,
    active        boolean NOT NULL,
    quality       numeric(5, 4) NOT NULL,
    registered_at timestamptz NOT NULL,
    activated_at  timestamptz,
    deleted_at    timestamptz,
    deleted_by    text,
    CONSTRAINT voice_models_status_known CHECK (status IN ('ready', 'deleted')),
    CONSTRAINT voice_models_quality_is_a_share CHECK (quality BETWEEN 0 AND 1),
    CONSTRAINT voice_models_deleted_by_somebody CHECK (
        (status = 'deleted') = (deleted_at IS NOT NULL)
        AND (deleted_at IS NULL) = (deleted_by IS NULL)),
    CONSTRAINT voice_models_active_is_there CHECK (
        NOT active OR (status = 'ready' AND activated_at IS NOT NULL))
);
CREATE INDEX voice_models_of_user ON command.voice_models (user_id);
CREATE UNIQUE INDEX voice_models_one_active ON command.voice_models (user_id) WHERE active;
SELECT cqrs.audit('command.voice_models', 'model_id');

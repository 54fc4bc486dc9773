-- One of a user's face models is active, or none.
CREATE TABLE command.face_models (
    model_id      uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES command.users,
    status        text NOT NULL,
    active        boolean NOT NULL,
    quality       numeric(5, 4) NOT NULL,
    registered_at timestamptz NOT NULL,
    activated_at  timestamptz,
    deleted_at    timestamptz,
    deleted_by    text,
    CONSTRAINT face_models_status_known CHECK (status IN ('ready', 'deleted')),
    CONSTRAINT face_models_quality_is_a_share CHECK (quality BETWEEN 0 AND 1),
    CONSTRAINT face_models_deleted_by_somebody CHECK (
        (status = 'deleted') = (deleted_at IS NOT NULL)
        AND (deleted_at IS NULL) = (deleted_by IS NULL)),
    CONSTRAINT face_models_active_is_there CHECK (
        NOT active OR (status = 'ready' AND activated_at IS NOT NULL))
);
CREATE INDEX face_models_of_user ON command.face_models (user_id);
CREATE UNIQUE INDEX face_models_one_active ON command.face_models (user_id) WHERE active;
SELECT cqrs.audit('command.face_models', 'model_id');

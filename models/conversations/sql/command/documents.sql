-- `name` is sealed. A status says which times are known.
CREATE TABLE command.documents (
    document_id   uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES command.users,
    name          text NOT NULL,
    content_type  text NOT NULL,
    size_bytes    bigint NOT NULL,
    status        text NOT NULL,
    error         text,
    uploaded_at   timestamptz NOT NULL,
    processing_at timestamptz,
    processed_at  timestamptz,
    failed_at     timestamptz,
    deleted_at    timestamptz,
    deleted_by    text,
    CONSTRAINT documents_size_positive CHECK (size_bytes > 0),
    CONSTRAINT documents_error_if_failed CHECK ((status = 'failed') = (error IS NOT NULL)),
    CONSTRAINT documents_deleted_by_somebody CHECK ((deleted_at IS NULL) = (deleted_by IS NULL)),
    CONSTRAINT documents_status_with_its_times CHECK (CASE status
        WHEN 'uploaded' THEN num_nonnulls(processing_at, processed_at, failed_at) = 0
        WHEN 'processing' THEN processing_at IS NOT NULL
            AND num_nonnulls(processed_at, failed_at) = 0
        WHEN 'processed' THEN num_nulls(processing_at, processed_at) = 0 AND failed_at IS NULL
        WHEN 'failed' THEN num_nulls(processing_at, failed_at) = 0 AND processed_at IS NULL
        ELSE false END)
);
CREATE INDEX documents_of_user ON command.documents (user_id);
SELECT cqrs.audit('command.documents', 'document_id');

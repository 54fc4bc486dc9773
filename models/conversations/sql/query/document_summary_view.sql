-- A document and how long its last processing took, to its success or its failure.
CREATE MATERIALIZED VIEW query.document_summary_view AS
SELECT d.document_id, d.user_id, d.name, d.content_type, d.size_bytes, d.status, d.error,
       d.uploaded_at, d.processing_at, d.processed_at, d.failed_at, d.deleted_at,
       round(extract(epoch FROM coalesce(d.processed_at, d.failed_at) - d.processing_at), 6)
           ::numeric(16, 6) AS processing_seconds
  FROM command.documents AS d
  WITH DATA;
CREATE UNIQUE INDEX document_summary_view_key ON query.document_summary_view (document_id);
CREATE INDEX document_summary_view_of_user
    ON query.document_summary_view (user_id, status, uploaded_at);
COMMENT ON MATERIALIZED VIEW query.document_summary_view IS
    'Each document, where it stands, and how long its processing took.';
GRANT SELECT ON query.document_summary_view TO cqrs_reader;

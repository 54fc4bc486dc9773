-- How far each stream is. Every append updates its streams' rows, and no index covers `version`: the
-- free third of each page keeps those updates heap-only (HOT), and early vacuums keep pages short.
CREATE TABLE cqrs.streams (
    stream  text PRIMARY KEY CHECK (stream <> ''),
    version bigint NOT NULL CHECK (version > 0)
) WITH (fillfactor = 66, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE cqrs.streams IS
    'The version of each stream (one aggregate''s events). Its row is the stream''s lock.';
GRANT SELECT ON cqrs.streams TO cqrs_writer;

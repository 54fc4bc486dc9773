-- The last position that anybody has drawn, for readers, who see the schema query alone: what a
-- strong answer must hold, and what `after=` may ask for.
CREATE FUNCTION cqrs.last_position() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(pg_sequence_last_value('cqrs.events_position_seq'::regclass), 0);
END;
REVOKE ALL ON FUNCTION cqrs.last_position() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.last_position() TO cqrs_reader, cqrs_writer;
COMMENT ON FUNCTION cqrs.last_position() IS 'The last position that anybody has drawn.';
CREATE VIEW query.last_position AS SELECT cqrs.last_position() AS position;
COMMENT ON VIEW query.last_position IS
    'The last position that anybody has drawn, committed or not; 0 for an empty log.';
GRANT SELECT ON query.last_position TO cqrs_reader, cqrs_writer;

-- Appends a batch of events to the log: the only way in.
--
-- `batch` is a JSON array of objects, in the order in which they happened:
--     {"stream", "type", "data", "metadata", "schema_version"?: 1, "expected_version"?: null}
-- `expected_version` is the version at which the stream must be before this batch (0: it is new).
-- Returns one row for each event, in order: its place in the batch from 1, its stream and version,
-- its position. Positions ascend with the place in the batch.
--
-- Raises CQ001 when a stream is at another version, with DETAIL {"stream", "expected", "current"}.
--
-- First the streams move, in one order for everybody, so that appenders that share streams wait for
-- one another here and never in a circle, and so that order in a stream is order of position. Then
-- the fence goes up: it is held for the insert and the commit alone. Then positions are drawn.
CREATE FUNCTION cqrs.append(batch jsonb)
RETURNS TABLE (ord integer, stream text, version bigint, "position" bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    streams  text[];
    versions bigint[];
    conflict jsonb;
BEGIN
    IF jsonb_typeof(batch) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'a batch of events is a JSON array, not %',
            coalesce(jsonb_typeof(batch), 'NULL') USING ERRCODE = 'invalid_parameter_value';
    END IF;

    WITH wanted AS (
        SELECT e.stream, count(*) AS events,
               min(e.expected_version) AS lowest, max(e.expected_version) AS highest
          FROM jsonb_to_recordset(batch) AS e (stream text, expected_version bigint)
         GROUP BY e.stream
    ), moved AS (
        INSERT INTO cqrs.streams AS s (stream, version)
        SELECT w.stream, w.events FROM wanted AS w ORDER BY w.stream COLLATE "C"
        ON CONFLICT (stream) DO UPDATE SET version = s.version + excluded.version
        RETURNING s.stream, s.version
    )
    SELECT array_agg(m.stream), array_agg(m.version),
           jsonb_agg(jsonb_build_object(
               'stream', m.stream,
               'expected', CASE m.version - w.events WHEN w.lowest THEN w.highest ELSE w.lowest END,
               'current', m.version - w.events) ORDER BY m.stream COLLATE "C"
           ) FILTER (WHERE m.version - w.events NOT IN (w.lowest, w.highest)
                        OR w.lowest <> w.highest) -> 0
      INTO streams, versions, conflict
      FROM moved AS m JOIN wanted AS w USING (stream);

    IF conflict IS NOT NULL THEN
        RAISE EXCEPTION 'stream % is at version %, not %',
            conflict ->> 'stream', conflict ->> 'current', conflict ->> 'expected'
            USING ERRCODE = 'CQ001', DETAIL = conflict::text;
    END IF;

    IF streams IS NULL THEN
        RETURN;
    END IF;

    PERFORM cqrs.fence();

    RETURN QUERY
    WITH logged AS (
        INSERT INTO cqrs.events AS l (stream, version, type, schema_version, data, metadata)
        SELECT e.stream,
               m.version + 1 - row_number() OVER (PARTITION BY e.stream ORDER BY e.ord DESC),
               e.type, coalesce(e.schema_version, 1), e.data, e.metadata
          FROM ROWS FROM (jsonb_to_recordset(batch) AS (
                   stream text, type text, schema_version smallint, data jsonb, metadata jsonb
               )) WITH ORDINALITY AS e (stream, type, schema_version, data, metadata, ord)
          JOIN unnest(streams, versions) AS m (stream, version) USING (stream)
         ORDER BY e.ord
        RETURNING l.position, l.stream, l.version
    )
    SELECT row_number() OVER (ORDER BY l.position)::integer, l.stream, l.version, l.position
      FROM logged AS l
     ORDER BY l.position;
END
$$;
REVOKE EXECUTE ON FUNCTION cqrs.append(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.append(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.append(jsonb) IS
    'The only way into the event log: moves the streams, takes the fence, draws the positions.';

-- Holds streams until this transaction ends, in the order in which cqrs.append() moves them. Who
-- lost a race for a stream takes it this way before folding again, and so does not lose twice.
-- A stream without events has no row to hold: two who begin it meet in cqrs.append().
CREATE FUNCTION cqrs.lock_streams(wanted text[]) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH held AS (
        SELECT s.stream FROM cqrs.streams AS s
         WHERE s.stream = ANY (wanted)
         ORDER BY s.stream COLLATE "C"
           FOR NO KEY UPDATE
    )
    SELECT count(*) FROM held;
END;
REVOKE EXECUTE ON FUNCTION cqrs.lock_streams(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.lock_streams(text[]) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.lock_streams(text[]) IS
    'Holds streams until the end of the transaction; returns how many there are.';

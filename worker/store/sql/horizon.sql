-- The reader's side of the fence: the highest position at or below which every event is visible to
-- any LATER statement, or will never exist. Two statements, in this order (VOLATILE PL/pgSQL):
--
-- 1. h, the last position drawn so far;
-- 2. the lowest fence that is up. An event at or below h was drawn behind a fence that was up before
--    step 1. If that fence is up still, it is below the event and so is the horizon. If it is not,
--    its transaction has ended, and a snapshot taken from now on knows how.
--
-- The horizon may step back (a fence taken slowly, at a position that others have passed): it is
-- right every time it is asked, so a reader keeps the highest that it has seen.
--
-- Refused where it would lie: a snapshot that is kept from one statement to the next (repeatable
-- read, serializable) may be older than the fences, and a standby shows no locks of its primary.
CREATE FUNCTION cqrs.horizon() RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    last_position bigint;
    lowest_fence  bigint;
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'the horizon needs a read committed transaction, this one is %',
            current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'the horizon is known on the primary only, this server is a standby'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    last_position := coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0);
    SELECT min(f.position) INTO lowest_fence FROM cqrs.fences AS f;
    RETURN least(last_position, lowest_fence);
END
$$;
REVOKE EXECUTE ON FUNCTION cqrs.horizon() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.horizon() TO cqrs_writer;
COMMENT ON FUNCTION cqrs.horizon() IS
    'Every event at or below this position is visible to the next statement, or will never be.';

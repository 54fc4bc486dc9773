-- The appender's side of the fence: every position that this transaction draws from now on is above
-- the one returned here, and until it ends every `cqrs.horizon()` stays at or below that one.
--
-- The key of the lock is 25457 ("cq") in the high 16 bits and the position in the low 48.
--
-- The sequence is read by pg_sequence_last_value(), never by SELECT last_value. The function holds
-- the buffer's lock. A SELECT does not, and now and then sees the number that nextval() puts there
-- while it writes its WAL record: up to 32 positions ahead of the truth, a fence with a hole.
CREATE FUNCTION cqrs.fence() RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    last_position CONSTANT bigint :=
        coalesce(pg_sequence_last_value('cqrs.events_position_seq'), 0);
BEGIN
    PERFORM pg_advisory_xact_lock_shared((25457::bigint << 48) | last_position);
    RETURN last_position;
END
$$;
REVOKE EXECUTE ON FUNCTION cqrs.fence() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.fence() TO cqrs_writer;
COMMENT ON FUNCTION cqrs.fence() IS
    'Holds the horizon at or below the returned position until this transaction ends.';

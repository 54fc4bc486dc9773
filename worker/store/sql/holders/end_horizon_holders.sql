-- Ends the sessions that have held the horizon for longer than `patience` seconds: their transactions
-- are rolled back, and what they appended never was. At least a second is everybody's. A prepared
-- transaction has no session: somebody decides it (COMMIT PREPARED, ROLLBACK PREPARED).
--
-- SECURITY DEFINER: the owner may end the sessions of users whose member he is; `ended` is false for
-- one that he may not, and for one that was gone.
CREATE FUNCTION cqrs.end_horizon_holders(patience double precision) RETURNS TABLE (
    pid              integer,
    username         text,
    application_name text,
    held             double precision,
    ended            boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR pid, username, application_name, held IN
        SELECT h.pid, h.username, h.application_name, h.held
          FROM cqrs.horizon_holders() AS h
         WHERE h.pid <> pg_backend_pid() AND h.held > greatest(patience, 1)
    LOOP
        BEGIN
            ended := pg_terminate_backend(pid);
        EXCEPTION WHEN insufficient_privilege THEN
            ended := false;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION cqrs.end_horizon_holders(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.end_horizon_holders(double precision) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.end_horizon_holders(double precision) IS
    'Ends the sessions that have held the horizon for longer than so many seconds.';

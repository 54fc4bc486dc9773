-- Who holds the horizon, the lowest fence first. The first row is the one to look at: nothing above
-- its fence is read until it ends. SECURITY DEFINER: other users' sessions are shown as far as the
-- owner of this function may see them.
CREATE FUNCTION cqrs.horizon_holders() RETURNS TABLE (
    fence            bigint,
    pid              integer,
    prepared         text,
    application_name text,
    state            text,
    seconds          double precision,
    query_start      timestamptz
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT min(f.position), f.pid, p.gid, a.application_name, a.state,
           extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)), a.query_start
      FROM cqrs.fences AS f
      LEFT JOIN pg_stat_activity AS a ON a.pid = f.pid
      LEFT JOIN pg_locks AS own ON f.pid IS NULL AND own.pid IS NULL
            AND own.locktype = 'transactionid' AND own.virtualtransaction = f.virtualtransaction
      LEFT JOIN pg_prepared_xacts AS p ON p.transaction = own.transactionid
     GROUP BY f.pid, p.gid, p.prepared, a.application_name, a.state, a.xact_start, a.query_start
     ORDER BY 1, 6 DESC NULLS LAST;
END;
REVOKE EXECUTE ON FUNCTION cqrs.horizon_holders() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.horizon_holders() TO cqrs_writer;
COMMENT ON FUNCTION cqrs.horizon_holders() IS
    'Transactions that hold the horizon: fence, process or prepared name, state, age in seconds.';

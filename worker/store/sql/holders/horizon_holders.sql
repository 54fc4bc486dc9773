-- Who holds the horizon, the lowest fence first. The first row is the one to look at: nothing above
-- its fence is read until it ends. SECURITY DEFINER: other users' sessions are shown as far as the
-- owner of this function may see them.
--
-- `seconds` is the age of the transaction. `held` is for how long, at least, it has held the horizon:
-- since the oldest event that is committed above its fence, which was drawn after that; or since its
-- session idles, or was prepared. It is null for one that has only begun.
DROP FUNCTION cqrs.horizon_holders();
CREATE FUNCTION cqrs.horizon_holders() RETURNS TABLE (
    fence            bigint,
    pid              integer,
    prepared         text,
    application_name text,
    state            text,
    seconds          double precision,
    query_start      timestamptz,
    username         text,
    held             double precision
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT f.position, f.pid, p.gid, a.application_name, a.state,
           extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)),
           a.query_start, coalesce(a.usename, p.owner)::text,
           extract(epoch FROM clock_timestamp() - least(
               (SELECT e.recorded_at FROM cqrs.events AS e
                 WHERE e.position > f.position ORDER BY e.position LIMIT 1),
               CASE WHEN a.state LIKE 'idle in transaction%' THEN a.state_change END,
               p.prepared))
      FROM cqrs.fences AS f
      LEFT JOIN pg_stat_activity AS a ON a.pid = f.pid
      LEFT JOIN pg_locks AS own ON f.pid IS NULL AND own.pid IS NULL
            AND own.locktype = 'transactionid' AND own.virtualtransaction = f.virtualtransaction
      LEFT JOIN pg_prepared_xacts AS p ON p.transaction = own.transactionid
     ORDER BY 1, 6 DESC NULLS LAST;
END;
REVOKE EXECUTE ON FUNCTION cqrs.horizon_holders() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.horizon_holders() TO cqrs_writer;
COMMENT ON FUNCTION cqrs.horizon_holders() IS
    'Transactions that hold the horizon: fence, process or prepared name, state, age in seconds, user, seconds held.';

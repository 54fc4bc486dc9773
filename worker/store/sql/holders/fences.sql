-- The fences that are up in this database, one row for each transaction that appends: its lowest. A
-- prepared transaction keeps its fences and has no process: its `pid` is null.
--
-- Anybody may take an advisory lock, so a lock alone is no fence: whoever appends holds the lock of a
-- writer on cqrs.events as well, and to that only those have a right who may execute cqrs.append (or
-- own it). So another login's lock holds nobody up, and no appender is left out:
--
-- 1. An event is drawn by an INSERT, which locks the table first. One at or below h, the position
--    that `cqrs.horizon()` has read before it looks here, was drawn when both locks were held.
-- 2. PostgreSQL lists the locks on tables of each process first (its fast path) and all others then.
--    A transaction whose fence is seen has not ended by then, so the table's lock was seen too, in
--    one list or the other: it only ever moves from the first to the second.
--
-- While PREPARE TRANSACTION hands its locks over, one may be seen before and the other after: so
-- prepared fences count whatever they hold, and all do while a prepared transaction has appended.
--
-- Only granted shared locks count: a waiting fence has drawn nothing yet, and an exclusive lock in
-- this range of keys is somebody else's.
CREATE OR REPLACE VIEW cqrs.fences AS
SELECT h.position, h.pid, h.virtualtransaction
  FROM (SELECT min(((l.classid::bigint & 65535) << 32) | l.objid::bigint)
                   FILTER (WHERE l.locktype = 'advisory') AS position,
               l.pid,
               l.virtualtransaction,
               bool_or(l.locktype = 'relation') AS appends,
               bool_or(bool_or(l.locktype = 'relation') AND l.pid IS NULL) OVER () AS prepared
          FROM pg_locks AS l
         WHERE l.granted
           AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
           AND (l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid::bigint >> 16 = 25457
                    AND l.mode = 'ShareLock'
                OR l.locktype = 'relation' AND l.relation = 'cqrs.events'::regclass
                    AND l.mode = 'RowExclusiveLock')
         GROUP BY l.pid, l.virtualtransaction) AS h
 WHERE h.position IS NOT NULL
   AND (h.appends OR h.pid IS NULL OR h.prepared);
COMMENT ON VIEW cqrs.fences IS 'Transactions that append at this moment, and how far they let see.';
COMMENT ON FUNCTION cqrs.fence() IS
    'Holds the horizon at or below the returned position, from the first event that this transaction'
    ' inserts until it ends.';

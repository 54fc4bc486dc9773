-- The fences that are up in this database, one row for each transaction and position. A prepared
-- transaction keeps its fences and has no process: its `pid` is null.
-- Only granted shared locks count: a waiting fence has drawn nothing yet, and an exclusive lock in
-- this range of keys is somebody else's.
CREATE VIEW cqrs.fences AS
SELECT ((l.classid::bigint & 65535) << 32) | l.objid::bigint AS position,
       l.pid,
       l.virtualtransaction
  FROM pg_locks AS l
 WHERE l.locktype = 'advisory'
   AND l.objsubid = 1
   AND l.classid::bigint >> 16 = 25457
   AND l.mode = 'ShareLock'
   AND l.granted
   AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
COMMENT ON VIEW cqrs.fences IS 'Transactions that append at this moment, and how far they let see.';
GRANT SELECT ON cqrs.fences TO cqrs_writer;

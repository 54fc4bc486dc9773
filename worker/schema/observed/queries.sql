-- name: state
-- What readers may see of every object: a facet, the object (catalogue and oid), a part of it, and a
-- text that changes with it. Triggers, indexes, constraints and grants change no view's rows.
SELECT 'file' AS facet, 'pg_class' AS catalogue, c.oid::int8, 0::int8 AS part, concat(c.relfilenode) AS value
  FROM pg_class AS c
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't'
UNION ALL
SELECT 'security', 'pg_class', c.oid, 0, concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity, c.relowner)
  FROM pg_class AS c
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relpersistence <> 't'
UNION ALL
SELECT 'name', 'pg_class', c.oid, 0, concat_ws(' ', c.relnamespace, c.relname)
  FROM pg_class AS c
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't'
UNION ALL
SELECT 'name', 'pg_namespace', n.oid, 0, n.nspname::text
  FROM pg_namespace AS n WHERE n.oid >= 16384 AND n.nspname !~ '^pg_'
UNION ALL
SELECT 'options', 'pg_class', c.oid, 0, c.reloptions::text
  FROM pg_class AS c WHERE c.oid >= 16384 AND c.relkind = 'v'
UNION ALL
SELECT 'column', 'pg_class', a.attrelid, a.attnum,
       concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attisdropped, a.attcollation, a.attgenerated)
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
 WHERE a.attrelid >= 16384 AND a.attnum > 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
   AND c.relpersistence <> 't'
UNION ALL
SELECT 'generated', 'pg_class', d.adrelid, d.adnum, md5(d.adbin::text)
  FROM pg_attrdef AS d
  JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
 WHERE d.adrelid >= 16384
UNION ALL
SELECT 'rule', 'pg_class', w.ev_class, 0, md5(w.ev_action::text)
  FROM pg_rewrite AS w WHERE w.ev_class >= 16384 AND w.ev_type = '1'
UNION ALL
SELECT 'policy', 'pg_class', p.polrelid, p.oid, md5(p::text) FROM pg_policy AS p
UNION ALL
SELECT 'server', 'pg_class', t.ftrelid, 0, concat_ws(' ', t.ftserver, t.ftoptions) FROM pg_foreign_table AS t
UNION ALL
SELECT 'child', 'pg_class', i.inhparent, i.inhrelid, concat(i.inhdetachpending)
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'object', 'pg_proc', p.oid, 0,
       md5(concat_ws(E'\n', p.prosrc, p.probin, p.prosqlbody, p.proconfig, p.provolatile, p.proisstrict,
                     p.prosecdef, p.proowner, p.proname, p.pronamespace))
  FROM pg_proc AS p WHERE p.oid >= 16384
UNION ALL
SELECT 'aggregate', 'pg_proc', g.aggfnoid, 0, md5(g::text)
  FROM pg_aggregate AS g WHERE g.aggfnoid::oid >= 16384
UNION ALL
SELECT 'object', 'pg_operator', o.oid, 0, md5(o::text) FROM pg_operator AS o WHERE o.oid >= 16384
UNION ALL
SELECT 'object', 'pg_cast', t.oid, 0, t::text FROM pg_cast AS t WHERE t.oid >= 16384
UNION ALL
SELECT 'label', 'pg_type', e.enumtypid, e.oid, concat_ws(' ', e.enumsortorder, e.enumlabel) FROM pg_enum AS e
UNION ALL
SELECT 'object', 'pg_type', t.oid, 0,
       concat_ws(' ', t.typname, t.typnamespace, t.typbasetype, t.typtypmod, t.typcollation, t.typelem,
                 t.typinput, t.typoutput)
  FROM pg_type AS t WHERE t.oid >= 16384 AND t.typrelid = 0 AND t.typcategory <> 'A'
UNION ALL
SELECT 'object', 'pg_foreign_server', s.oid, 0, md5(s::text) FROM pg_foreign_server AS s
UNION ALL
SELECT 'object', 'pg_collation', c.oid, 0, md5(c::text) FROM pg_collation AS c WHERE c.oid >= 16384
UNION ALL
SELECT 'mapping', 'pg_ts_config', m.mapcfg, m.maptokentype::int8 * 1000 + m.mapseqno, m.mapdict::oid::text
  FROM pg_ts_config_map AS m WHERE m.mapcfg >= 16384
UNION ALL
SELECT 'object', 'pg_ts_dict', d.oid, 0, md5(d::text) FROM pg_ts_dict AS d WHERE d.oid >= 16384

-- name: edges
-- Who reads what: an object (catalogue and oid), what it is made of, and which part of that.
SELECT 'pg_class' AS catalogue, w.ev_class::int8 AS oid, d.refclassid::regclass::text AS of_catalogue,
       d.refobjid::int8 AS of_oid
  FROM pg_rewrite AS w
  JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
   AND NOT (d.refclassid = 'pg_class'::regclass AND d.refobjid = w.ev_class)
 WHERE w.ev_class >= 16384 AND w.ev_type = '1'
UNION
SELECT 'pg_class', i.inhparent, 'pg_class', i.inhrelid
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
UNION
SELECT 'pg_class', a.attrelid, 'pg_type', a.atttypid
  FROM pg_attribute AS a
  JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
 WHERE a.attrelid >= 16384 AND a.atttypid >= 16384 AND NOT a.attisdropped
UNION
SELECT 'pg_type', t.oid, 'pg_type', e.oid
  FROM pg_type AS t CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) AS e (oid)
 WHERE t.oid >= 16384 AND e.oid >= 16384
UNION
SELECT 'pg_type', t.oid, 'pg_class', t.typrelid
  FROM pg_type AS t WHERE t.oid >= 16384 AND t.typrelid <> 0
UNION
SELECT 'pg_type', x.oid, 'pg_type', r.rngsubtype
  FROM pg_range AS r CROSS JOIN LATERAL (VALUES (r.rngtypid), (r.rngmultitypid)) AS x (oid)
 WHERE r.rngtypid >= 16384
UNION
SELECT d.classid::regclass::text, d.objid, d.refclassid::regclass::text, d.refobjid
  FROM pg_depend AS d
 WHERE d.classid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_cast'::regclass,
                     'pg_opclass'::regclass, 'pg_ts_config'::regclass, 'pg_foreign_server'::regclass)
   AND d.deptype IN ('n', 'a') AND d.refclassid <> 'pg_namespace'::regclass
UNION
SELECT 'pg_class', a.adrelid, d.refclassid::regclass::text, d.refobjid
  FROM pg_attrdef AS a
  JOIN pg_attribute AS t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated = 'v'
  JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refobjid <> a.adrelid
UNION
SELECT 'pg_class', p.polrelid, d.refclassid::regclass::text, d.refobjid
  FROM pg_policy AS p
  JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refobjid <> p.polrelid
   AND d.refclassid IN ('pg_proc'::regclass, 'pg_class'::regclass)
UNION
SELECT 'pg_class', t.ftrelid, 'pg_foreign_server', t.ftserver FROM pg_foreign_table AS t

-- name: bodies
-- What a view's own query says and pg_depend does not, for it keeps no rows of pinned objects:
-- whether it reads whole rows, whether it reads the catalogue or names of objects, and large objects.
SELECT w.ev_class::int8,
       w.ev_action::text ~ ':varattno 0 ' AS whole_rows,
       w.ev_action::text ~ ':(?:vartype|resulttype|funcresulttype) (?:2205|2206|24|2202|2203|2204|3734|3769|4089|4096|4191) '
       OR w.ev_action::text ~ ':consttype (?:2205|2206|24|2202|2203|2204|4089|4096|4191) '
       OR EXISTS (SELECT FROM regexp_matches(w.ev_action::text, ':relid ([0-9]+)', 'g') AS m
                   WHERE m[1]::int8 BETWEEN 1 AND 16383)
       OR EXISTS (SELECT FROM regexp_matches(w.ev_action::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS m
                    JOIN pg_proc AS p ON p.oid = m[1]::int8
                   WHERE p.oid < 16384
                     AND p.proname ~ '^(s?h?obj_description|col_description|pg_get_.*|format_type|to_reg.*|has_.*_privilege|pg_.*_size|pg_.*_is_visible|row_security_active|pg_identify_.*|pg_describe_object|pg_partition_.*|pg_sequence_.*|pg_relation_.*|enum_.*|(table|query|schema|database|cursor)_to_xml.*|ts_stat|currval|lastval|nextval|pg_stat_.*|regclass.*)$')
           AS the_catalogue,
       EXISTS (SELECT FROM regexp_matches(w.ev_action::text, ':funcid ([0-9]+)', 'g') AS m
                 JOIN pg_proc AS p ON p.oid = m[1]::int8
                WHERE p.oid < 16384 AND p.proname ~ '^(lo_.*|loread|lowrite)$') AS large_objects
  FROM pg_rewrite AS w WHERE w.ev_class >= 16384 AND w.ev_type = '1'

-- name: programs
-- Functions whose bodies the catalogue does not know, and whether each is immutable.
SELECT p.oid::int8, p.provolatile = 'i'
  FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
 WHERE p.oid >= 16384 AND p.prokind <> 'a' AND p.prosqlbody IS NULL AND l.lanname NOT IN ('internal', 'c')

-- name: counts
-- Rows that this session has written to each table since its counts were sent away last; null where
-- the server does not count.
SELECT c.oid::int8,
       coalesce(pg_stat_get_xact_tuples_inserted(c.oid), 0)
       + coalesce(pg_stat_get_xact_tuples_updated(c.oid), 0)
       + coalesce(pg_stat_get_xact_tuples_deleted(c.oid), 0)
  FROM pg_class AS c
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm') AND current_setting('track_counts')::boolean

-- name: locks
-- Locks on relations of this database that this session holds.
SELECT l.relation::int8, l.mode
  FROM pg_locks AS l
 WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())

-- name: relations
-- Relations, with schema, name and kind, and whether a materialized view holds any data.
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.relispopulated
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'

-- name: filled
-- Partitions and child tables that hold rows, or may: a size is not waited for.
SELECT i.inhrelid::int8
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
 WHERE CASE WHEN c.relkind = 'f' THEN true
            WHEN EXISTS (SELECT FROM pg_locks AS l
                          WHERE l.relation IN (SELECT i.inhrelid UNION ALL SELECT t.relid FROM pg_partition_tree(i.inhrelid) AS t)
                            AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid())
            THEN true
            ELSE coalesce(pg_relation_size(i.inhrelid), 1) > 0
              OR EXISTS (SELECT FROM pg_partition_tree(i.inhrelid) AS t WHERE coalesce(pg_relation_size(t.relid), 1) > 0)
       END

-- name: empty
-- Which of some relations hold nothing, not even in their partitions.
SELECT o.oid
  FROM unnest(%(oids)s::int8[]) AS o (oid)
 WHERE coalesce(pg_relation_size(o.oid::oid::regclass), 0) = 0
   AND NOT EXISTS (SELECT FROM pg_partition_tree(o.oid::oid::regclass) AS t WHERE pg_relation_size(t.relid) > 0)

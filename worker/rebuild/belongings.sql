-- name: belongings
-- What has been added to a table or view, as statements that add it to another one, `target`: when
-- it is due, what it is, which index it needs (as `{index}` in the statement), which column it is
-- of, and the statement.
-- `early`: while the table is empty; `calm`: it changes nothing that anybody does; `late`: with the
-- swap; `last`: after all others. Texts that name the old one are made to name the new one.
WITH this AS (
    SELECT c.oid, c.relname, n.nspname, c.relowner, c.relkind, c.relrowsecurity,
           c.relforcerowsecurity, c.relreplident, c.relpersistence, c.reltablespace,
           CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END
               AS kind,
           %(target)s AS target, %(old)s AS old, %(new)s AS new
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = %(relation)s::regclass
), columns AS (
    SELECT a.*, quote_ident(a.attname) AS name, t.kind, t.target, y.typstorage
      FROM this AS t JOIN pg_attribute AS a ON a.attrelid = t.oid
      JOIN pg_type AS y ON y.oid = a.atttypid
     WHERE a.attnum > 0 AND NOT a.attisdropped
), roles AS (
    SELECT p.oid, array_to_string(ARRAY(
               SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END
                 FROM unnest(p.polroles) AS r ORDER BY 1), ', ') AS names
      FROM pg_policy AS p
), found (due, what, index, of_column, statement) AS (
    SELECT 'early', 'that it is unlogged', NULL::text, NULL::name, format('ALTER TABLE %%s SET UNLOGGED', target)
      FROM this WHERE relpersistence = 'u' AND relkind = 'r'
    UNION ALL
    SELECT 'early', 'tablespace', NULL, NULL,
           format('ALTER %%s %%s SET TABLESPACE %%I', t.kind, t.target, s.spcname)
      FROM this AS t JOIN pg_tablespace AS s ON s.oid = t.reltablespace
    UNION ALL
    SELECT 'early', 'storage of ' || name, NULL, attname, format('ALTER TABLE %%s ALTER %%s SET STORAGE %%s',
           target, name, CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                         WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
      FROM columns WHERE attstorage <> typstorage AND kind <> 'VIEW'
    UNION ALL
    SELECT 'early', 'compression of ' || name, NULL, attname,
           format('ALTER TABLE %%s ALTER %%s SET COMPRESSION %%s', target, name,
                  CASE attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END)
      FROM columns WHERE attcompression::text <> '' AND kind <> 'VIEW'
    UNION ALL
    SELECT 'calm', 'statistics target of ' || name, NULL, attname,
           format('ALTER TABLE %%s ALTER %%s SET STATISTICS %%s', target, name, attstattarget)
      FROM columns WHERE attstattarget >= 0 AND kind <> 'VIEW'
    UNION ALL
    SELECT 'calm', 'options of ' || name, NULL, attname, format('ALTER TABLE %%s ALTER %%s SET (%%s)',
           target, name, array_to_string(attoptions, ', '))
      FROM columns WHERE attoptions IS NOT NULL
    UNION ALL
    SELECT 'calm', 'comment', NULL, NULL,
           format('COMMENT ON %%s %%s IS %%L', t.kind, t.target, d.description)
      FROM this AS t JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass
                                             AND d.objoid = t.oid AND d.objsubid = 0
    UNION ALL
    SELECT 'calm', 'comment on ' || c.name, NULL, c.attname,
           format('COMMENT ON COLUMN %%s.%%s IS %%L', c.target, c.name, d.description)
      FROM columns AS c JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass
                                                AND d.objoid = c.attrelid AND d.objsubid = c.attnum
    UNION ALL
    SELECT 'late', 'default of ' || c.name, NULL, c.attname, format('ALTER VIEW %%s ALTER %%s SET DEFAULT %%s',
           c.target, c.name, pg_get_expr(d.adbin, d.adrelid))
      FROM columns AS c JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
     WHERE c.kind = 'VIEW'
    UNION ALL
    SELECT 'late', format('grant of (%%s) to %%s', c.name, who), NULL, c.attname,
           format('GRANT %%s (%%s) ON %%s TO %%s%%s', x.privilege_type, c.name, c.target, who,
                  CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM columns AS c, LATERAL aclexplode(c.attacl) AS x,
           LATERAL (SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
               AS w (who)
    UNION ALL
    SELECT 'late', format('foreign key or exclusion %%I', k.conname), NULL, NULL,
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', t.target, k.conname,
                  pg_get_constraintdef(k.oid))
      FROM this AS t JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype IN ('f', 'x')
    UNION ALL
    SELECT 'late', format('policy %%I', p.polname), NULL, NULL,
           format('CREATE POLICY %%I ON %%s AS %%s FOR %%s TO %%s%%s%%s', p.polname, t.target,
                  CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, r.names,
                  ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                  ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
      FROM this AS t JOIN pg_policy AS p ON p.polrelid = t.oid JOIN roles AS r ON r.oid = p.oid
    UNION ALL
    SELECT 'last', format('comment on policy %%I', p.polname), NULL, NULL,
           format('COMMENT ON POLICY %%I ON %%s IS %%L', p.polname, t.target, d.description)
      FROM this AS t JOIN pg_policy AS p ON p.polrelid = t.oid
      JOIN pg_description AS d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid
    UNION ALL
    SELECT 'late', 'row-level security', NULL, NULL,
           format('ALTER TABLE %%s ENABLE ROW LEVEL SECURITY', target)
      FROM this WHERE relrowsecurity
    UNION ALL
    SELECT 'late', 'row-level security, forced', NULL, NULL,
           format('ALTER TABLE %%s FORCE ROW LEVEL SECURITY', target)
      FROM this WHERE relforcerowsecurity
    UNION ALL
    SELECT 'late', format('trigger %%I', g.tgname), NULL, NULL, pg_get_triggerdef(g.oid)
      FROM this AS t JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT 'last', format('state of trigger %%I', g.tgname), NULL, NULL,
           format('ALTER TABLE %%s %%s TRIGGER %%I', t.target,
                  CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                   ELSE 'ENABLE ALWAYS' END, g.tgname)
      FROM this AS t JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
     WHERE g.tgenabled <> 'O'
    UNION ALL
    SELECT 'last', format('comment on trigger %%I', g.tgname), NULL, NULL,
           format('COMMENT ON TRIGGER %%I ON %%s IS %%L', g.tgname, t.target, d.description)
      FROM this AS t JOIN pg_trigger AS g ON g.tgrelid = t.oid
      JOIN pg_description AS d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = g.oid
    UNION ALL
    SELECT 'late', format('rule %%I', w.rulename), NULL, NULL, rtrim(pg_get_ruledef(w.oid), ';')
      FROM this AS t JOIN pg_rewrite AS w ON w.ev_class = t.oid AND w.rulename <> '_RETURN'
    UNION ALL
    SELECT 'last', format('state of rule %%I', w.rulename), NULL, NULL,
           format('ALTER TABLE %%s %%s RULE %%I', t.target,
                  CASE w.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                    ELSE 'ENABLE ALWAYS' END, w.rulename)
      FROM this AS t JOIN pg_rewrite AS w ON w.ev_class = t.oid AND w.rulename <> '_RETURN'
     WHERE w.ev_enabled <> 'O'
    UNION ALL
    SELECT 'last', format('comment on rule %%I', w.rulename), NULL, NULL,
           format('COMMENT ON RULE %%I ON %%s IS %%L', w.rulename, t.target, d.description)
      FROM this AS t JOIN pg_rewrite AS w ON w.ev_class = t.oid
      JOIN pg_description AS d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = w.oid
    UNION ALL
    SELECT 'late', format('publication %%I', p.pubname), NULL, NULL,
           format('ALTER PUBLICATION %%I ADD TABLE %%s%%s%%s', p.pubname, t.target,
                  ' (' || (SELECT string_agg(c.name, ', ' ORDER BY c.attnum) FROM columns AS c
                            WHERE c.attnum = ANY (r.prattrs::int2[])) || ')',
                  ' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')')
      FROM this AS t JOIN pg_publication_rel AS r ON r.prrelid = t.oid
      JOIN pg_publication AS p ON p.oid = r.prpubid
    UNION ALL
    SELECT 'last', 'replica identity', NULL, NULL, format('ALTER TABLE %%s REPLICA IDENTITY %%s', target,
           CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
      FROM this WHERE relreplident IN ('f', 'n') AND relkind = 'r'
    UNION ALL
    SELECT 'last', 'replica identity', c.relname, NULL,
           format('ALTER TABLE %%s REPLICA IDENTITY USING INDEX {index}', t.target)
      FROM this AS t JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisreplident
      JOIN pg_class AS c ON c.oid = i.indexrelid
     WHERE t.relreplident = 'i'
    UNION ALL
    SELECT 'last', 'the index that it is clustered on', c.relname, NULL,
           format('ALTER TABLE %%s CLUSTER ON {index}', t.target)
      FROM this AS t JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisclustered
      JOIN pg_class AS c ON c.oid = i.indexrelid
    UNION ALL
    SELECT 'last', format('comment on index %%I', c.relname), c.relname, NULL,
           format('COMMENT ON INDEX %%I.{index} IS %%L', t.nspname, d.description)
      FROM this AS t JOIN pg_index AS i ON i.indrelid = t.oid
      JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
    UNION ALL
    SELECT 'calm', format('statistics %%I', s.stxname), s.stxname, NULL,
           regexp_replace(regexp_replace(pg_get_statisticsobjdef(s.oid), '^CREATE STATISTICS \S+',
                                         format('CREATE STATISTICS %%I.{index}', n.nspname)),
                          '^(.*) FROM [^)]*$', '\1 FROM ' || t.target)
      FROM this AS t JOIN pg_statistic_ext AS s ON s.stxrelid = t.oid
      JOIN pg_namespace AS n ON n.oid = s.stxnamespace
    UNION ALL
    SELECT 'last', format('statistics %%I: its target', s.stxname), s.stxname, NULL,
           format('ALTER STATISTICS %%I.{index} SET STATISTICS %%s', n.nspname, s.stxstattarget)
      FROM this AS t JOIN pg_statistic_ext AS s ON s.stxrelid = t.oid
      JOIN pg_namespace AS n ON n.oid = s.stxnamespace
     WHERE s.stxstattarget >= 0
    UNION ALL
    SELECT 'last', format('comment on statistics %%I', s.stxname), s.stxname, NULL,
           format('COMMENT ON STATISTICS %%I.{index} IS %%L', n.nspname, d.description)
      FROM this AS t JOIN pg_statistic_ext AS s ON s.stxrelid = t.oid
      JOIN pg_namespace AS n ON n.oid = s.stxnamespace
      JOIN pg_description AS d ON d.classoid = 'pg_statistic_ext'::regclass AND d.objoid = s.oid
    UNION ALL
    SELECT 'last', 'owner', NULL, NULL,
           format('ALTER %%s %%s OWNER TO %%s', kind, target, relowner::regrole) FROM this
)
SELECT due, what, index, of_column,
       CASE WHEN old ~ '^\w+$'
            THEN regexp_replace(named, '\m' || old || '\M(?=\.)', new, 'g') ELSE named END
  FROM found, this,
       LATERAL (SELECT replace(statement, format('%%I.%%I', nspname, old), target)) AS n (named)
 ORDER BY array_position(ARRAY['early', 'calm', 'late', 'last'], due), what = 'owner', what

-- name: grants
-- Who may do what with a table or view: the role, the privilege, and whether it may be passed on.
SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END, x.privilege_type,
       x.is_grantable
  FROM pg_class AS c,
       aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS x
 WHERE c.oid = %(relation)s::regclass
 ORDER BY 1, 2

-- name: beyond_us
-- What no rebuild can take along from a table, by name: labels, and tables that it inherits from or
-- that inherit from it.
SELECT format('security label of %%s', l.provider) FROM pg_seclabel AS l
 WHERE l.classoid = 'pg_class'::regclass AND l.objoid = %(relation)s::regclass
UNION ALL
SELECT format('inheritance of %%s', i.inhparent::regclass) FROM pg_inherits AS i
 WHERE i.inhrelid = %(relation)s::regclass
UNION ALL
SELECT format('inheritance by %%s', i.inhrelid::regclass) FROM pg_inherits AS i
 WHERE i.inhparent = %(relation)s::regclass

-- Which objects PostgreSQL would have to change or drop with a column: views, functions with a
-- parsed body, foreign keys, of the table and of its partitions and child tables. Whole-row
-- references and function bodies that are strings are not recorded by PostgreSQL.
CREATE FUNCTION cqrs.column_users(relation regclass, column_name text)
RETURNS TABLE (schema text, name text, kind text, link text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE family AS (
        SELECT column_users.relation::oid AS relid
        UNION
        SELECT i.inhrelid FROM pg_inherits AS i JOIN family AS f ON f.relid = i.inhparent
    )
    SELECT DISTINCT o.schema, o.name, o.kind, coalesce(p.link, 'function')
      FROM family AS f
      JOIN pg_attribute AS a ON a.attrelid = f.relid AND a.attname = column_users.column_name
      JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = f.relid
                         AND d.refobjsubid = a.attnum AND d.deptype IN ('n', 'a', 'i')
      LEFT JOIN cqrs.catalogue_parts AS p ON p.class = d.classid AND p.part = d.objid
      JOIN cqrs.catalogue_objects AS o ON o.class = coalesce(p.owner_class, d.classid)
                                      AND o.object = coalesce(p.owner, d.objid)
     WHERE o.object NOT IN (SELECT f.relid FROM family AS f)
     ORDER BY 2;
END;
COMMENT ON FUNCTION cqrs.column_users(regclass, text) IS
    'Which views, functions and foreign keys use a column of a table.';

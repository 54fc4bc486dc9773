-- What on the query side depends on what on the command side: one row per pair of objects, with the
-- path between them and the kind of each of its links: 'view', 'materialized view', 'function',
-- 'type', 'foreign key', 'partition' (down to one), 'parent' (up from one), ... `direct` is a path of
-- one link. Among several paths the one without a foreign key counts before one with (a foreign key
-- ties rows together, a view is computed from them), then the shortest, then the first by name.
-- A function counts for what PostgreSQL records of it: arguments, results, and a body in BEGIN ATOMIC
-- or RETURN; of a body that is a string nothing is recorded.
-- Raises invalid_schema_name when one of the schemas does not exist.
CREATE FUNCTION cqrs.analyze_dependencies(
    command_schema text DEFAULT 'command', query_schema text DEFAULT 'query')
RETURNS TABLE (command_object text, query_object text, dependency_type text,
               dependency_path text[], dependency_links text[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT cqrs.require_schema(query_schema);
    SELECT p.root, p.name, CASE cardinality(p.links) WHEN 1 THEN 'direct' ELSE 'indirect' END,
           p.path, p.links
      FROM cqrs.dependency_paths(command_schema) AS p
     WHERE p.schema = query_schema
     ORDER BY p.root, p.name;
END;
COMMENT ON FUNCTION cqrs.analyze_dependencies(text, text) IS
    'What on the query side depends on what on the command side, and by which path.';

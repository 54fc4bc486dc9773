-- Everything that depends on the objects of a schema (or on those of them that are named), wherever
-- it lies, each pair once with its best path: one without a foreign key before one with, then the
-- shortest, then the first by name. Breadth first over cqrs.dependency_edges, one statement per level, so
-- that diamonds and cycles cost no more than their edges. A path never goes down from a parent to
-- one child after it came up from another: rows of one partition do not show in its sister.
-- Raises invalid_schema_name when there is no such schema.
CREATE FUNCTION cqrs.dependency_paths(root_schema text, root_names text[] DEFAULT NULL)
RETURNS SETOF cqrs.dependency_path
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
    edges    cqrs.dependency_edges[];
    reached  cqrs.dependency_path[];
    frontier cqrs.dependency_path[];
BEGIN
    PERFORM cqrs.require_schema(root_schema);
    edges := ARRAY(SELECT e FROM cqrs.dependency_edges AS e
                   UNION ALL
                   SELECT e FROM cqrs.system_edges(root_schema) AS e);
    frontier := ARRAY(
        SELECT (e.name, e.name, e.schema, e.kind, 0, false, false, ARRAY[e.name], '{}'::text[]
               )::cqrs.dependency_path
          FROM unnest(edges) AS e
         WHERE e.schema = root_schema AND e.name = ANY (coalesce(root_names, ARRAY[e.name]))
         GROUP BY e.name, e.schema, e.kind);
    reached := frontier;
    WHILE cardinality(frontier) > 0 LOOP
        frontier := ARRAY(
            SELECT DISTINCT ON (f.root, e.dependant, e.turn, e.is_last, by_key)
                   (f.root, e.dependant, e.dependant_schema, e.dependant_kind, e.turn, e.is_last,
                    by_key, f.path || e.dependant, f.links || e.link)::cqrs.dependency_path
              FROM unnest(frontier) AS f
              JOIN unnest(edges) AS e ON e.name = f.name
             CROSS JOIN LATERAL (SELECT f.through_foreign_key OR e.link = 'foreign key') AS k(by_key)
             WHERE NOT f.is_last AND f.turn * e.turn >= 0 AND e.dependant <> f.root
               AND NOT EXISTS (
                   SELECT FROM unnest(reached) AS r
                    WHERE r.root = f.root AND r.name = e.dependant AND r.turn = e.turn
                      AND r.is_last = e.is_last AND r.through_foreign_key = by_key)
             ORDER BY f.root, e.dependant, e.turn, e.is_last, by_key, f.path, e.link DESC);
        reached := reached || frontier;
    END LOOP;
    RETURN QUERY
    SELECT DISTINCT ON (r.root, r.name) r.*
      FROM unnest(reached) AS r
     WHERE cardinality(r.links) > 0
     ORDER BY r.root, r.name, r.through_foreign_key, cardinality(r.links), r.path, r.links DESC;
END
$$;
COMMENT ON FUNCTION cqrs.dependency_paths(text, text[]) IS
    'Everything that depends on the objects of a schema, each pair once with its best path.';

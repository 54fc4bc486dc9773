-- Views over PostgreSQL's own relations. System objects are pinned, so pg_depend knows nothing of
-- them; the views' rules name them all the same (`:relid` in pg_rewrite). Every rule has to be read
-- for that, so it is done for the system's schema alone.
CREATE FUNCTION cqrs.system_edges(root_schema text) RETURNS SETOF cqrs.dependency_edges
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH mentions AS MATERIALIZED (
        SELECT DISTINCT m.relid[1]::oid AS relation, r.ev_class AS dependant
          FROM pg_rewrite AS r
         CROSS JOIN LATERAL regexp_matches(r.ev_action::text, ':relid (\d+)', 'g') AS m(relid)
         WHERE system_edges.root_schema = 'pg_catalog' AND r.rulename = '_RETURN'
    ), relations AS MATERIALIZED (
        SELECT o.* FROM cqrs.catalogue_objects AS o WHERE o.class = 'pg_class'::regclass
    )
    SELECT o.schema, o.name, o.kind, d.schema, d.name, d.kind, d.kind, 0, false
      FROM mentions AS m
      JOIN relations AS o ON o.object = m.relation
      JOIN relations AS d ON d.object = m.dependant
     WHERE o.schema = 'pg_catalog' AND o.object <> d.object;
END;
COMMENT ON FUNCTION cqrs.system_edges(text) IS
    'Views over PostgreSQL''s own relations, which pg_depend does not record.';

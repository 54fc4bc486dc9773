-- name: edges
-- Every dependency, one step each; a partition's rows going up to its parent are left out.
SELECT e.schema, e.name, e.kind, e.dependant_schema, e.dependant, e.dependant_kind,
       min(e.link)
  FROM cqrs.dependency_edges AS e
 WHERE e.turn >= 0 AND 'information_schema' NOT IN (e.schema, e.dependant_schema)
   AND 'cqrs' NOT IN (e.schema, e.dependant_schema)
 GROUP BY e.schema, e.name, e.kind, e.dependant_schema, e.dependant, e.dependant_kind
 ORDER BY e.name, e.dependant

-- name: objects_of
-- Objects of a schema, and what they are.
SELECT o.name, o.kind FROM cqrs.catalogue_objects AS o WHERE o.schema = %(schema)s

-- name: require_schemas
-- Raises invalid_schema_name for a schema that does not exist.
SELECT cqrs.require_schema(s.name) FROM unnest(%(schemas)s::text[]) AS s (name)

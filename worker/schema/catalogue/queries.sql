-- name: identities
-- What the catalogue calls these objects. A function is meant by the types of its arguments; where
-- none were written, every function of its name may be.
SELECT w.key, o.name
  FROM jsonb_to_recordset(%(wanted)s) AS w (key text, schema text, bare text, types oid[])
  JOIN cqrs.catalogue_objects AS o
    ON o.schema = w.schema
   AND (o.name = w.key
        OR CASE WHEN w.types IS NOT NULL
                THEN o.name = format('%%s(%%s)', w.bare, (
                         SELECT string_agg(coalesce(format_type(t.type, NULL), '?'), ', ' ORDER BY t.n)
                           FROM unnest(w.types) WITH ORDINALITY AS t (type, n)))
                ELSE w.key = w.bare AND starts_with(o.name, w.bare || '(') END)
 ORDER BY w.key, o.name

-- name: types
-- Which types some names mean in this session; null for those that mean none.
SELECT t.name, to_regtype(t.name)::oid::int8 FROM unnest(%(names)s::text[]) AS t (name)

-- name: dependents
-- Everything that depends on some objects of one schema, with the path to each.
SELECT p.root, p.name, p.schema, p.kind, p.path, p.links
  FROM cqrs.dependency_paths(%(schema)s, %(names)s::text[]) AS p

-- name: column_users
-- Which objects use some columns.
SELECT c.relation, c.name, u.name, u.schema, u.kind, u.link
  FROM unnest(%(tables)s::text[], %(columns)s::text[]) AS c (relation, name)
 CROSS JOIN LATERAL cqrs.column_users(to_regclass(c.relation), c.name) AS u

-- name: analyze
-- What on the query side depends on what on the command side.
SELECT * FROM cqrs.analyze_dependencies(%(command)s, %(query)s)

-- name: object_names
-- Every object of some schemas.
SELECT o.name FROM cqrs.catalogue_objects AS o WHERE o.schema = ANY (%(schemas)s::text[])

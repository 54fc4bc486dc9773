-- Takes the right to write from every view of the read side. A view over one table can be updated
-- through, and what the default privileges of `query` give cqrs_writer on its tables they give on
-- its views too. The engine writes tables, never views; so nobody but a view's owner writes there.
-- It is called by whatever makes views: migrations, read tables, rebuilds, changesets.
CREATE FUNCTION cqrs.guard_views() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view text;
BEGIN
    FOR view IN
        SELECT DISTINCT format('%I.%I', n.nspname, c.relname)
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
               LATERAL aclexplode(c.relacl) AS x
         WHERE n.nspname = 'query' AND c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE')
           AND x.grantee = 'cqrs_writer'::regrole
           AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE')
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM cqrs_writer', view);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION cqrs.guard_views() FROM PUBLIC;
COMMENT ON FUNCTION cqrs.guard_views() IS
    'Takes the right to write through views of the schema query from cqrs_writer.';
SELECT cqrs.guard_views();

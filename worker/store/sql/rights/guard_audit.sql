-- Has TRUNCATE recorded for every table whose other changes are: those that were made before it was,
-- or by three triggers written out. It is called by what makes tables: migrations and changesets.
CREATE FUNCTION cqrs.guard_audit() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing record;
BEGIN
    FOR missing IN
        SELECT t.tgrelid::regclass AS audited,
               regexp_replace(min(pg_get_triggerdef(t.oid)), '^.* EXECUTE FUNCTION ', '') AS call
          FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
         WHERE t.tgfoid = 'cqrs.record_audit()'::regprocedure AND t.tgparentid = 0
           AND pg_has_role(c.relowner, 'USAGE') AND c.relpersistence <> 't'
         GROUP BY t.tgrelid
        HAVING NOT bool_or(t.tgtype & 32 <> 0)  -- fires on TRUNCATE
    LOOP
        EXECUTE format('CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION %s', missing.audited, missing.call);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION cqrs.guard_audit() FROM PUBLIC;
COMMENT ON FUNCTION cqrs.guard_audit() IS
    'Has TRUNCATE recorded for every table whose other changes are.';
SELECT cqrs.guard_audit();

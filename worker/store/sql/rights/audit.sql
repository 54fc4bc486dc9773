-- Has every change of a table recorded: SELECT cqrs.audit('command.users', 'user_id', 'password_hash');
-- first its primary key, then the columns that must not be copied. Called again, with other columns,
-- it replaces what is there, and takes what these held out of the rows that were recorded before.
CREATE FUNCTION cqrs.audit(audited regclass, key text, VARIADIC secret text[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entity  CONSTANT text := (SELECT n.nspname || '.' || c.relname
                                FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                               WHERE c.oid = audited);
    args    CONSTANT text := (SELECT string_agg(quote_literal(a.name), ', ' ORDER BY a.place)
                                FROM unnest(key || secret) WITH ORDINALITY AS a (name, place));
    missing text;
    old     name;
BEGIN
    SELECT a.name INTO missing FROM unnest(key || secret) AS a (name)
     WHERE NOT EXISTS (SELECT FROM pg_attribute AS t
                        WHERE t.attrelid = audited AND t.attname = a.name AND NOT t.attisdropped);
    IF missing IS NOT NULL OR key = ANY (secret) THEN
        RAISE EXCEPTION 'no such column: give the primary key, then columns that must not be copied'
            ' (table %, column %)', entity, coalesce(missing, key) USING ERRCODE = 'undefined_column';
    END IF;
    FOR old IN SELECT t.tgname FROM pg_trigger AS t
                WHERE t.tgrelid = audited AND t.tgfoid = 'cqrs.record_audit()'::regprocedure
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', old, audited);
    END LOOP;
    EXECUTE format('CREATE TRIGGER audit_insert AFTER INSERT ON %1$s'
                   ' REFERENCING NEW TABLE AS new_rows'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit(%2$s);'
                   'CREATE TRIGGER audit_update AFTER UPDATE ON %1$s'
                   ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit(%2$s);'
                   'CREATE TRIGGER audit_delete AFTER DELETE ON %1$s'
                   ' REFERENCING OLD TABLE AS old_rows'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit(%2$s);'
                   'CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON %1$s'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit(%2$s)', audited, args);
    UPDATE cqrs.audit_log AS a
       SET old_values = a.old_values - secret, new_values = a.new_values - secret
     WHERE a.entity_type = entity AND (a.old_values ?| secret OR a.new_values ?| secret);
END
$$;
REVOKE ALL ON FUNCTION cqrs.audit(regclass, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.audit(regclass, text, text[]) IS
    'Has every change of a table recorded but for what its secret columns hold.';

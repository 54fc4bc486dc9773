-- Raises invalid_schema_name (3F000) when there is no such schema: an empty answer would say that
-- nothing depends on a misspelt one.
CREATE FUNCTION cqrs.require_schema(schema text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = schema) THEN
        RAISE EXCEPTION 'schema "%" does not exist', schema USING ERRCODE = 'invalid_schema_name';
    END IF;
END
$$;
COMMENT ON FUNCTION cqrs.require_schema(text) IS 'Raises invalid_schema_name for a misspelt schema.';

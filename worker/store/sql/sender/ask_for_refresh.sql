-- Has a materialized view of the read side refreshed, because somebody waits for it: what
-- `ask(after=…)` does. It is refreshed once, however many ask.
CREATE FUNCTION cqrs.ask_for_refresh(wanted text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_matviews AS m
                    WHERE m.schemaname || '.' || m.matviewname = wanted) THEN
        RAISE EXCEPTION 'no such materialized view: give schema and name (view %)', wanted
            USING ERRCODE = 'undefined_table';
    END IF;
    INSERT INTO cqrs.refresh_requests AS r (view, due_at) VALUES (wanted, clock_timestamp())
    ON CONFLICT (view) DO UPDATE
       SET requested = r.requested + 1,
           due_at = CASE WHEN r.requested = r.served THEN EXCLUDED.due_at
                         ELSE least(r.due_at, EXCLUDED.due_at) END;
END
$$;
REVOKE ALL ON FUNCTION cqrs.ask_for_refresh(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.ask_for_refresh(text) TO cqrs_writer, cqrs_sender;
COMMENT ON FUNCTION cqrs.ask_for_refresh(text) IS
    'Has a materialized view refreshed as soon as can be.';

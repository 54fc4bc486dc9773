-- Has a materialized view of the read side refreshed now, because somebody waits for it to hold a
-- position: what `ask(after=…)` does. Says whether it has to be: false if the view holds it already.
-- However many ask, and however often, it is asked for once.
CREATE FUNCTION cqrs.ask_for_refresh(asked text, upto bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- nobody can wait for what nobody has written: it would be refreshed again and again
    goal CONSTANT bigint := least(upto, cqrs.last_position());
BEGIN
    IF NOT EXISTS (SELECT FROM pg_matviews AS m
                    WHERE m.schemaname || '.' || m.matviewname = asked) THEN
        RAISE EXCEPTION 'no such materialized view: give schema and name (view %)', asked
            USING ERRCODE = 'undefined_table';
    END IF;
    IF EXISTS (SELECT FROM cqrs.refreshed AS f WHERE f.view = asked AND f.horizon >= goal) THEN
        RETURN false;
    END IF;
    INSERT INTO cqrs.refresh_requests AS r (view, due_at, wanted, waited_at)
    VALUES (asked, clock_timestamp(), goal, clock_timestamp())
    ON CONFLICT (view) DO UPDATE
       SET requested = CASE WHEN r.requested > r.served AND r.wanted >= goal THEN r.requested
                            ELSE r.requested + 1 END,
           due_at = EXCLUDED.due_at,
           wanted = greatest(r.wanted, EXCLUDED.wanted),
           waited_at = EXCLUDED.waited_at;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION cqrs.ask_for_refresh(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.ask_for_refresh(text, bigint) TO cqrs_writer, cqrs_sender;
COMMENT ON FUNCTION cqrs.ask_for_refresh(text, bigint) IS
    'Has a materialized view refreshed now, until it holds a position.';

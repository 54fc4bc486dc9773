-- Gives a subscription another name, with all that is known of it: its checkpoints as they are, dead
-- letters, tags that wait, rebuilds, verifications, types. Waits for a batch that runs.
--
-- Returns 'renamed'; 'none' where there is nothing to rename, or the new name has checkpoints of its
-- own; 'busy' while a rebuild goes on under the former name, which ends with the name it began with.
CREATE FUNCTION cqrs.rename_subscription(former text, name text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    old ALIAS FOR $1;
    new ALIAS FOR $2;
BEGIN
    IF EXISTS (SELECT FROM cqrs.subscriptions AS s WHERE s.subscription = new)
       OR NOT EXISTS (SELECT FROM cqrs.subscriptions AS s WHERE s.subscription = old) THEN
        RETURN 'none';
    END IF;
    IF NOT pg_try_advisory_xact_lock(1668379234, hashtext(old)) THEN
        RETURN 'busy';
    END IF;
    PERFORM FROM cqrs.subscriptions AS s WHERE s.subscription = old ORDER BY s.name FOR UPDATE;
    UPDATE cqrs.subscriptions AS s
       SET name = new || substr(s.name, length(old) + 1), updated_at = clock_timestamp()
     WHERE s.subscription = old;
    IF NOT FOUND THEN
        RETURN 'none';
    END IF;
    UPDATE cqrs.dead_letters AS d SET subscription = new WHERE d.subscription = old;
    UPDATE cqrs.invalidations AS i SET subscription = new WHERE i.subscription = old;
    UPDATE cqrs.rebuilds AS r SET name = new WHERE r.name = old;
    UPDATE cqrs.verifications AS v SET name = new WHERE v.name = old;
    UPDATE cqrs.subscribed_types AS t SET subscription = new WHERE t.subscription = old;
    UPDATE cqrs.read_model_owners AS o SET subscription = new WHERE o.subscription = old;
    DELETE FROM cqrs.renamed_subscriptions AS n WHERE n.former = new;
    INSERT INTO cqrs.renamed_subscriptions AS n (former, subscription) VALUES (old, new)
        ON CONFLICT (former) DO UPDATE SET subscription = EXCLUDED.subscription;
    RETURN 'renamed';
END
$$;
REVOKE EXECUTE ON FUNCTION cqrs.rename_subscription(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.rename_subscription(text, text) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.rename_subscription(text, text) IS
    'A subscription goes on under another name, from where it is.';

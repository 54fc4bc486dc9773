-- Lets a dead command wait to be run again, under its own id: its receipt is open again, and the
-- workers find it among the enqueued commands. Returns false if there is no such dead letter, or if
-- it is closed. It goes back as it came: what it waits for, and whose release it is.
CREATE OR REPLACE FUNCTION cqrs.revive_command(id uuid, by_whom text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE cqrs.dead_commands
       SET state = 'retried', closed_at = clock_timestamp(), closed_by = by_whom
     WHERE command_id = id AND state = 'open';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE cqrs.receipts
       SET status = 'submitted', data = NULL, error = NULL, errors = NULL, completed_at = NULL
     WHERE command_id = id AND status = 'dead';
    INSERT INTO cqrs.enqueued_commands
        (command_id, name, payload, key, after, actor, roles, correlation_id, causation_id, links,
         schema)
    SELECT command_id, name, payload, key, after, actor, roles, correlation_id, causation_id, links,
           schema
      FROM cqrs.dead_commands
     WHERE command_id = id;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION cqrs.revive_command(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.revive_command(uuid, text) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.revive_command(uuid, text) IS
    'Opens a dead command''s receipt again and enqueues the command with its own id.';

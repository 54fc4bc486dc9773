-- Writes the commands of an event, whose ids follow from it: those of reactions and sagas. Seen again,
-- the event gives the same ids, and nothing happens twice.
--
-- Such an id is no secret. Who may do no more than enqueue can work out the next one, and send a
-- command of its own under it: the engine's would never be written, and nobody would know. Whose a
-- command is, its receipt says; a sender carries its own name there, whatever it says. So the event
-- fails, as one that cannot be handled, and people are told.
--
-- The look is a statement after the writing: only so it sees what was committed meanwhile.
CREATE FUNCTION cqrs.enqueue_derived(commands jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken record;
BEGIN
    PERFORM cqrs.enqueue(commands);
    SELECT n.command_id, n.name, r.actor INTO taken
      FROM jsonb_to_recordset(commands) AS n (command_id uuid, name text, actor text)
      JOIN cqrs.receipts AS r ON r.command_id = n.command_id AND r.actor <> n.actor
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% has sent a command of its own under the id of the one that follows from'
            ' this event, which was not sent: find out why, discard the dead letter, and send the'
            ' command by hand if it is wanted (command %, %)',
            taken.actor, taken.command_id, taken.name USING ERRCODE = 'unique_violation';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION cqrs.enqueue_derived(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue_derived(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.enqueue_derived(jsonb) IS
    'Enqueues what follows from an event, and fails where somebody else has taken the id.';

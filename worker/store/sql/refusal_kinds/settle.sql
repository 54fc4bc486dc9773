-- Ends a batch: its receipts and its events, in one call, as the last thing before COMMIT.
-- Events carry the id of their command in metadata; a receipt gets the position of the last one.
-- Raises CQ002 when somebody else has settled one of these commands meanwhile: run the batch again
-- and find that receipt.
-- A receipt without a fingerprint, of a command that SQL or a sender enqueued, gets it here.
CREATE OR REPLACE FUNCTION cqrs.settle(receipts jsonb, events jsonb)
RETURNS TABLE (command_id uuid, "position" bigint, completed_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settled int;
BEGIN
    RETURN QUERY
    WITH appended AS MATERIALIZED (
        SELECT (events -> (a.ord - 1) -> 'metadata' ->> 'command_id')::uuid AS command, a."position"
          FROM cqrs.append(events) AS a
    ), last AS (
        SELECT a.command, max(a."position") AS "position" FROM appended AS a GROUP BY a.command
    ), written AS (
        INSERT INTO cqrs.receipts AS r
            (command_id, name, payload_hash, actor, status, data, error, errors, kind, position,
             completed_at)
        SELECT n.command_id, n.name, decode(n.payload_hash, 'hex'), n.actor, n.status, n.data,
               n.error, n.errors, n.kind, l."position", clock_timestamp()
          FROM jsonb_to_recordset(receipts) AS n
               (command_id uuid, name text, payload_hash text, actor text, status text,
                data jsonb, error text, errors jsonb, kind text)
          LEFT JOIN last AS l ON l.command = n.command_id
         ORDER BY n.command_id
        ON CONFLICT ON CONSTRAINT receipts_pkey DO UPDATE
           SET status = EXCLUDED.status, data = EXCLUDED.data, error = EXCLUDED.error,
               errors = EXCLUDED.errors, kind = EXCLUDED.kind, position = EXCLUDED.position,
               completed_at = EXCLUDED.completed_at,
               payload_hash = coalesce(r.payload_hash, EXCLUDED.payload_hash)
         WHERE r.status = 'submitted'
        RETURNING r.command_id, r.position, r.completed_at
    )
    SELECT w.command_id, w.position, w.completed_at FROM written AS w;
    GET DIAGNOSTICS settled = ROW_COUNT;
    IF settled <> jsonb_array_length(receipts) THEN
        RAISE EXCEPTION 'a command of this batch was settled by somebody else'
            USING ERRCODE = 'CQ002';
    END IF;
END
$$;

--! description: Outbox with processed events
--! version: 1.0.0

--! command
CREATE TABLE command.outbox (
    event_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate_id uuid NOT NULL,
    event_type   text NOT NULL CHECK (event_type <> ''),
    payload      jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
--! undo
DROP TABLE command.outbox;

-- Called in the transaction that changes the state: both are kept, or neither.
CREATE FUNCTION command.publish_event(aggregate_id uuid, event_type text, payload jsonb)
RETURNS bigint
BEGIN ATOMIC
    INSERT INTO command.outbox (aggregate_id, event_type, payload)
    VALUES (publish_event.aggregate_id, publish_event.event_type, publish_event.payload)
    RETURNING event_id;
END;
--! undo
DROP FUNCTION command.publish_event(uuid, text, jsonb);

--! query
CREATE TABLE query.processed_events (
    event_id     bigint PRIMARY KEY,
    processed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
--! undo
DROP TABLE query.processed_events;

CREATE TABLE query.events_by_type (
    event_type text PRIMARY KEY,
    events     bigint NOT NULL
);
--! undo
DROP TABLE query.events_by_type;

-- Folds what is new into the read model, each event once, and says how many there were. An event is
-- known by its id and not by a position: one that commits late is taken when it appears. Runners
-- take turns, so that two of them never fold the same event.
CREATE FUNCTION query.process_events(at_most int DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    folded bigint;
BEGIN
    LOCK TABLE query.processed_events IN SHARE ROW EXCLUSIVE MODE;
    WITH fresh AS (
        SELECT o.event_id, o.event_type
          FROM command.outbox AS o
         WHERE NOT EXISTS (SELECT FROM query.processed_events AS p WHERE p.event_id = o.event_id)
         ORDER BY o.event_id LIMIT at_most
    ), taken AS (
        INSERT INTO query.processed_events (event_id) SELECT f.event_id FROM fresh AS f
    ), counted AS (
        INSERT INTO query.events_by_type AS t (event_type, events)
        SELECT f.event_type, count(*) FROM fresh AS f GROUP BY f.event_type
            ON CONFLICT (event_type) DO UPDATE SET events = t.events + EXCLUDED.events
    )
    SELECT count(*) INTO folded FROM fresh;
    RETURN folded;
END
$$;
--! undo
DROP FUNCTION query.process_events(int);

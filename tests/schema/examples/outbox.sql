--! description: Implement event-driven CQRS synchronization
--! version: 3.0.0

--! command
CREATE TABLE command.outbox (
    id serial PRIMARY KEY,
    aggregate_id uuid,
    event_type text,
    payload jsonb,
    published boolean DEFAULT false,
    created_at timestamptz DEFAULT now()
);

CREATE OR REPLACE FUNCTION command.publish_event(
    p_aggregate_id uuid, p_event_type text, p_payload jsonb
) RETURNS void AS $$
BEGIN
    INSERT INTO command.outbox (aggregate_id, event_type, payload)
    VALUES (p_aggregate_id, p_event_type, p_payload);
END;
$$ LANGUAGE plpgsql;

--! query
CREATE TABLE query.processed_events (
    event_id int PRIMARY KEY,
    processed_at timestamptz DEFAULT now()
);

CREATE OR REPLACE FUNCTION query.process_events() RETURNS void AS $$
DECLARE
    event record;
BEGIN
    FOR event IN
        SELECT o.* FROM command.outbox o
          LEFT JOIN query.processed_events p ON o.id = p.event_id
         WHERE p.event_id IS NULL AND o.published = true
         ORDER BY o.id
    LOOP
        -- Process event based on type
        INSERT INTO query.processed_events (event_id) VALUES (event.id);
    END LOOP;
END;
$$ LANGUAGE plpgsql;

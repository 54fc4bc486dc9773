--! description: Event store with a profile computed from it
--! version: 1.0.0

--! command
CREATE TABLE command.events (
    event_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate_id  uuid NOT NULL,
    version       int NOT NULL CHECK (version > 0),
    event_type    text NOT NULL CHECK (event_type <> ''),
    event_data    jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (aggregate_id, version)
);
--! undo
DROP TABLE command.events;

CREATE INDEX events_created ON command.events USING brin (created_at);
--! undo
DROP INDEX command.events_created;

-- An event that has been written stays as it is.
CREATE FUNCTION command.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed: append another' USING ERRCODE = 'restrict_violation';
END
$$;
--! undo
DROP FUNCTION command.refuse_change();

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON command.events
    FOR EACH STATEMENT EXECUTE FUNCTION command.refuse_change();
--! undo
DROP TRIGGER events_stay ON command.events;

--! query
-- One row per user, whatever number of updates there were: the newest value of each field.
CREATE MATERIALIZED VIEW query.user_profile AS
SELECT e.aggregate_id AS user_id,
       (array_agg(e.event_data ->> 'name' ORDER BY e.version DESC)
            FILTER (WHERE e.event_data ? 'name'))[1] AS name,
       (array_agg(e.event_data ->> 'email' ORDER BY e.version DESC)
            FILTER (WHERE e.event_data ? 'email'))[1] AS email,
       max(e.version) AS version,
       max(e.created_at) AS last_updated
  FROM command.events AS e
 WHERE e.event_type = 'UserUpdated'
 GROUP BY e.aggregate_id;
--! undo
DROP MATERIALIZED VIEW query.user_profile;

CREATE UNIQUE INDEX user_profile_user ON query.user_profile (user_id);
--! undo
DROP INDEX query.user_profile_user;

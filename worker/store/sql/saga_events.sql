-- What drove a saga, step by step; `position` is the event of the log that did.
CREATE TABLE cqrs.saga_events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    saga_id    uuid NOT NULL REFERENCES cqrs.sagas (saga_id) ON DELETE CASCADE,
    event_type text NOT NULL,
    event_data jsonb,
    position   bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX saga_events_saga ON cqrs.saga_events (saga_id, id);
COMMENT ON TABLE cqrs.saga_events IS 'The history of each saga, for people who ask what happened.';
GRANT SELECT, INSERT ON cqrs.saga_events TO cqrs_writer;

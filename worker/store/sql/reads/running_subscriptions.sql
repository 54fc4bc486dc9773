-- What the workers say of the subscriptions that they run, for processes that ask queries and have
-- not loaded who keeps the read models: which group is to be woken, which events are meant for it.
CREATE TABLE cqrs.running_subscriptions (
    subscription text PRIMARY KEY,
    run_group    text NOT NULL,
    event_types  text[] NOT NULL,
    declared_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cqrs.running_subscriptions IS
    'Each subscription as the worker that began to run it last declares it.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.running_subscriptions TO cqrs_writer;
CREATE VIEW query.running_subscriptions AS
SELECT subscription AS name, run_group, event_types FROM cqrs.running_subscriptions;
COMMENT ON VIEW query.running_subscriptions IS
    'The group that each read model is kept in, and the types of events that it folds.';
REVOKE INSERT, UPDATE, DELETE ON query.running_subscriptions FROM cqrs_writer;
GRANT SELECT ON query.running_subscriptions TO cqrs_reader, cqrs_writer;

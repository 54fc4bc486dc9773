-- Names that subscriptions had: under these nothing begins anew, whichever release still says them.
CREATE TABLE cqrs.renamed_subscriptions (
    former       text PRIMARY KEY,
    subscription text NOT NULL,
    renamed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cqrs.renamed_subscriptions IS
    'Former names of subscriptions: a worker of the release before does not begin them from 0.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.renamed_subscriptions TO cqrs_writer;

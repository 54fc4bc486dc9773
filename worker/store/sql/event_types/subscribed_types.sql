-- The types of events that each subscription has named since its read model was built last. They
-- have rows of their own, beside the checkpoints: whoever starts notes them without a lock on these.
CREATE TABLE cqrs.subscribed_types (
    subscription text NOT NULL,
    type         text NOT NULL,
    named_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subscription, type)
);
COMMENT ON TABLE cqrs.subscribed_types IS
    'Which types of events a subscription has named: one that it names no longer stops a rebuild.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.subscribed_types TO cqrs_writer;

CREATE TABLE cqrs.slots (
    task text PRIMARY KEY,
    slot bigint NOT NULL,
    holder text NOT NULL
);
COMMENT ON TABLE cqrs.slots IS
    'The last period in which each scheduled task ran: with two beats, a slot still happens once.';
GRANT SELECT, INSERT, UPDATE ON cqrs.slots TO cqrs_writer;

-- Events that a subscription could not handle. While a dead letter is open, the later events of its
-- stream are parked with it: they are those of the stream between `position` and the checkpoint, so they
-- need no rows of their own. One stream has at most one open dead letter per subscription.
CREATE TABLE cqrs.dead_letters (
    letter_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription    text NOT NULL,
    position        bigint NOT NULL,
    stream          text NOT NULL,
    type            text NOT NULL,
    error           text NOT NULL,
    attempts        integer NOT NULL DEFAULT 1 CHECK (attempts > 0),
    first_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_failed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    state           text NOT NULL DEFAULT 'open'
                    CHECK (state IN ('open', 'retried', 'discarded', 'superseded')),
    closed_at       timestamptz,
    closed_by       text,
    CHECK ((state = 'open') = (closed_at IS NULL)),
    CHECK ((state = 'open') = (closed_by IS NULL))
);
CREATE UNIQUE INDEX dead_letters_open ON cqrs.dead_letters (subscription, stream)
 WHERE state = 'open';
CREATE INDEX dead_letters_discarded ON cqrs.dead_letters (subscription, position)
 WHERE state = 'discarded';
COMMENT ON TABLE cqrs.dead_letters IS
    'Events that a subscription could not handle; each parks the rest of its stream while open.';
GRANT SELECT, INSERT, UPDATE ON cqrs.dead_letters TO cqrs_writer;

-- One row for each process that runs over several commands. It is written by the saga's own
-- subscription, in the transaction that moves its checkpoint and enqueues its commands.
--
-- `state` is that of SagaState in worker/reactions/state_machine.py; of a saga that has been pruned there is left
-- how it ended, and what it has seen. `due_at` is the deadline of the step that it is at; the sweep
-- finds it, nothing else counts time.
CREATE TABLE cqrs.sagas (
    saga_id    uuid PRIMARY KEY,
    saga_type  text NOT NULL,
    key        text NOT NULL,
    state      jsonb NOT NULL CHECK (state ? 'status'),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at     timestamptz,
    UNIQUE (saga_type, key)
) WITH (fillfactor = 80);
CREATE INDEX sagas_due ON cqrs.sagas (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sagas_ended ON cqrs.sagas (updated_at)
 WHERE state ->> 'status' IN ('completed', 'failed') AND state ? 'results';
COMMENT ON TABLE cqrs.sagas IS 'Processes over several commands: where each of them stands.';
GRANT SELECT, INSERT, UPDATE ON cqrs.sagas TO cqrs_writer;

-- A row for each subscription. One of several partitions has a row for each of these instead, named
-- "orders.order_summaries#0" and so on; `subscription` is the plain name in both cases.
--
-- `deaths` counts the worker processes that died one after another over the events from `position`
-- up to `suspect_upto`: see worker/subscriptions/batch.py. `letters` says how many dead letters the next
-- batch has to mind; it is right for whoever holds the row.
CREATE TABLE cqrs.subscriptions (
    name             text PRIMARY KEY,
    subscription     text NOT NULL GENERATED ALWAYS AS (split_part(name, '#', 1)) STORED,
    partition        smallint NOT NULL DEFAULT 0 CHECK (partition >= 0),
    partitions       smallint NOT NULL DEFAULT 1 CHECK (partitions > partition),
    position         bigint NOT NULL DEFAULT 0,
    changed_position bigint NOT NULL DEFAULT 0,
    read_table       text,
    shape            integer,
    paused           boolean NOT NULL DEFAULT false,
    batch_size       integer CHECK (batch_size BETWEEN 1 AND 50000),
    letters          integer NOT NULL DEFAULT 0 CHECK (letters >= 0),
    deaths           smallint NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    suspect_upto     bigint,
    error            text,
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON COLUMN cqrs.subscriptions.changed_position IS
    'The last position at which it applied events, not merely passed over them; one above its own'
    ' when rows were changed in place, by a repair or a rebuild.';
COMMENT ON COLUMN cqrs.subscriptions.read_table IS
    'A projection''s live table in schema query, the one behind the view; a rebuild replaces it.';
COMMENT ON COLUMN cqrs.subscriptions.shape IS
    'The version of the projection for which that table was made.';
COMMENT ON TABLE cqrs.subscriptions IS
    'How far each subscription has read the log; moved in the same transaction as what it wrote.';
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.subscriptions TO cqrs_writer;

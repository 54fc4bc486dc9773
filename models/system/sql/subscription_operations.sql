-- What operating a subscription adds to its checkpoint.
--
-- A subscription of several partitions has a row for each, "orders.order_summaries#0" and so on, and
-- no row of the plain name. `subscription` is the plain name in both cases.
--
-- `deaths` counts the worker processes that died one after another over the events from `position`
-- up to `suspect_upto`: see worker/running/advance.py. `letters` says how many dead letters the next batch
-- has to mind; it is right for whoever holds the row.
ALTER TABLE cqrs.subscriptions
    ADD COLUMN subscription text NOT NULL GENERATED ALWAYS AS (split_part(name, '#', 1)) STORED,
    ADD COLUMN partition    smallint NOT NULL DEFAULT 0 CHECK (partition >= 0),
    ADD COLUMN partitions   smallint NOT NULL DEFAULT 1 CHECK (partitions > partition),
    ADD COLUMN batch_size   integer CHECK (batch_size BETWEEN 1 AND 50000),
    ADD COLUMN letters      integer NOT NULL DEFAULT 0 CHECK (letters >= 0),
    ADD COLUMN deaths       smallint NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    ADD COLUMN suspect_upto bigint;
GRANT DELETE ON cqrs.subscriptions TO cqrs_writer;

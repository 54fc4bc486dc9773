-- What the last refresh of each materialized view read, as the server had it: the tables, views and
-- sequences that were locked or scanned in its transaction, through functions too. `reads` and
-- `names` go together; a table that a rebuild has replaced since is known by its name.
CREATE TABLE cqrs.refresh_traces (
    view        text PRIMARY KEY,
    view_id     oid NOT NULL,
    reads       oid[] NOT NULL,
    names       text[] NOT NULL,
    fingerprint text NOT NULL,
    complete    boolean NOT NULL,
    traced_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (cardinality(reads) = cardinality(names))
);
COMMENT ON TABLE cqrs.refresh_traces IS
    'What the last refresh of each materialized view read; written in its transaction.';
COMMENT ON COLUMN cqrs.refresh_traces.view_id IS
    'The view that was refreshed: the trace says nothing of another one of the same name.';
COMMENT ON COLUMN cqrs.refresh_traces.fingerprint IS
    'Of what else the result hangs on: settings of the session and, where the view calls functions'
    ' whose text the catalogue does not take apart, every function, type and name.';
COMMENT ON COLUMN cqrs.refresh_traces.complete IS
    'False where the server did not count (track_counts = off): reads in a block that raised are'
    ' missing then.';

-- One line for each relation that a materialized view is known to read; for whoever asks by table.
CREATE VIEW cqrs.refresh_reads AS
SELECT t.view, t.view_id, r.relation, r.name, t.complete
  FROM cqrs.refresh_traces AS t, unnest(t.reads, t.names) AS r (relation, name);
COMMENT ON VIEW cqrs.refresh_reads IS
    'Which relations the last refresh of each materialized view read.';

-- What a materialized view stands on, as its last refresh found: every relation that was read, also
-- through functions. NULL: nobody knows, and it depends on everything; it was made, or made anew,
-- since its last refresh through the engine, or the server counted nothing. An array may hold ids of
-- tables that are gone; cqrs.refresh_reads has their names.
CREATE FUNCTION cqrs.traced_reads(wanted oid) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.reads FROM cqrs.refresh_traces AS t WHERE t.view_id = wanted AND t.complete;
END;
REVOKE ALL ON FUNCTION cqrs.traced_reads(oid) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.traced_reads(oid) IS
    'The relations that a materialized view''s last refresh read; NULL: it depends on everything.';
GRANT SELECT ON cqrs.refresh_traces, cqrs.refresh_reads TO cqrs_writer;
GRANT EXECUTE ON FUNCTION cqrs.traced_reads(oid) TO cqrs_writer;

-- A materialized view over it with one of everything that it may have.
CREATE MATERIALIZED VIEW query.thing_sum AS
    SELECT owner, sum(price) AS price FROM query.thing_paid GROUP BY owner;
CREATE UNIQUE INDEX thing_sum_key ON query.thing_sum (owner);
COMMENT ON INDEX query.thing_sum_key IS 'one each';
ALTER TABLE query.thing_sum CLUSTER ON thing_sum_key;
ALTER MATERIALIZED VIEW query.thing_sum ALTER owner SET STATISTICS 321;
CREATE STATISTICS query.thing_sum_together (mcv) ON owner, price FROM query.thing_sum;
COMMENT ON MATERIALIZED VIEW query.thing_sum IS 'sums';
COMMENT ON COLUMN query.thing_sum.price IS 'all of it';
REVOKE ALL ON query.thing_sum FROM cqrs_reader;
GRANT SELECT (price) ON query.thing_sum TO {role};
ALTER MATERIALIZED VIEW query.thing_sum OWNER TO {owner};

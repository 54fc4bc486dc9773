CREATE MATERIALIZED VIEW query.thing_totals AS
SELECT 1 AS one, coalesce(sum(moves), 0)::integer AS moves FROM query.things;
CREATE UNIQUE INDEX thing_totals_one ON query.thing_totals (one);

-- Which command of the running batch changed a row. The engine says it once per transaction in the
-- setting cqrs.attribution:
--   {"commands": [[command id, actor], ...],
--    "rows":  {"command.products": {"<key>": <command's place>, ...}},
--    "steps": {"command.products": {"<key>": [{"by": <place>, "operation", "old", "new"}, ...]}}}
-- `rows` is left out where the batch is one command; `steps` holds the rows that several commands
-- of one batch changed, because the table itself sees only the sum of those changes.
CREATE FUNCTION cqrs.audit_attribution() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN nullif(current_setting('cqrs.attribution', true), '')::jsonb;

-- A change of both sides, as `cqrs.track_change` takes it.
CREATE TYPE cqrs.change AS (
    command_operations text[],
    query_operations   text[],
    description        text,
    version            text
);
COMMENT ON TYPE cqrs.change IS
    'Operations for the command side, for the query side, a description, a semantic version.';

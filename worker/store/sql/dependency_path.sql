-- One way from a root to an object that depends on it: the state of the search in
-- cqrs.dependency_paths.
CREATE TYPE cqrs.dependency_path AS (
    root                text COLLATE "C",
    name                text COLLATE "C",
    schema              text,
    kind                text,
    turn                int,
    is_last             boolean,
    through_foreign_key boolean,
    path                text[] COLLATE "C",
    links               text[]
);
COMMENT ON TYPE cqrs.dependency_path IS 'One way from a root to an object that depends on it.';

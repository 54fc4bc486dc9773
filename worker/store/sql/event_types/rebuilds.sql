ALTER TABLE cqrs.rebuilds ADD COLUMN migrated_from integer;
COMMENT ON COLUMN cqrs.rebuilds.migrated_from IS
    'The version of the live table whose rows were migrated; null: the log was folded.';

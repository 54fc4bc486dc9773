-- Group roles live in the cluster, not in the database: another database may have made them, even
-- at this very moment. Where they are there and ours to take on, CREATEROLE is not needed. From
-- PostgreSQL 16 on, whoever makes a role may grant it, but has to grant himself the right to take it
-- on.
DO $$
DECLARE
    wanted text;
    may    text := CASE WHEN current_setting('server_version_num')::int >= 160000
                        THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['cqrs_writer', 'cqrs_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, may) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END
$$;
GRANT USAGE ON SCHEMA command, query, cqrs TO cqrs_writer;
GRANT USAGE ON SCHEMA query TO cqrs_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA command
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cqrs_writer;
ALTER DEFAULT PRIVILEGES IN SCHEMA command GRANT USAGE ON SEQUENCES TO cqrs_writer;
ALTER DEFAULT PRIVILEGES IN SCHEMA query
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cqrs_writer;
ALTER DEFAULT PRIVILEGES IN SCHEMA query GRANT SELECT ON TABLES TO cqrs_reader;

-- The group role of applications. It reads what cqrs_reader reads, now and later, since it is a
-- member of it; what else it may do is granted beside each object. Like the other two it lives in
-- the cluster: somebody else may have made it, even at this very moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cqrs_sender') THEN
        CREATE ROLE cqrs_sender NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the group role cqrs_sender is missing, and % may not create it: as a'
            ' superuser, CREATE ROLE cqrs_sender NOLOGIN IN ROLE cqrs_reader; then migrate again',
            current_user USING ERRCODE = 'invalid_role_specification';
END
$$;
DO $$
BEGIN
    IF NOT pg_has_role('cqrs_sender', 'cqrs_reader', 'USAGE') THEN
        GRANT cqrs_reader TO cqrs_sender;
    END IF;
EXCEPTION
    WHEN unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the group role cqrs_sender is no member of cqrs_reader, and % may not make'
            ' it one: as a superuser, GRANT cqrs_reader TO cqrs_sender; then migrate again',
            current_user USING ERRCODE = 'invalid_role_specification';
END
$$;
-- Who migrates takes it on where he may. He gives it its rights without that.
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'cqrs_sender',
                       CASE WHEN current_setting('server_version_num')::int >= 160000
                            THEN 'SET' ELSE 'MEMBER' END) THEN
        GRANT cqrs_sender TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR unique_violation THEN
        NULL;
END
$$;
GRANT USAGE ON SCHEMA cqrs TO cqrs_sender;
GRANT SELECT ON cqrs.receipts TO cqrs_sender;

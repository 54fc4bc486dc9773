-- Whether who logged in can act as cqrs_writer: by inheritance, or by SET ROLE. A membership that
-- gives neither (it may grant, and no more) is none.
CREATE FUNCTION cqrs.session_is_writer() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT pg_has_role(session_user, 'cqrs_writer', 'USAGE')
        OR pg_has_role(session_user, 'cqrs_writer',
                       CASE WHEN current_setting('server_version_num')::int >= 160000
                            THEN 'SET' ELSE 'MEMBER' END);
END;
REVOKE ALL ON FUNCTION cqrs.session_is_writer() FROM PUBLIC;
COMMENT ON FUNCTION cqrs.session_is_writer() IS
    'Whether the user of this session can act as cqrs_writer; for the functions of senders.';

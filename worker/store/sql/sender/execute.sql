-- What PostgreSQL gives everybody on a new function nobody has here. A trigger's function counts:
-- who may execute it may hang it on a table of his own, and write the audit trail.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA cqrs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.analyze_dependencies(text, text), cqrs.column_users(regclass, text),
    cqrs.dependency_paths(text, text[]), cqrs.require_schema(text), cqrs.system_edges(text)
    TO cqrs_writer;

-- Who was given the function by name keeps it, as a sender: a user that may say any actor is a
-- member of cqrs_writer.
DO $$
DECLARE
    holder record;
BEGIN
    FOR holder IN
        SELECT x.grantee::regrole AS role
          FROM pg_proc AS p, LATERAL aclexplode(p.proacl) AS x
         WHERE p.oid = 'cqrs.enqueue(jsonb)'::regprocedure AND x.grantee <> 0
           AND x.grantee NOT IN (p.proowner, 'cqrs_writer'::regrole, 'cqrs_sender'::regrole)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION cqrs.enqueue_as_sender(jsonb),'
                       ' cqrs.enqueue_fault(jsonb),'
                       ' cqrs.enqueue(text, jsonb, uuid, text, text, uuid[], text[]) TO %s',
                       holder.role);
    END LOOP;
END
$$;

-- The keys that personal values are sealed by, one a subject. Of a forgotten one the row stays, without
-- its key, so that nobody gives it another.
CREATE TABLE cqrs.subject_keys (
    subject    text PRIMARY KEY,
    key        bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at  timestamptz,
    CHECK ((key IS NULL) = (erased_at IS NOT NULL))
);
COMMENT ON TABLE cqrs.subject_keys IS
    'The key of each person whose data is sealed; a key that is gone makes all of it unreadable.';
REVOKE ALL ON cqrs.subject_keys FROM PUBLIC;

-- The keys of these subjects; null for one that was forgotten, no row for one that never had any.
CREATE FUNCTION cqrs.subject_keys_of(subjects text[]) RETURNS TABLE (subject text, key bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.subject, k.key FROM cqrs.subject_keys AS k WHERE k.subject = ANY (subjects);
END;
REVOKE ALL ON FUNCTION cqrs.subject_keys_of(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.subject_keys_of(text[]) TO cqrs_writer, cqrs_sender;
COMMENT ON FUNCTION cqrs.subject_keys_of(text[]) IS
    'What opens sealed values, for those who may ask for them.';

-- Keeps new keys (hex by subject). Whoever finds that another was faster has sealed by a key that
-- nobody will have, and has to begin again.
CREATE FUNCTION cqrs.keep_subject_keys(keys jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO cqrs.subject_keys AS k (subject, key)
    SELECT n.key, decode(n.value, 'hex') FROM jsonb_each_text(keys) AS n ORDER BY n.key
    ON CONFLICT DO NOTHING;
    IF EXISTS (SELECT FROM jsonb_each_text(keys) AS n JOIN cqrs.subject_keys AS k ON k.subject = n.key
                WHERE k.key IS DISTINCT FROM decode(n.value, 'hex')) THEN
        RAISE EXCEPTION 'a subject has got another key meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION cqrs.keep_subject_keys(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.keep_subject_keys(jsonb) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.keep_subject_keys(jsonb) IS 'Keeps the keys of new subjects.';

-- Throws the keys of these subjects away, for good.
CREATE FUNCTION cqrs.forget_subjects(subjects text[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO cqrs.subject_keys AS k (subject, erased_at)
    SELECT s.subject, clock_timestamp() FROM unnest(subjects) AS s (subject) ORDER BY s.subject
    ON CONFLICT (subject) DO UPDATE
       SET key = NULL, erased_at = coalesce(k.erased_at, excluded.erased_at);
END;
REVOKE ALL ON FUNCTION cqrs.forget_subjects(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.forget_subjects(text[]) TO cqrs_writer;
COMMENT ON FUNCTION cqrs.forget_subjects(text[]) IS
    'Makes everything that was sealed for these subjects unreadable.';

-- One of everything that an administrator may add to a read table and to the views over it.
CREATE ROLE {role};
CREATE ROLE {owner};
GRANT USAGE, CREATE ON SCHEMA query TO {owner};
CREATE FUNCTION query.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE query.allowed (owner text PRIMARY KEY, role name);
CREATE TABLE query.noted_things (thing_id uuid);

-- the table
ALTER TABLE query.things_v1 ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON query.things_v1 FOR SELECT TO {role} USING (owner = current_user);
CREATE POLICY listed ON query.things_v1 AS RESTRICTIVE FOR ALL TO cqrs_reader, {role}
    USING (EXISTS (SELECT FROM query.allowed AS a WHERE a.owner = things_v1.owner))
    WITH CHECK (price > 0);
CREATE POLICY written ON query.things_v1 TO cqrs_writer USING (true);
COMMENT ON POLICY own ON query.things_v1 IS 'a tenant''s own';
REVOKE SELECT ON query.things_v1 FROM cqrs_reader;
GRANT SELECT, TRIGGER ON query.things_v1 TO {role} WITH GRANT OPTION;
GRANT SELECT (owner, price), UPDATE (note) ON query.things_v1 TO cqrs_reader;
CREATE TRIGGER noted BEFORE INSERT OR UPDATE OF price ON query.things_v1
    FOR EACH ROW WHEN (NEW.price > 5) EXECUTE FUNCTION query.noted();
CREATE TRIGGER silent AFTER DELETE ON query.things_v1
    FOR EACH STATEMENT EXECUTE FUNCTION query.noted();
ALTER TABLE query.things_v1 DISABLE TRIGGER silent;
COMMENT ON TRIGGER noted ON query.things_v1 IS 'as it is noted';
CREATE RULE keeps AS ON DELETE TO query.things_v1 WHERE (OLD.owner = 'nobody'::text)
    DO INSTEAD NOTHING;
COMMENT ON RULE keeps ON query.things_v1 IS 'nobody''s stay';
ALTER TABLE query.things_v1 DISABLE RULE keeps;
CREATE INDEX things_v1_dear ON query.things_v1 (price) WHERE price > 100;
COMMENT ON INDEX query.things_v1_dear IS 'the dear ones';
CREATE INDEX things_v1_by_price ON query.things_v1 (price);
ALTER TABLE query.things_v1 CLUSTER ON things_v1_by_price;
ALTER TABLE query.things_v1 REPLICA IDENTITY USING INDEX things_v1_pkey;
COMMENT ON TABLE query.things_v1 IS 'what there is, 100 %';
COMMENT ON COLUMN query.things_v1.price IS 'in cents';
ALTER TABLE query.things_v1 ALTER owner SET STATISTICS 777, ALTER owner SET (n_distinct = -0.5);
ALTER TABLE query.things_v1 ALTER note SET STORAGE EXTERNAL, ALTER note SET COMPRESSION pglz;
CREATE STATISTICS query.things_v1_together (ndistinct, mcv) ON owner, price FROM query.things_v1;
ALTER STATISTICS query.things_v1_together SET STATISTICS 555;
COMMENT ON STATISTICS query.things_v1_together IS 'they go together';
CREATE PUBLICATION {role}_all FOR TABLE query.things_v1 (thing_id, owner, price)
    WHERE (thing_id IS NOT NULL);

-- the view, and what is built on it
ALTER VIEW query.things SET (security_barrier = true);
REVOKE SELECT ON query.things FROM cqrs_reader;
GRANT SELECT (owner, price) ON query.things TO cqrs_reader;
GRANT SELECT ON query.things TO {role};
COMMENT ON VIEW query.things IS 'the things';
COMMENT ON COLUMN query.things.owner IS 'whose it is';
ALTER VIEW query.things ALTER note SET DEFAULT 'none';
CREATE TRIGGER instead INSTEAD OF INSERT ON query.things
    FOR EACH ROW EXECUTE FUNCTION query.noted();
CREATE RULE also AS ON DELETE TO query.things DO ALSO
    INSERT INTO query.noted_things VALUES (OLD.thing_id);
COMMENT ON TRIGGER instead ON query.things IS 'instead';
CREATE VIEW query.thing_paid WITH (security_invoker = true) AS
    SELECT thing_id, owner, price FROM query.things;
GRANT SELECT ON query.thing_paid TO {owner};
CREATE VIEW query.thing_owned AS SELECT owner, price FROM query.thing_paid;
ALTER VIEW query.thing_owned OWNER TO {owner};
GRANT SELECT (owner) ON query.thing_owned TO {role};
REVOKE SELECT ON query.thing_owned FROM cqrs_reader;
COMMENT ON COLUMN query.thing_owned.price IS 'what it cost';
SELECT cqrs.guard_views();

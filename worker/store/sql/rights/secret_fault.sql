-- Which fields of a command may not be stored in clear, as the workers say that know this shape of it.
ALTER TABLE cqrs.command_schemas ADD COLUMN unstored text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN cqrs.command_schemas.unstored IS
    'Secret fields of the payload that may not stand in clear in any table.';

-- What is wrong with the first of some commands that holds a secret: a row would hold it in clear for
-- as long as the command waits, and in every backup. Null if none does. It says no value.
CREATE FUNCTION cqrs.secret_fault(commands jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('%s is secret, and may not be stored: send the command as a message, or declare the'
                  ' field `storable` (name %s)', field, latest.name)
      FROM (SELECT DISTINCT ON (s.name) s.name, s.unstored
              FROM cqrs.command_schemas AS s
             ORDER BY s.name, s.last_seen_at DESC) AS latest
      JOIN jsonb_array_elements(commands) WITH ORDINALITY AS c (value, place)
        ON c.value ->> 'name' = latest.name,
           unnest(latest.unstored) AS field
     WHERE coalesce(c.value -> 'payload' ->> field, '') <> ''
     ORDER BY c.place
     LIMIT 1;
END;
REVOKE ALL ON FUNCTION cqrs.secret_fault(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION cqrs.secret_fault(jsonb) IS
    'What commands hold that may not be stored in clear, in one line; null if nothing.';

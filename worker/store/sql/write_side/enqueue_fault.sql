-- What is wrong with the first of some commands that is wrong, in one line: the field, its value,
-- what to do; null if nothing is. Of a payload it says the type alone: errors are logged.
CREATE OR REPLACE FUNCTION cqrs.enqueue_fault(commands jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN jsonb_typeof(commands) IS DISTINCT FROM 'array'
                THEN 'commands is ' || coalesce('of type ' || jsonb_typeof(commands), 'null')
                     || ': give a JSON array of objects'
           ELSE (
        SELECT f.fault || CASE WHEN jsonb_array_length(commands) > 1
                               THEN format(' (command %s of %s)', f.place,
                                           jsonb_array_length(commands)) ELSE '' END
          FROM (
            SELECT c.place, CASE
                WHEN jsonb_typeof(c.value) <> 'object'
                THEN format('a command is of type %s: give an object with command_id, name, payload',
                            jsonb_typeof(c.value))
                WHEN coalesce(btrim(c.value ->> 'name'), '') = ''
                THEN format('name is %s: give the command''s name, as `cqrs map` has it',
                            coalesce((c.value -> 'name')::text, 'null'))
                WHEN octet_length(c.value ->> 'name') > 255
                THEN format('name is %s bytes long: give at most 255 (name %s...)',
                            octet_length(c.value ->> 'name'), left(c.value ->> 'name', 40))
                WHEN c.value ->> 'command_id' IS NULL
                THEN format('command_id is null: give a UUID, a new one for each command (name %s)',
                            c.value ->> 'name')
                WHEN jsonb_typeof(c.value -> 'payload') IS DISTINCT FROM 'object'
                THEN format('payload is %s: give an object with the command''s fields (name %s)',
                            coalesce('of type ' || nullif(jsonb_typeof(c.value -> 'payload'), 'null'),
                                     'null'), c.value ->> 'name')
                WHEN c.value ->> 'actor' = ''
                THEN format('actor is "": give who sends, or leave it out (name %s)',
                            c.value ->> 'name')
                WHEN octet_length(c.value ->> 'actor') > 255
                THEN format('actor is %s bytes long: give at most 255 (name %s)',
                            octet_length(c.value ->> 'actor'), c.value ->> 'name')
                WHEN octet_length(c.value ->> 'key') > 1024
                THEN format('key is %s bytes long: give at most 1024 (name %s)',
                            octet_length(c.value ->> 'key'), c.value ->> 'name')
                WHEN jsonb_typeof(c.value -> 'after') = 'array'
                     AND jsonb_array_length(c.value -> 'after') > 1000
                THEN format('after names %s commands: give at most 1000 (name %s)',
                            jsonb_array_length(c.value -> 'after'), c.value ->> 'name')
                WHEN jsonb_typeof(c.value -> 'after') = 'array'
                     AND c.value -> 'after' @> to_jsonb(lower(c.value ->> 'command_id'))
                THEN format('after names the command itself: it would wait for ever (name %s)',
                            c.value ->> 'name')
                END AS fault
              FROM jsonb_array_elements(
                       CASE jsonb_typeof(commands) WHEN 'array' THEN commands ELSE '[]' END
                   ) WITH ORDINALITY AS c (value, place)
          ) AS f
         WHERE f.fault IS NOT NULL
         ORDER BY f.place
         LIMIT 1) END;
END;
REVOKE ALL ON FUNCTION cqrs.enqueue_fault(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cqrs.enqueue_fault(jsonb) TO cqrs_writer, cqrs_sender;
COMMENT ON FUNCTION cqrs.enqueue_fault(jsonb) IS
    'What is wrong with commands that somebody wants to enqueue, in one line; null if nothing is.';

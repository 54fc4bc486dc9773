--! description: Reference data that both sides read
--! version: 1.0.0

--! command
CREATE SCHEMA reference;
--! undo
DROP SCHEMA reference;

CREATE TABLE reference.countries (
    code char(2) PRIMARY KEY CHECK (code = upper(code)),
    name text NOT NULL UNIQUE
);
--! undo
DROP TABLE reference.countries;

INSERT INTO reference.countries (code, name)
VALUES ('GB', 'United Kingdom'), ('US', 'United States');
--! undo
DELETE FROM reference.countries WHERE code IN ('GB', 'US');

CREATE TABLE command.addresses (
    address_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    line         text NOT NULL,
    country_code char(2) NOT NULL REFERENCES reference.countries (code)
);
--! undo
DROP TABLE command.addresses;

CREATE INDEX addresses_country ON command.addresses (country_code);
--! undo
DROP INDEX command.addresses_country;

--! query
CREATE VIEW query.addresses_with_country AS
SELECT a.address_id, a.line, a.country_code, c.name AS country_name
  FROM command.addresses AS a
  JOIN reference.countries AS c ON c.code = a.country_code;
--! undo
DROP VIEW query.addresses_with_country;

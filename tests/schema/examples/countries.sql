--! description: Add country support to user system
--! version: 1.1.0

--! command
CREATE TABLE reference.countries (code char(2) PRIMARY KEY, name text);
INSERT INTO reference.countries VALUES ('US', 'United States'), ('UK', 'United Kingdom');
ALTER TABLE command.users ADD COLUMN country_code char(2) REFERENCES reference.countries (code);

--! query
CREATE VIEW query.users_with_country AS
SELECT u.*, c.name AS country_name
  FROM command.users u
  LEFT JOIN reference.countries c ON u.country_code = c.code;

-- csv_to_json.sql - a CSV file as JSON lines, cleaned on the way.
--
-- The CSV file is made first, so that the example needs none; put your own path in its place.

CREATE TABLE people_csv (
  name  STRING,
  born  DATE,
  email STRING
) WITH (
  'connector' = 'filesystem', 'path' = '/tmp/weir-example-people.csv', 'format' = 'csv',
  'csv.header' = 'true', 'csv.null-literal' = '-'
);

INSERT INTO people_csv VALUES
  ('Ada Lovelace',  DATE '1815-12-10', 'ADA@example.org'),
  ('Grace Hopper',  DATE '1906-12-09', NULL),
  ('"Knuth, D. E."', DATE '1938-01-10', 'dek@example.org');

CREATE TABLE people_json (
  name  STRING,
  born  DATE,
  email STRING,
  `year` BIGINT
) WITH (
  'connector' = 'filesystem', 'path' = '/tmp/weir-example-people.jsonl', 'format' = 'json',
  'json.encode.ignore-null-fields' = 'true'
);

INSERT INTO people_json
SELECT BTRIM(name, '"'), born, LOWER(email), EXTRACT(YEAR FROM born) FROM people_csv;

SELECT * FROM people_json ORDER BY born;

Every format prints the same rows. Numbers are JSON numbers, NULL is the format's own word, and an
empty text differs from NULL.

  $ cat > rows.sql <<'SQL'
  > SELECT * FROM (VALUES
  >   (1, 'plain', 1.50, TRUE),
  >   (2, 'with, comma', -0.25, FALSE),
  >   (3, 'say "hi"', CAST(NULL AS DECIMAL(3, 2)), TRUE),
  >   (4, '', 2.00, CAST(NULL AS BOOLEAN)),
  >   (5, 'a|b \ tab	x', 9.99, TRUE),
  >   (6, '日本語', 0.01, FALSE)) AS t (id, text, price, ok);
  > SQL

Piped, csv is the default.

  $ weir rows.sql
  $ weir -f rows.sql --format tsv
  $ weir -f rows.sql --format json
  $ weir -f rows.sql --format jsonl
  $ weir -f rows.sql --format markdown
  $ weir -f rows.sql --format table
  $ weir -f rows.sql --format box --no-header
  $ weir -f rows.sql --format line --null nothing | head -8
  $ LC_ALL=C weir -f rows.sql --format table

Names and words for NULL.

  $ weir -f rows.sql --no-header --null NIL | tail -4
  $ weir --format markdown -c "SELECT 1 AS \`a|b\`, 2 AS \`c,d\`"
  $ weir -c "SELECT 1 AS \`a|b\`, 2 AS \`c,d\`"

Values that need care: floating point, times, bytes, text that would move a cursor.

  $ weir --format jsonl -c "SELECT 1e300 * 10 AS big, CAST('NaN' AS DOUBLE) AS nan, CAST(0.1 AS FLOAT) AS f, x'00ff' AS b"
  $ weir --format jsonl -c "SELECT TIMESTAMP '2024-01-02 03:04:05.678' AS ts, DATE '2024-01-02' AS d, INTERVAL '1' DAY AS i"
  $ weir --format jsonl -c "SELECT U&'\\001b[31m\\000a\\202e' AS t"
  $ weir --format table -c "SELECT U&'\\001b[31m\\000a\\202e' AS t"
  $ weir -c "SELECT U&'\\001b[31m' AS t" | od -c | head -3

No rows.

  $ weir --format json -c "SELECT 1 AS a WHERE FALSE"
  $ weir --format table -c "SELECT 1 AS a WHERE FALSE"
  $ weir -c "SELECT 1 AS a WHERE FALSE"

Plans and definitions are text, not a table.

  $ weir -c "EXPLAIN SELECT 1 AS a"
  $ weir -c "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole'); SHOW CREATE TABLE t; SHOW TABLES"

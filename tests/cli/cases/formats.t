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
  id,text,price,ok
  1,plain,1.50,TRUE
  2,"with, comma",-0.25,FALSE
  3,"say ""hi""",,TRUE
  4,"",2.00,
  5,a|b \ tab	x,9.99,TRUE
  6,日本語,0.01,FALSE
  $ weir -f rows.sql --format tsv
  id	text	price	ok
  1	plain	1.50	TRUE
  2	with, comma	-0.25	FALSE
  3	say "hi"	\N	TRUE
  4		2.00	\N
  5	a|b \\ tab\tx	9.99	TRUE
  6	日本語	0.01	FALSE
  $ weir -f rows.sql --format json
  [
  {"id":1,"text":"plain","price":1.50,"ok":true},
  {"id":2,"text":"with, comma","price":-0.25,"ok":false},
  {"id":3,"text":"say \"hi\"","price":null,"ok":true},
  {"id":4,"text":"","price":2.00,"ok":null},
  {"id":5,"text":"a|b \\ tab\tx","price":9.99,"ok":true},
  {"id":6,"text":"日本語","price":0.01,"ok":false}
  ]
  $ weir -f rows.sql --format jsonl
  {"id":1,"text":"plain","price":1.50,"ok":true}
  {"id":2,"text":"with, comma","price":-0.25,"ok":false}
  {"id":3,"text":"say \"hi\"","price":null,"ok":true}
  {"id":4,"text":"","price":2.00,"ok":null}
  {"id":5,"text":"a|b \\ tab\tx","price":9.99,"ok":true}
  {"id":6,"text":"日本語","price":0.01,"ok":false}
  $ weir -f rows.sql --format markdown
  | id | text | price | ok |
  | ---: | --- | ---: | --- |
  | 1 | plain | 1.50 | TRUE |
  | 2 | with, comma | -0.25 | FALSE |
  | 3 | say "hi" | NULL | TRUE |
  | 4 |  | 2.00 | NULL |
  | 5 | a\|b \\ tab	x | 9.99 | TRUE |
  | 6 | 日本語 | 0.01 | FALSE |
  $ weir -f rows.sql --format table
  ┌─────┬──────────────┬───────────────┬─────────┐
  │  id │ text         │         price │ ok      │
  │ INT │ VARCHAR(11)  │ DECIMAL(3, 2) │ BOOLEAN │
  ├─────┼──────────────┼───────────────┼─────────┤
  │   1 │ plain        │          1.50 │ TRUE    │
  │   2 │ with, comma  │         -0.25 │ FALSE   │
  │   3 │ say "hi"     │          NULL │ TRUE    │
  │   4 │              │          2.00 │ NULL    │
  │   5 │ a|b \ tab\tx │          9.99 │ TRUE    │
  │   6 │ 日本語       │          0.01 │ FALSE   │
  └─────┴──────────────┴───────────────┴─────────┘
  6 rows
  $ weir -f rows.sql --format box --no-header
  ┌───┬──────────────┬───────┬───────┐
  │ 1 │ plain        │  1.50 │ TRUE  │
  │ 2 │ with, comma  │ -0.25 │ FALSE │
  │ 3 │ say "hi"     │  NULL │ TRUE  │
  │ 4 │              │  2.00 │ NULL  │
  │ 5 │ a|b \ tab\tx │  9.99 │ TRUE  │
  │ 6 │ 日本語       │  0.01 │ FALSE │
  └───┴──────────────┴───────┴───────┘
  6 rows
  $ weir -f rows.sql --format line --null nothing | head -8
     id = 1
   text = plain
  price = 1.50
     ok = TRUE
  
     id = 2
   text = with, comma
  price = -0.25
  $ LC_ALL=C weir -f rows.sql --format table
  +-----+--------------+---------------+---------+
  |  id | text         |         price | ok      |
  | INT | VARCHAR(11)  | DECIMAL(3, 2) | BOOLEAN |
  +-----+--------------+---------------+---------+
  |   1 | plain        |          1.50 | TRUE    |
  |   2 | with, comma  |         -0.25 | FALSE   |
  |   3 | say "hi"     |          NULL | TRUE    |
  |   4 |              |          2.00 | NULL    |
  |   5 | a|b \ tab\tx |          9.99 | TRUE    |
  |   6 | 日本語       |          0.01 | FALSE   |
  +-----+--------------+---------------+---------+
  6 rows

Names and words for NULL.

  $ weir -f rows.sql --no-header --null NIL | tail -4
  3,"say ""hi""",NIL,TRUE
  4,"",2.00,NIL
  5,a|b \ tab	x,9.99,TRUE
  6,日本語,0.01,FALSE
  $ weir --format markdown -c "SELECT 1 AS \`a|b\`, 2 AS \`c,d\`"
  | a\|b | c,d |
  | ---: | ---: |
  | 1 | 2 |
  $ weir -c "SELECT 1 AS \`a|b\`, 2 AS \`c,d\`"
  a|b,"c,d"
  1,2

Values that need care: floating point, times, bytes, text that would move a cursor.

  $ weir --format jsonl -c "SELECT 1e300 * 10 AS big, CAST('NaN' AS DOUBLE) AS nan, CAST(0.1 AS FLOAT) AS f, x'00ff' AS b"
  {"big":1e301,"nan":"NaN","f":0.1,"b":"AP8="}
  $ weir --format jsonl -c "SELECT TIMESTAMP '2024-01-02 03:04:05.678' AS ts, DATE '2024-01-02' AS d, INTERVAL '1' DAY AS i"
  {"ts":"2024-01-02 03:04:05.678","d":"2024-01-02","i":"+1 00:00:00.000"}
  $ weir --format jsonl -c "SELECT U&'\\001b[31m\\000a\\202e' AS t"
  {"t":"\u001b[31m\n\u202e"}
  $ weir --format table -c "SELECT U&'\\001b[31m\\000a\\202e' AS t"
  ┌───────────────┐
  │ t             │
  │ CHAR(7)       │
  ├───────────────┤
  │ ␛[31m\n\u202e │
  └───────────────┘
  1 row
  $ weir -c "SELECT U&'\\001b[31m' AS t" | od -c | head -3
  0000000   t  \n 033   [   3   1   m  \n
  0000010

No rows.

  $ weir --format json -c "SELECT 1 AS a WHERE FALSE"
  []
  $ weir --format table -c "SELECT 1 AS a WHERE FALSE"
  ┌─────┐
  │   a │
  │ INT │
  ├─────┤
  └─────┘
  0 rows
  $ weir -c "SELECT 1 AS a WHERE FALSE"
  a

Plans and definitions are text, not a table.

  $ weir -c "EXPLAIN SELECT 1 AS a"
  Result(select=[a])
    Values(tuples=[(1)])
  $ weir -c "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole'); SHOW CREATE TABLE t; SHOW TABLES"
  CREATE TABLE t (
    a INT
  )
  WITH (
    'connector' = 'blackhole'
  )
  table name
  t

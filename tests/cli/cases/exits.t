Exit codes and where text goes: results on stdout, everything else on stderr.

  $ weir -c 'SELECT 1 AS x'
  x
  1
  $ weir -c 'SELECT 1 AS x' 2>&- | cat
  x
  1
  $ echo 'SELECT 1 AS x; SELECT 2 AS y;' | weir
  x
  1
  y
  2
  $ echo 'SELECT 1 AS x' | weir -f -
  x
  1
  $ weir < /dev/null

A script ends at its first error.

  $ printf "SELECT 1 AS x;\nSELECT nope;\nSELECT 3 AS z;\n" > bad.sql
  $ weir bad.sql
  x
  1
  error[W2013]: column "nope" does not exist
    --> bad.sql:2:8
   2 | SELECT nope;
     |        ^^^^
  hint: Nothing is read here: there is no FROM.
  [3]
  $ weir -f bad.sql 2> /dev/null
  x
  1
  [3]
  $ weir -c "SELECT 1 AS x" -c "SELECT 2 AS y"
  x
  1
  y
  2
  $ weir -c 'SELECT CAST(1 AS'
  error[W1006]: "(" is not closed
    --> -c:1:12
   1 | SELECT CAST(1 AS
     |            ^
  [3]
  $ weir -c "SELECT 'not closed"
  error[W1002]: a string is not closed
    --> -c:1:8
   1 | SELECT 'not closed
     |        ^
  hint: A quote inside a string is written twice: 'it''s'.
  [3]
  $ weir -c 'SELECT 1/0'
  error[W3001]: division by zero
    --> -c:1:8
   1 | SELECT 1/0
     |        ^^^
  [1]
  $ weir -c "SELECT * FROM t"
  error[W2002]: table "t" does not exist
    --> -c:1:15
   1 | SELECT * FROM t
     |               ^
  hint: SHOW TABLES lists the tables; CREATE TABLE makes one.
  [3]

check finds all errors and runs nothing.

  $ printf "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\nSELECT b FROM t;\nSELECT a FROM u;\n" > two.sql
  $ weir check two.sql
  error[W2013]: column "b" does not exist
    --> two.sql:2:8
   2 | SELECT b FROM t;
     |        ^
  hint: Did you mean "a"? t has a INT
  error[W2002]: table "u" does not exist
    --> two.sql:3:15
   3 | SELECT a FROM u;
     |               ^
  hint: Did you mean "t"?
  [3]
  $ printf "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\nINSERT INTO t VALUES (1);\n" > job.sql
  $ weir check job.sql
  2 statements, no errors
  $ weir -q run job.sql
  $ weir run bad.sql
  error[W2020]: a job has no place for a query's rows
    --> bad.sql:1:1
   1 | SELECT 1 AS x;
     | ^^^^^^
  hint: Write INSERT INTO a table; run a query with weir -f.
  [3]

The command line itself.

  $ weir --formt csv
  error[W8001]: there is no option --formt
  hint: Did you mean --format?
  [2]
  $ weir --format jsn -c 'SELECT 1'
  error[W8001]: --format takes the name of a format, not "jsn"
  hint: Did you mean "json"?
  [2]
  $ weir --format
  error[W8001]: --format needs a value
  hint: Write --format NAME.
  [2]
  $ weir --threads many
  error[W8001]: --threads takes a whole number, not "many"
  hint: Write a number from 1 to 1024.
  [2]
  $ weir --no-header=yes
  error[W8001]: --no-header takes no value
  [2]
  $ weir -x
  error[W8001]: there is no option -x
  hint: `weir help` lists the options.
  [2]
  $ weir rnu job.sql
  error[W8001]: there is no command "rnu"
  hint: Did you mean `weir run`?
  [2]
  $ weir absent.sql
  error[W4001]: file "absent.sql" does not exist
  hint: `weir help` says more.
  [4]
  $ weir check
  error[W8001]: check takes one file
  [2]
  $ weir .
  error[W4002]: cannot read ".": Is a directory
  [4]
  $ weir --param novalue -c 'SELECT 1'
  error[W8001]: --param takes name=value, not "novalue"
  [2]
  $ weir --timeout 0 -c 'SELECT 1'
  error[W8001]: --timeout takes a number of seconds above 0, not "0"
  [2]

Time and signals.

  $ cat > endless.sql <<'SQL'
  > CREATE TABLE g (x BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
  > CREATE TABLE b (x BIGINT) WITH ('connector' = 'blackhole');
  > INSERT INTO b SELECT x FROM g;
  > SQL
  $ weir --timeout 0.3 endless.sql
  error[W8003]: timed out after 0.3 s
  [124]
  $ timeout --foreground --preserve-status -s INT 2 weir endless.sql
  interrupted
  [130]
  $ timeout --foreground --preserve-status -s TERM 2 weir -q run endless.sql

A reader that leaves, a full disk, no stdout at all.

  $ cat > many.sql <<'SQL'
  > CREATE TABLE g (x BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '1000000',
  >   'fields.x.kind' = 'sequence', 'fields.x.start' = '1', 'fields.x.end' = '1000000');
  > SELECT x FROM g;
  > SQL
  $ weir --threads 1 many.sql | head -2; echo "${PIPESTATUS[0]}"
  x
  1
  0
  $ weir many.sql > /dev/full
  error[W7002]: no space left to write standard output
  [7]
  $ weir many.sql >&-

Parameters, options behind a command, and the end of options.

  $ weir --param who=you -v n=3 -c "SELECT 'for \${who}' AS t, \${n} + 1 AS m"
  t,m
  for you,4
  $ weir -c "SELECT '\${nobody}'"
  error[W8001]: parameter "nobody" has no value
    --> -c:1:9
   1 | SELECT '${nobody}'
     |         ^^^^^^^^^
  hint: Give it with --param nobody=VALUE.
  [2]
  $ weir -c 'SELECT 1 AS x' --format=json
  [
  {"x":1}
  ]
  $ printf 'SELECT 5 AS five' > ./-odd.sql; weir -- -odd.sql
  five
  5

A catalog of one's own.

  $ weir --catalog my.db -c "CREATE TABLE kept (a INT) WITH ('connector' = 'blackhole')"
  $ weir --catalog my.db -c "SHOW TABLES"
  table name
  kept
  $ weir -c "SHOW TABLES"
  table name
  $ stat -c %a my.db
  600
  $ head -c 4096 /dev/zero | tr '\0' x > junk.db; weir --catalog junk.db -c "SELECT 1"
  error[W5002]: the catalog "junk.db" is damaged or not a catalog
  hint: Move the file away to start with an empty catalog.
  [5]
  $ weir --catalog . -c "SELECT 1"
  error[W5002]: the catalog "." cannot be opened: Is a directory
  [5]

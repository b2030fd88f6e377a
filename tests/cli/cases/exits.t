Exit codes and where text goes: results on stdout, everything else on stderr.

  $ weir -c 'SELECT 1 AS x'
  $ weir -c 'SELECT 1 AS x' 2>&- | cat
  $ echo 'SELECT 1 AS x; SELECT 2 AS y;' | weir
  $ echo 'SELECT 1 AS x' | weir -f -
  $ weir < /dev/null

A script ends at its first error.

  $ printf "SELECT 1 AS x;\nSELECT nope;\nSELECT 3 AS z;\n" > bad.sql
  $ weir bad.sql
  $ weir -f bad.sql 2> /dev/null
  $ weir -c "SELECT 1 AS x" -c "SELECT 2 AS y"
  $ weir -c 'SELECT CAST(1 AS'
  $ weir -c "SELECT 'not closed"
  $ weir -c 'SELECT 1/0'
  $ weir -c "SELECT * FROM t"

check finds all errors and runs nothing.

  $ printf "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\nSELECT b FROM t;\nSELECT a FROM u;\n" > two.sql
  $ weir check two.sql
  $ printf "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\nINSERT INTO t VALUES (1);\n" > job.sql
  $ weir check job.sql
  $ weir run job.sql
  $ weir run bad.sql

The command line itself.

  $ weir --formt csv
  $ weir --format jsn -c 'SELECT 1'
  $ weir --format
  $ weir --threads many
  $ weir --no-header=yes
  $ weir -x
  $ weir rnu job.sql
  $ weir absent.sql
  $ weir check
  $ weir .
  $ weir --param novalue -c 'SELECT 1'
  $ weir --timeout 0 -c 'SELECT 1'

Time and signals.

  $ cat > endless.sql <<'SQL'
  > CREATE TABLE g (x BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
  > CREATE TABLE b (x BIGINT) WITH ('connector' = 'blackhole');
  > INSERT INTO b SELECT x FROM g;
  > SQL
  $ weir --timeout 0.3 endless.sql
  $ timeout --preserve-status -s INT 2 weir endless.sql
  $ timeout --preserve-status -s TERM 2 weir -q run endless.sql

A reader that leaves, a full disk, no stdout at all.

  $ cat > many.sql <<'SQL'
  > CREATE TABLE g (x BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '1000000',
  >   'fields.x.kind' = 'sequence', 'fields.x.start' = '1', 'fields.x.end' = '1000000');
  > SELECT x FROM g;
  > SQL
  $ weir --threads 1 many.sql | head -2; echo "${PIPESTATUS[0]}"
  $ weir many.sql > /dev/full
  $ weir many.sql >&-

Parameters, options behind a command, and the end of options.

  $ weir --param who=you -v n=3 -c "SELECT 'for \${who}' AS t, \${n} + 1 AS m"
  $ weir -c "SELECT '\${nobody}'"
  $ weir -c 'SELECT 1 AS x' --format=json
  $ printf 'SELECT 5 AS five' > ./-odd.sql; weir -- -odd.sql

A catalog of one's own.

  $ weir --catalog my.db -c "CREATE TABLE kept (a INT) WITH ('connector' = 'blackhole')"
  $ weir --catalog my.db -c "SHOW TABLES"
  $ weir -c "SHOW TABLES"
  $ stat -c %a my.db
  $ head -c 4096 /dev/zero | tr '\0' x > junk.db; weir --catalog junk.db -c "SELECT 1"
  $ weir --catalog . -c "SELECT 1"

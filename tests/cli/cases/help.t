Help is made from the tables that the program works by.

  $ weir help | head -12
  $ weir help W2013
  $ weir help w9999
  $ weir help exit-codes
  $ weir help formats
  $ weir help run
  $ weir help timeout
  $ weir run --help
  $ weir help ABS | head -1 | cut -c1-20
  $ weir --version | sed 's/[0-9.]*$/N/'
  $ weir explain "SELECT 1 AS a"
  $ printf "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\nINSERT INTO t VALUES (1);\n" > job.sql
  $ weir explain job.sql
  $ weir explain "SELECT nope"
  $ weir doctor | cut -c1-7 | sort | uniq -c | wc -l

Colours: only where asked for, or on a terminal.

  $ weir -c "SELECT nope" 2>&1 | od -c | grep -c 033
  $ weir --color always -c "SELECT nope" 2>&1 | grep -c $'\033'
  $ CLICOLOR_FORCE=1 weir -c "SELECT nope" 2>&1 | grep -c $'\033'
  $ CLICOLOR_FORCE=1 NO_COLOR=1 weir -c "SELECT nope" 2>&1 | grep -c $'\033'
  $ weir --color never -c "SELECT nope" 2>&1 | grep -c $'\033'

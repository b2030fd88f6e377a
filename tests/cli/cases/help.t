Help is made from the tables that the program works by.

  $ weir help | head -12
  weir: continuous SQL over files and streams
  
  Usage
    weir                      the interactive shell; runs SQL from a pipe
    weir [options] FILE       run a script; ends at the first error
    weir -c SQL               run statements
    weir run FILE             run a file as one job: all its INSERTs together
    weir state check|show|export JOB verify, describe or print a job's state
    weir check FILE           find the errors of a file without running it
    weir explain FILE|SQL     show the plans of a file's or a text's statements
    weir test [PATHS]         run golden files (.slt) and folders of them
    weir doctor               say what this build has and where files are kept
  $ weir help W2013
  W2013: column does not exist
  
  a name or type in the statement does not resolve (BIND, exit code 3)
  $ weir help w9999
  error[W8001]: there is no help on "w9999"
  hint: `weir help` lists the topics.
  [2]
  $ weir help exit-codes
      0  success
      1  the statement failed while it ran
      2  the command line or a setting is wrong
      3  the statement is not in the language
      3  a name or type in the statement does not resolve
      3  the statement means something that this version does not do yet
      1  a record or value from outside is not what its table declares
      4  a file, broker or other outside system is absent or refused
      5  writing state or output failed, or what is stored fails a check
      6  another instance holds the job
      7  memory, disk or a documented limit is used up
    124  the time given by --timeout is over
    130  stopped by Ctrl-C
    143  stopped by SIGTERM (129: by SIGHUP)
  $ weir help formats
    table      a box with column types, cut to the terminal's width
    box        the same without types
    csv        comma-separated values, as RFC 4180 has them
    tsv        tab-separated values; \t \n \\ inside a value, \N for NULL
    json       one JSON array with an object per row
    jsonl      a JSON object per line
    markdown   a table for a README or an issue
    line       one `column = value` per line, an empty line between rows
  
  Without --format: table on a terminal, csv elsewhere.
  $ weir help run
  weir run FILE
  
  run a file as one job: all its INSERTs together
  $ weir help timeout
        --timeout SECONDS      give up after so long, with exit code 124
  $ weir run --help
  weir run FILE
  
  run a file as one job: all its INSERTs together
  $ weir help ABS | head -1 | cut -c1-20
    ABS               
  $ weir --version | sed 's/[0-9.]*$/N/'
  weir N
  $ weir explain "SELECT 1 AS a"
  Result(select=[a])
    Values(tuples=[(1)])
  $ printf "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\nINSERT INTO t VALUES (1);\n" > job.sql
  $ weir explain job.sql
  Sink(table=[t], fields=[a])
    Values(tuples=[(1)])
  $ weir explain "SELECT nope"
  error[W2013]: column "nope" does not exist
    --> -c:1:8
   1 | SELECT nope
     |        ^^^^
  hint: Nothing is read here: there is no FROM.
  [3]
  $ weir doctor | cut -c1-7 | sort | uniq -c | wc -l
  1

Colours: only where asked for, or on a terminal.

  $ weir -c "SELECT nope" 2>&1 | od -c | grep -c 033
  0
  [1]
  $ weir --color always -c "SELECT nope" 2>&1 | grep -c $'\033'
  5
  $ CLICOLOR_FORCE=1 weir -c "SELECT nope" 2>&1 | grep -c $'\033'
  5
  $ CLICOLOR_FORCE=1 NO_COLOR=1 weir -c "SELECT nope" 2>&1 | grep -c $'\033'
  0
  [1]
  $ weir --color never -c "SELECT nope" 2>&1 | grep -c $'\033'
  0
  [1]

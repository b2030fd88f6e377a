A file as a job: it keeps its state in a folder of its own, and goes on where it was.

  $ cat > orders.csv <<'CSV'
  > 2024-01-01 00:00:10,tea,3
  > 2024-01-01 00:00:50,milk,4
  > 2024-01-01 00:02:00,tea,5
  > CSV
  $ cat > orders.sql <<'SQL'
  > CREATE TABLE orders (ts TIMESTAMP(3), item STRING, n BIGINT, WATERMARK FOR ts AS ts)
  > WITH ('connector' = 'filesystem', 'path' = 'orders.csv', 'format' = 'csv');
  > CREATE TABLE sums (upto TIMESTAMP(3), item STRING, n BIGINT)
  > WITH ('connector' = 'filesystem', 'path' = 'sums.csv', 'format' = 'csv');
  > INSERT INTO sums SELECT window_end, item, SUM(n)
  > FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
  > GROUP BY window_start, window_end, item;
  > SQL
  $ weir run orders.sql 2>&1 | sed 's/[0-9][0-9]*/N/'
  note: finished epoch=N
  $ sort sums.csv
  2024-01-01 00:01:00.000,milk,4
  2024-01-01 00:01:00.000,tea,3
  2024-01-01 00:03:00.000,tea,5
  $ ls .local/share/weir/jobs/orders
  data.mdb
  epoch
  lock
  lock.mdb
  $ stat -c %a .local/share/weir/jobs/orders .local/share/weir/jobs/orders/data.mdb
  700
  600

A job that came to its end is not run again, unless that is asked for.

  $ weir run orders.sql 2>&1 | sed 's/[0-9][0-9]*/N/'
  note: job orders has finished at epoch N; --fresh runs it again
  $ weir run orders.sql --fresh 2>&1 | sed 's/[0-9][0-9]*/N/'
  note: finished epoch=N

What is changed in its query is said operator by operator.

  $ sed 's/SUM(n)/MAX(n)/; s/GROUP BY/WHERE n > 3 GROUP BY/' orders.sql > changed.sql
  $ cp orders.sql before.sql; cp changed.sql orders.sql
  $ weir run orders.sql 2>&1 | sed 's/(.*//'
  note: kept         operator 0: Sink
  note: kept         operator 1: Project
  note: incompatible operator 2: Aggregate
  note:    now       operator 2: Aggregate
  note: new          operator 3: Filter
  note: moved        operator 4: Watermark
  note: moved        operator 5: Scan
  error[W5005]: the query of job "orders" has changed: 4 operators are where the state says otherwise
  hint: Begin anew with --fresh, keep both with --name, or undo the change.
  $ weir run orders.sql 2> /dev/null
  [5]
  $ cp before.sql orders.sql; weir -q run orders.sql

A name belongs to one file.

  $ weir run changed.sql --name orders 2>&1 | sed 's/belongs to ".*"/belongs to .../'
  error[W5005]: the state of job "orders" belongs to ...
  hint: Give this job a name of its own with --name; if the file was moved, begin anew with --fresh.
  $ weir run changed.sql --name 'a b'
  error[W8001]: "a b" is no name for a job
  hint: Give it one with --name: letters, digits, dot, _ and -, at most 100.
  [2]
  $ (echo "SET 'pipeline.name' = 'largest';"; sed 's/sums.csv/largest.csv/' changed.sql) > named.sql
  $ weir run named.sql -q && ls .local/share/weir/jobs
  largest
  orders
  $ weir run named.sql -q --state elsewhere/kept && ls elsewhere
  kept

A job without an end is stopped: it ends its epoch, and goes on from there.

  $ cat > live.sql <<'SQL'
  > SET 'execution.checkpointing.interval' = '20 ms';
  > CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000',
  >   'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');
  > CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'seen.csv', 'format' = 'csv');
  > INSERT INTO seen SELECT n FROM numbers;
  > SQL
  $ weir run live.sql --timeout 0.4 2>&1 | sed 's/[0-9][0-9]*/N/'
  note: stopped epoch=N
  $ weir run live.sql --timeout 0.4 > /dev/null 2>&1
  [124]
  $ weir run live.sql 2> said & until grep -q goes said; do sleep 0.05; done
  > kill -TERM $!; wait $!; echo exit $?; sed 's/[0-9][0-9]*/N/' said
  exit 0
  note: job live goes on from epoch N
  note: stopped epoch=N
  $ cat .seen.csv.*.tmp | awk '$1 != NR { bad++ } END { print (NR > 100), bad + 0 }'
  1 0

While it runs nobody else may, but everybody may look.

  $ weir run live.sql 2> said & until grep -q goes said; do sleep 0.05; done
  > weir run live.sql 2>&1 | sed 's/weir-cli-[^/]*/X/; s/"[^"]*"/.../; s/[0-9]*$//'
  > weir state check live 2> /dev/null | sed 's/,[0-9]*,[0-9]*$//'
  > kill $!; wait $!
  error[W6001]: the state in ... is held by process 
  hint: A job runs once at a time: stop the other one first.
  operator,kind,table,records,bytes
  0,Sink,0
  1,Scan,0
  $ weir run live.sql > /dev/null 2>&1 & until weir state show live > /dev/null 2>&1; do sleep 0.05; done
  > WEIR_FAIL=store_begin:1 weir run live.sql > /dev/null 2>&1; echo $?; kill -KILL $!; wait $! 2> /dev/null; true
  6

  $ weir state check orders 2>&1 | tail -1 | sed "s/:.*,/: ...,/"
  note: ..., no damage
  $ weir state check nothing 2> /dev/null
  [4]
  $ weir state look orders
  error[W8001]: state takes a word and a job, or a folder
  hint: Write weir state check JOB, weir state show JOB or weir state export JOB.
  [2]

The late rows of a job are in its state, and outlive it: a start goes on with them, whatever its number of workers.

  $ mkdir in && cat > in/a.csv <<'CSV'
  > 2024-01-01 00:00:10,tea,3
  > 2024-01-01 00:01:10,milk,4
  > 2024-01-01 00:00:30,tea,5
  > CSV
  $ cat > orders.sql <<'SQL'
  > SET 'execution.checkpointing.interval' = '20 ms';
  > CREATE TABLE orders (ts TIMESTAMP(3), item STRING, n BIGINT, WATERMARK FOR ts AS ts)
  > WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'csv', 'source.monitor-interval' = '20 ms');
  > CREATE TABLE sums (upto TIMESTAMP(3), item STRING, n BIGINT)
  > WITH ('connector' = 'filesystem', 'path' = 'sums.csv', 'format' = 'csv');
  > INSERT INTO sums SELECT window_end, item, SUM(n)
  > FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
  > GROUP BY window_start, window_end, item;
  > SQL
  $ weir run orders.sql --timeout 1 2> /dev/null
  [124]
  $ weir --format tsv -c "SELECT event_time, watermark, JSON_VALUE(\`row\`, '\$.n') AS n FROM state('orders', 'orders\$late')"
  event_time	watermark	n
  2024-01-01 00:00:30.000000	2024-01-01 00:01:10.000000	5
  $ sed 's/5$/6/' in/a.csv > in/b.csv
  $ weir run orders.sql --threads 4 --timeout 1 2> /dev/null
  [124]
  $ weir run orders.sql --threads 1 --timeout 0.5 2> /dev/null
  [124]
  $ weir --format tsv -c "SELECT window_end, JSON_VALUE(\`row\`, '\$.n') AS n FROM state('orders', 'orders\$late')" | sort
  2024-01-01 00:01:00.000000	5
  2024-01-01 00:01:00.000000	6
  window_end	n
  $ weir state check orders 2>&1 | tail -1 | sed "s/:.*,/: ...,/"
  note: ..., no damage
  $ weir -c "SELECT * FROM state('orders', 'sums\$late')"
  error[W2002]: the job does not read a table "sums"
    --> -c:1:15
   1 | SELECT * FROM state('orders', 'sums$late')
     |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  [3]

A job that is killed between two epochs finds those of the last one, and the others again.

  $ cp in/a.csv in/c.csv
  $ bash -c 'WEIR_FAIL=store_begin:3 weir run orders.sql --fresh --timeout 2; exit $?' > /dev/null 2>&1; echo $?
  137
  $ weir run orders.sql --timeout 1 2> /dev/null
  [124]
  $ weir --format tsv -c "SELECT JSON_VALUE(\`row\`, '\$.n') AS n FROM state('orders', 'orders\$late')" | sort
  5
  5
  6
  n

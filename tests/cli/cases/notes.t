What a person should know beside the rows: late rows, skipped records. On stderr, and never with -q.

  $ cat > clicks.csv <<'CSV'
  > 2024-01-01 00:00:10,cart,3
  > 2024-01-01 00:00:50,home,4
  > 2024-01-01 00:02:00,cart,5
  > 2024-01-01 00:00:20,cart,9
  > broken,cart,1
  > 2024-01-01 00:03:00,home,1
  > CSV
  $ cat > clicks.sql <<'SQL'
  > CREATE TABLE clicks (ts TIMESTAMP(3), page STRING, n BIGINT,
  >   WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  > WITH ('connector' = 'filesystem', 'path' = 'clicks.csv', 'format' = 'csv', 'on-error' = 'skip');
  > SELECT window_start, page, SUM(n) AS n
  > FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  > GROUP BY window_start, window_end, page ORDER BY window_start, page;
  > SQL
  $ weir clicks.sql
  window_start,page,n
  2024-01-01 00:00:00.000,cart,3
  2024-01-01 00:00:00.000,home,4
  2024-01-01 00:02:00.000,cart,5
  2024-01-01 00:03:00.000,home,1
  note: 1 late row left out of its window
  note: 1 malformed record skipped
  $ weir clicks.sql 2> /dev/null
  window_start,page,n
  2024-01-01 00:00:00.000,cart,3
  2024-01-01 00:00:00.000,home,4
  2024-01-01 00:02:00.000,cart,5
  2024-01-01 00:03:00.000,home,1
  $ weir -q clicks.sql --format table
  ┌─────────────────────────┬────────┬────────┐
  │ window_start            │ page   │      n │
  │ TIMESTAMP(3)            │ STRING │ BIGINT │
  ├─────────────────────────┼────────┼────────┤
  │ 2024-01-01 00:00:00.000 │ cart   │      3 │
  │ 2024-01-01 00:00:00.000 │ home   │      4 │
  │ 2024-01-01 00:02:00.000 │ cart   │      5 │
  │ 2024-01-01 00:03:00.000 │ home   │      1 │
  └─────────────────────────┴────────┴────────┘
  $ weir clicks.sql --format table 2> /dev/null | tail -1
  4 rows, 1 late, 1 skipped

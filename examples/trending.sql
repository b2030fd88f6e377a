-- trending.sql - the ten most viewed items of the last fifteen minutes, every five minutes.
--
--     ./dev run examples/trending.sql      runs the script once
--     weir run examples/trending.sql       runs it as a job: it keeps its state, and when it was
--                                          stopped (Ctrl-C, or kill -9) it goes on where it was
--
-- The clickstream is made here, by datagen: 269,700 views in half an hour.
-- Some items are much more popular than others, and rows arrive up to two seconds late, as those
-- of phones do. The watermark waits for half a second, so a few views are late for a window
-- that has closed; they still count in the two later ones that hold them. Nothing depends on luck:
-- the same seed makes the same rows.

CREATE TABLE views (
  n      BIGINT,                              -- numbers the views
  jitter INT,                                 -- how late this one arrives, in milliseconds
  item   INT,
  ts     AS TIMESTAMPADD(SECOND, CAST(n / 150 AS INT), TIMESTAMP '2026-11-20 09:00:02.000')
              - INTERVAL '0.001' SECOND * jitter,
  WATERMARK FOR ts AS ts - INTERVAL '0.5' SECOND
) WITH (
  'connector'     = 'datagen',
  'seed'          = '7',
  -- 'rows-per-second' = '5000',              -- for a stream that can be watched, and stopped
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '269699',
  'fields.jitter.min' = '0',    'fields.jitter.max' = '2000',
  'fields.item.min' = '1',      'fields.item.max' = '500', 'fields.item.skew' = '3'
);

CREATE TABLE trending (
  from_time STRING, to_time STRING, place BIGINT, item STRING, views BIGINT
) WITH ('connector' = 'print');

-- How often each item was viewed in each window ...
CREATE TEMPORARY VIEW counts AS
SELECT window_start, window_end, item, COUNT(*) AS views
FROM HOP(TABLE views, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '15' MINUTE)
GROUP BY window_start, window_end, item;

-- ... and the ten best of them. A window's rows come out when the watermark passes its end.
INSERT INTO trending
SELECT DATE_FORMAT(window_start, 'HH:mm'), DATE_FORMAT(window_end, 'HH:mm'),
       place, 'item ' || CAST(item AS STRING), views
FROM (
  SELECT *, ROW_NUMBER() OVER (
              PARTITION BY window_start, window_end ORDER BY views DESC, item) AS place
  FROM counts)
WHERE place <= 10;

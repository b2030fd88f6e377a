-- error_share.sql - requests and the share of errors per minute of a web access log.
--
-- The log is made first: JSON lines, as a web server would write them. Rows may come up to
-- three seconds late; the watermark waits for them.

CREATE TABLE made (
  n      BIGINT,
  status INT,
  ts     AS TIMESTAMPADD(SECOND, CAST(n / 20 AS INT), TIMESTAMP '2026-11-20 10:00:00.000')
) WITH (
  'connector' = 'datagen',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '11999',
  'fields.status.min' = '0', 'fields.status.max' = '99', 'fields.status.skew' = '1'
);

CREATE TABLE access_log (
  ts     TIMESTAMP(3),
  status INT,
  path   STRING,
  WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH (
  'connector' = 'filesystem', 'path' = '/tmp/weir-example-access.jsonl', 'format' = 'json'
);

INSERT INTO access_log
SELECT ts, CASE WHEN status > 95 THEN 500 WHEN status > 85 THEN 404 ELSE 200 END,
       '/page/' || CAST(n % 17 AS STRING)
FROM made;

SELECT DATE_FORMAT(window_start, 'HH:mm') AS at,
       COUNT(*) AS requests,
       COUNT(*) FILTER (WHERE status >= 400) AS errors,
       ROUND(100.0 * COUNT(*) FILTER (WHERE status >= 400) / COUNT(*), 2) AS percent
FROM TUMBLE(TABLE access_log, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
GROUP BY window_start, window_end
ORDER BY at;

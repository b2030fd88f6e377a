-- alerts.sql - machines whose mean temperature over a minute is too high, as rows to act on.

CREATE TABLE readings (
  machine STRING,
  celsius DOUBLE,
  ts      TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH (
  'connector' = 'datagen', 'number-of-rows' = '36000',
  'fields.machine.values' = 'press|saw|lathe|oven',
  'fields.celsius.min' = '40', 'fields.celsius.max' = '90',
  'fields.ts.kind' = 'sequence', 'fields.ts.start' = '2026-11-20 06:00:00', 'fields.ts.step' = '100 ms'
);

SELECT DATE_FORMAT(window_start, 'HH:mm') AS at, machine,
       ROUND(AVG(celsius), 2) AS mean, ROUND(MAX(celsius), 1) AS peak, COUNT(*) AS readings
FROM TUMBLE(TABLE readings, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, machine
HAVING AVG(celsius) > 67.5
ORDER BY at, machine;

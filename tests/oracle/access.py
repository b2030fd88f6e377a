#!/usr/bin/env python3
"""access.py - requests and error share per minute of a real web log that is out of order by up to 59 s.

The disorder of this log stays within its minutes, so no row is late for a minute's window with a
watermark of 60 s, nor of 10 s; for windows of ten seconds a watermark of 10 s loses rows. Who is late
is computed here, as DIALECT §4 says: a row is late when window_end - 1 ms is not above the watermark of
the rows before it. What is left is counted by SQLite.
"""
import datetime
import gzip
import json
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

TABLE = """
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE log (ts TIMESTAMP_LTZ(3), status INT, `path` STRING,
  WATERMARK FOR ts AS ts - INTERVAL '%d' SECOND)
WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json');
"""
QUERY = """SELECT window_start, COUNT(*), COUNT(*) FILTER (WHERE status >= 400),
  CAST(COUNT(*) FILTER (WHERE status >= 400) AS DOUBLE) / COUNT(*)
FROM TUMBLE(TABLE log, DESCRIPTOR(ts), INTERVAL '%d' SECOND) GROUP BY window_start, window_end"""
CASES = ((60, 60), (10, 60), (10, 10), (0, 60))  # watermark and window in seconds


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            r = json.loads(line)
            at = datetime.datetime.strptime(r["ts"], "%Y-%m-%dT%H:%M:%S%z")
            yield int(at.timestamp() * 1000), r["status"]


def expected(rows, delay_ms, size_ms):
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE log (minute INT, status INT)")
    mark, late = None, 0
    for ts, status in rows:
        start = ts - ts % size_ms
        if mark is not None and start + size_ms - 1 <= mark:
            late += 1
        else:
            base.execute("INSERT INTO log VALUES (?, ?)", (start, status))
        mark = ts - delay_ms if mark is None else max(mark, ts - delay_ms)
    result = {}
    for start, n, errors, share in base.execute(
            "SELECT minute, COUNT(*), COUNT(*) FILTER (WHERE status >= 400), "
            "CAST(COUNT(*) FILTER (WHERE status >= 400) AS REAL) / COUNT(*) FROM log GROUP BY minute"):
        text = datetime.datetime.fromtimestamp(start / 1000, datetime.timezone.utc)
        result[text.strftime("%Y-%m-%d %H:%M:%S.000")] = (n, errors, share)
    return result, late


def main():
    oracle = Oracle(__doc__)
    path = oracle.shared / "data" / "apache_access.jsonl.gz"
    oracle.need(path)
    rows = list(read(path))
    for delay, size in CASES:
        want, late = expected(rows, delay * 1000, size * 1000)
        oracle.check((late > 0) == (size == 10), f"late rows of {delay} s, windows of {size} s: {late}")
        table, query = TABLE % (delay, path), QUERY % size
        for options in (("--threads", 1), ("--threads", 4), ("--batch", 1), ("--seed", 3, "--batch", 7)):
            got = {r[0]: (int(r[1]), int(r[2]), float(r[3])) for r in oracle.rows(table + query, *options)}
            wrong = [(k, want.get(k), got.get(k)) for k in sorted(want.keys() | got.keys())
                     if want.get(k) != got.get(k)]
            oracle.check(not wrong, f"{delay} s, {size} s, {options}", f"{len(wrong)} differ", *wrong[:5])
        told = oracle.summary(table, query)
        oracle.check(told["late"] == late, f"late rows of {delay} s, {size} s", f"want {late}", told)
        oracle.check(told["rows in"] == len(rows), f"rows in of {delay} s, {size} s", told)
    oracle.done()


main()

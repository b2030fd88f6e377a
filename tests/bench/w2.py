"""w2.py - windows: HOP 1 h / 1 s beside TUMBLE 1 h with 10 K keys, sessions per user, CUMULATE.

The rows are made by weir's own datagen and lie in a CSV file: ts with so many rows per second of event time, k of
10,000 keys, u of a million users, cents. What comes out is forgotten (blackhole). A file of half the rows is measured
too: the difference is the cost of a row without start and without the windows that close at the end, which are
3,600 in HOP.
"""
import statistics

from runs import BENCH, measure, say

GENERATE = """CREATE TABLE made (n BIGINT, k INT, u INT, cents INT,
  ts AS TIMESTAMPADD(MILLISECOND, CAST(n * 1000 / {density} AS INT), TIMESTAMP '2024-01-01 00:00:00.000'))
WITH ('connector' = 'datagen', 'seed' = '7', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0',
  'fields.n.end' = '{last}', 'fields.k.min' = '0', 'fields.k.max' = '9999', 'fields.u.min' = '0',
  'fields.u.max' = '999999', 'fields.cents.min' = '0', 'fields.cents.max' = '99999');
CREATE TABLE file (ts TIMESTAMP(3), k INT, u INT, cents INT)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');
INSERT INTO file SELECT ts, k, u, cents FROM made;
"""
QUERY = """CREATE TABLE t (ts TIMESTAMP(3), k INT, u INT, cents INT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');
CREATE TABLE nowhere (s TIMESTAMP(3), k INT, c BIGINT, total BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT window_start, {key}, COUNT(*), SUM(CAST(cents AS BIGINT))
FROM {window} GROUP BY window_start, window_end, {key};
"""
WINDOWS = {
    "TUMBLE 1 h": ("k", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)"),
    "HOP 1 h / 1 s": ("k", "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' HOUR)"),
    "CUMULATE 5 min / 1 day": ("k", "CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '1' DAY)"),
    "TUMBLE 1 h by user": ("u", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)"),
    "SESSION 30 min by user": ("u", "SESSION(TABLE t PARTITION BY u, DESCRIPTOR(ts), INTERVAL '30' MINUTE)"),
    "SESSION 10 s by user": ("u", "SESSION(TABLE t PARTITION BY u, DESCRIPTOR(ts), INTERVAL '10' SECOND)"),
}
DENSITIES = (1_000_000, 100_000, 10_000)  # rows per second of event time


def made(args, rows, density):
    """The file of so many rows, made once and read once."""
    folder = BENCH / "data"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"windows-{rows}-{density}.csv"
    if not path.exists():
        say(f"generating {rows:,} rows, {density:,} a second")
        sql = BENCH / "generate.sql"
        sql.write_text(GENERATE.format(density=density, last=rows - 1, path=path))
        measure([args.weir, "-q", "-f", sql], 2, None)
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 22):
            pass
    return path


def seconds(args, name, path, threads):
    key, window = WINDOWS[name]
    sql = BENCH / "w2.sql"
    sql.write_text(QUERY.format(path=path, key=key, window=window))
    figures, _ = measure([args.weir, "-q", "--threads", str(threads), "-f", sql], threads, None)
    return figures


def w2(args):
    rows, cells = args.rows, {}
    print(f"\n{'ns of processor a row':<26}{'density':>10} {'threads':>7} {'whole':>8} {'row by row':>11} {'to TUMBLE':>10}   MB")
    for density in DENSITIES:
        half, whole = made(args, rows // 2, density), made(args, rows, density)
        for threads in args.threads:
            runs = {name: [] for name in WINDOWS}
            for _ in range(args.rounds):
                for name in WINDOWS:
                    runs[name].append((seconds(args, name, half, threads), seconds(args, name, whole, threads)))
            slopes = {name: [(b["cpu"] - a["cpu"]) / (rows - rows // 2) * 1e9 for a, b in r] for name, r in runs.items()}
            for name, r in runs.items():
                base = "TUMBLE 1 h by user" if "user" in name else "TUMBLE 1 h"
                ratio = statistics.median(x / y for x, y in zip(slopes[name], slopes[base]))
                whole_ns = statistics.median(b["cpu"] for _, b in r) / rows * 1e9
                slope = statistics.median(slopes[name])
                memory = max(b["rss_mb"] for _, b in r)
                cells[f"{name}, {density} rows/s, {threads} threads"] = {
                    "whole_ns": whole_ns, "slope_ns": slope, "ratio": ratio, "rss_mb": memory, "slopes": slopes[name]}
                print(f"{name:<26}{density:>10,} {threads:>7} {whole_ns:8.1f} {slope:11.1f} {ratio:10.2f} {memory:6.0f}",
                      flush=True)
    return cells

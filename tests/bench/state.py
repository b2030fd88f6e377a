"""state.py - state on disk and in memory: what checkpoints cost (w9), how long a start from 10 M keys takes (w10),
bytes per key, and 30 M keys under a limit of 512 MB (w5)."""
import os
import shutil
import statistics
import subprocess
import time

from runs import BENCH, measure, say

MAKE = """CREATE TABLE made (n BIGINT, v BIGINT) WITH ('connector' = 'datagen', 'seed' = '7', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '0', 'fields.n.end' = '{last}', 'fields.v.min' = '0', 'fields.v.max' = '999');
CREATE TABLE file (k BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');
INSERT INTO file SELECT MOD(n * 7919, {keys}), v FROM made;
"""
# Every row is of one window, so that all keys stay until the end.
JOB = """SET 'execution.checkpointing.interval' = '{interval}';
{settings}CREATE TABLE t (k BIGINT, v BIGINT, ts AS TIMESTAMP '2024-01-01 00:00:00.000', WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv'{watch});
CREATE TABLE totals (ks BIGINT, c BIGINT, s BIGINT, m BIGINT) WITH ('connector' = 'print');
INSERT INTO totals SELECT COUNT(*), SUM(c), SUM(s), MAX(m) FROM (
  SELECT window_start, window_end, k, COUNT(*) AS c, SUM(v) AS s, MAX(v) AS m
  FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY) GROUP BY window_start, window_end, k)
GROUP BY window_start, window_end;
"""


def keys_file(args, keys, rows):
    """A folder of one file in which each key comes rows / keys times."""
    folder = BENCH / "data" / f"keys-{keys}-{rows}"
    if not (folder / "0.csv").exists():
        say(f"generating {rows:,} rows of {keys:,} keys")
        folder.mkdir(parents=True, exist_ok=True)
        sql = BENCH / "generate.sql"
        sql.write_text(MAKE.format(last=rows - 1, keys=keys, path=folder / "0.csv"))
        measure([args.weir, "-q", "-f", sql], 2, None)
    return folder


def job(folder, interval="1 s", settings="", watch=""):
    sql = BENCH / "state.sql"
    sql.write_text(JOB.format(interval=interval, settings=settings, path=f"{folder}/*.csv", watch=watch))
    return sql


def command(args, sql, threads):
    return [args.weir, "run", str(sql), "--state", str(BENCH / "state"), "-q", "--threads", str(threads)]


def fresh():
    shutil.rmtree(BENCH / "state", ignore_errors=True)


def w9(args):
    """Rows of a million keys, all dirty in each second; the file is read several times, by links to it."""
    folder = keys_file(args, 1_000_000, args.rows)
    for i in range(1, 5):
        if not (folder / f"{i}.csv").exists():
            os.link(folder / "0.csv", folder / f"{i}.csv")
    threads, runs = max(args.threads), {interval: [] for interval in ("1 h", "1 s", "100 ms")}
    for _ in range(args.rounds):
        for interval, r in runs.items():
            fresh()
            figures, printed = measure(command(args, job(folder, interval), threads), threads, None)
            r.append(figures["wall"])
            if f"[1000000, {5 * args.rows}," not in printed.decode():
                raise RuntimeError(f"wrong totals: {printed.decode()[:200]}")
    print(f"\ncheckpoints at 1 M dirty keys, {5 * args.rows:,} rows, {threads} threads")
    ratios = {}
    for interval, r in runs.items():
        ratios[interval] = statistics.median(x / y for x, y in zip(r, runs["1 h"]))
        print(f"  every {interval:<8} {statistics.median(r):7.2f} s   {ratios[interval]:.3f} of none", flush=True)
    return {"seconds": runs, "ratios": ratios}


def ticks(child):
    """Hundredths of a second of processor that it has used."""
    with open(f"/proc/{child.pid}/stat", encoding="utf-8") as f:
        return sum(map(int, f.read().rsplit(") ", 1)[1].split()[11:13]))


def settled(child):
    """Waits until the process does little more than look for new files."""
    before = -100
    while ticks(child) - before > 20:
        before = ticks(child)
        time.sleep(2)


def resident_mb(child):
    with open(f"/proc/{child.pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def loaded(args, keys, threads):
    """A job that has read so many keys, keeps watching its folder, and is killed: MB that it had."""
    folder = keys_file(args, keys, keys)
    sql = job(folder, watch=", 'source.monitor-interval' = '1 s'")
    fresh()
    child = subprocess.Popen(command(args, sql, threads), stdout=subprocess.DEVNULL)
    settled(child)
    memory = resident_mb(child)
    child.kill()
    child.wait()
    return sql, memory


def w10(args):
    threads, few, many = max(args.threads), 10_000, 10_000_000
    _, base = loaded(args, few, threads)
    sql, memory = loaded(args, many, threads)
    each = (memory - base) * (1 << 20) / (many - few)
    took = []
    for _ in range(args.rounds):  # until the state is there, and no further
        figures, _ = measure(command(args, sql, threads), threads, None, {"WEIR_FAIL": "restore_done:1:kill"}, (-9,))
        took.append(figures["wall"])
    size = sum(p.stat().st_blocks * 512 for p in (BENCH / "state").iterdir()) / (1 << 20)
    print(f"\n10 M keys (BIGINT; COUNT, SUM, MAX), {threads} threads\n  resident {memory:.0f} MB, {each:.1f} bytes a key"
          f"\n  start from the state {statistics.median(took):.2f} s ({min(took):.2f} to {max(took):.2f}), {size:.0f} MB on disk",
          flush=True)
    fresh()
    return {"resident_mb": memory, "bytes_per_key": each, "start_s": took, "disk_mb": size}


def w5(args):
    threads, keys = max(args.threads), 30_000_000
    folder = keys_file(args, keys, keys)
    figures = {}
    print(f"\n30 M keys, {threads} threads")
    for name, settings in (("512 mb", "SET 'state.memory-limit' = '512 mb';\n"), ("none", "")):
        fresh()
        run, printed = measure(command(args, job(folder, settings=settings), threads), threads, None)
        right = f"[{keys}, {keys}," in printed.decode()
        figures[name] = dict(run, right=right)
        print(f"  limit {name:<7} {run['wall']:7.1f} s {run['rss_mb']:7.0f} MB   {'right' if right else 'WRONG'}", flush=True)
    fresh()
    return figures

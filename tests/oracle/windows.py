#!/usr/bin/env python3
"""windows.py - TUMBLE over random disordered rows in one to three files, beside the definition of windows
and lateness (oracle/windows.py of the shared pages)."""
import datetime
import importlib.util
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

SETUP = """SET 'table.local-time-zone' = 'UTC';
CREATE TABLE t (ms BIGINT, k STRING, v INT, ts AS CAST(TO_TIMESTAMP_LTZ(ms, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '{delay}' SECOND(3))
WITH ('connector' = 'filesystem', 'path' = '{path}/part-*.csv', 'format' = 'csv');
"""
QUERY = """SELECT window_start, k, COUNT(*), SUM(v)
FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '{size}' SECOND(3), INTERVAL '{offset}' SECOND(3))
GROUP BY window_start, window_end, k"""
MODES = [("--threads", 1), ("--threads", 2), ("--threads", 4), ("--batch", 1), ("--batch", 2048),
         ("--seed", 1), ("--seed", 2, "--batch", 3), ("--seed", 3, "--batch", 1)]


def seconds(ms):
    return f"{'-' if ms < 0 else ''}{abs(ms) // 1000}.{abs(ms) % 1000:03}"


def milliseconds(text):
    """Of a TIMESTAMP(3), since 1970."""
    at = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f") - datetime.datetime(1970, 1, 1)
    return at // datetime.timedelta(milliseconds=1)


def partitions(rng):
    parts = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        t, rows = rng.randint(0, 30), []
        for _ in range(rng.choice([1, 3, 30, 200])):
            t += rng.choice([0, 0, 1, 1, 2, 7])
            rows.append((t + 100 - rng.choice([0, 0, 0, 1, 4, 15]), rng.choice("ab"), rng.randint(-9, 9)))
        parts.append(rows)
    return parts


def main():
    oracle = Oracle(__doc__, [("--count", 100), ("--seed", 1)])
    definition = oracle.shared / "oracle" / "windows.py"
    oracle.need(definition)
    spec = importlib.util.spec_from_file_location("definition", definition)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rng = random.Random(oracle.args.seed)
    for number in range(oracle.args.count):
        parts, size = partitions(rng), rng.choice([1, 3, 10, 1000])
        offset, delay = rng.choice([0, 0, 3, -2]), rng.choice([0, 0, 1, 5])
        folder = oracle.tmp / f"round-{number}"
        folder.mkdir()
        for i, part in enumerate(parts):
            (folder / f"part-{i}.csv").write_text("".join(f"{ts},{k},{v}\n" for ts, k, v in part))
        want, lost = module.evaluate("TUMBLE", parts, delay, size, 0, offset)
        want = sorted((s, k, n, t) for s, _, k, n, t in want)
        setup = SETUP.format(delay=seconds(delay), path=folder)
        query = QUERY.format(size=seconds(size), offset=seconds(offset))
        bad = []
        for mode in MODES if number % 10 == 0 else rng.sample(MODES, 2):
            got = sorted((milliseconds(r[0]), r[1], int(r[2]), int(r[3])) for r in oracle.rows(setup + query, *mode))
            if got != want:
                bad.append((mode, "missing", sorted(set(want) - set(got))[:3], "extra", sorted(set(got) - set(want))[:3]))
        told = oracle.summary(setup, query)
        if told["late"] != lost:
            bad.append(("late", lost, told))
        oracle.check(not bad, f"round {number}: size {size} offset {offset} delay {delay} parts {parts}", *bad)
    oracle.done()


main()

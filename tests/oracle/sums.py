#!/usr/bin/env python3
"""sums.py - SUM of DOUBLE per window is exact: equal to math.fsum to the last bit, whatever the threads,
the batches and the order of rows within the disorder that the watermark allows."""
import math
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

QUERY = """
CREATE TABLE t (ms BIGINT, k STRING, x DOUBLE, ts AS CAST(TO_TIMESTAMP_LTZ(ms, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'csv');
SELECT UNIX_TIMESTAMP(CAST(window_start AS STRING)), k, SUM(x), AVG(x)
FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND) GROUP BY window_start, window_end, k
"""
QUERY = "SET 'table.local-time-zone' = 'UTC';" + QUERY
DISORDER_MS = 5000


def value(rng):
    """Values whose sum depends on the order when it is rounded at each step."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice([1e300, -1e300, 1e16, -1e16, 1e-300, 5e-324, -0.0])
    if kind == 1:
        return struct.unpack("<d", struct.pack("<Q", rng.getrandbits(52) | rng.randrange(900, 1100) << 52))[0]
    if kind == 2:
        return -rng.random() * 10 ** rng.randrange(-20, 20)
    return rng.random() * 10 ** rng.randrange(-5, 12)


def write(path, rows):
    path.write_text("".join(f"{ms},{k},{x!r}\n" for ms, k, x in rows))


def shuffled(rows, rng):
    """The rows in another order in which none is more than the disorder behind an earlier one."""
    return sorted(rows, key=lambda r: r[0] + rng.random() * (DISORDER_MS - 1))


def main():
    oracle = Oracle(__doc__)
    rng = random.Random(20261120)
    rows = [(1_700_000_000_000 + i * 2 + rng.randrange(2), rng.choice("abc"), value(rng)) for i in range(40_000)]
    groups = {}
    for ms, k, x in rows:
        groups.setdefault((str((ms - ms % 10_000) // 1000), k), []).append(x)
    want = {g: (struct.pack("<d", math.fsum(v)), struct.pack("<d", math.fsum(v) / len(v)))
            for g, v in groups.items()}
    plain = {g: sum(v) for g, v in groups.items()}
    oracle.check(any(struct.pack("<d", plain[g]) != want[g][0] for g in want), "the data tells exact sums from others")
    path = oracle.tmp / "t.csv"
    for order in range(4):
        write(path, rows if order == 0 else shuffled(rows, rng))
        for threads in (1, 4):
            for batch in (1, 2048):
                got = {(r[0], r[1]): (struct.pack("<d", float(r[2])), struct.pack("<d", float(r[3])))
                       for r in oracle.rows(QUERY % path, "--threads", threads, "--batch", batch)}
                wrong = [(g, want.get(g), got.get(g)) for g in sorted(want.keys() | got.keys())
                         if want.get(g) != got.get(g)]
                oracle.check(not wrong, f"order {order}, {threads} threads, batch {batch}",
                             f"{len(wrong)} of {len(want)} differ", *wrong[:3])
    oracle.done()


main()

#!/usr/bin/env python3
"""consecutive_files.py - a clickstream cut into 20 consecutive files of one folder, read with a watermark of one
second by 1, 2 and 4 workers: every row is counted, as from the one file.

    consecutive_files.py [--rows 400000] [--clicks FILE.csv]

Other engines read the files in no order and drop most rows as late (RECIPES §2 of the shared pages). The stream is
that of tests/bench/clicks.c in small: ten rows per millisecond, one in a hundred up to 999 ms late; --clicks takes a
file made by that program instead. The names of the files follow time, go against it, or have nothing to do with it.
"""
import collections
import csv
import datetime
import gzip
import math
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

FILES = 20
START_MS = 1_704_067_200_000  # 2024-01-01
SQL = """SET 'table.local-time-zone' = 'UTC';
CREATE TABLE clicks (ms BIGINT, page INT, price DOUBLE, ts AS CAST(TO_TIMESTAMP_LTZ(ms, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = '{format}');
SELECT CAST(window_end AS STRING), page, COUNT(*), SUM(price), MAX(ms)
FROM {window} GROUP BY window_start, window_end, page
"""
TUMBLE = "TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' SECOND)"
HOP = "HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)"


def generated(rows):
    rng = random.Random(7)
    for i in range(rows):
        late = rng.randrange(1, 1000) if rng.random() < 0.01 else 0
        yield max(START_MS, START_MS + i // 10 - late), int(20 * rng.random() * rng.random()), rng.randrange(10000)


def from_clicks(path):
    """Of a file that tests/bench/clicks.c wrote."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.datetime.fromisoformat(row["ts"]).replace(tzinfo=datetime.timezone.utc)
            yield round(at.timestamp() * 1000), len(row["page"]), round(float(row["price"]) * 100)


def counted(rows, hops):
    """The rows of the query: sums of cents are exact, weir's sum of DOUBLE is rounded once."""
    groups = collections.defaultdict(lambda: [0, [], 0])
    for ms, page, cents in rows:
        second = ms // 1000 + 1
        for end in range(second, second + hops):
            group = groups[end, page]
            group[0] += 1
            group[1].append(cents / 100)
            group[2] = max(group[2], ms)
    return groups


def expected(rows, hops):
    epoch = datetime.datetime(1970, 1, 1)
    return sorted((f"{epoch + datetime.timedelta(seconds=end)}.000", str(page), str(n), math.fsum(cents), str(last))
                  for (end, page), (n, cents, last) in counted(rows, hops).items())


def line_of(row, form):
    ms, page, cents = row
    price = f"{cents // 100}.{cents % 100:02}"
    return f"{ms},{page},{price}\n" if form == "csv" else f'{{"ms":{ms},"page":{page},"price":{price}}}\n'


def write(folder, rows, names, form, ending=""):
    folder.mkdir()
    each = -(-len(rows) // len(names))
    opening = gzip.open if ending else open
    for i, name in enumerate(names):
        with opening(folder / f"{name}.{form}{ending}", "wt", encoding="utf-8") as out:
            out.writelines(line_of(r, form) for r in rows[i * each:(i + 1) * each])


def main():
    oracle = Oracle(__doc__, [("--rows", 400_000), ("--clicks", "")])
    rows = list(from_clicks(oracle.args.clicks) if oracle.args.clicks else generated(oracle.args.rows))
    ordered = [f"part-{i:02}" for i in range(FILES)]
    shuffled = random.Random(1).sample(ordered, FILES)
    layouts = {"one": (["part"], "csv", ""), "follow": (ordered, "csv", ""), "against": (ordered[::-1], "csv", ""),
               "shuffled": (shuffled, "json", ""), "shuffled-gz": (shuffled, "csv", ".gz")}
    for name, (names, form, ending) in layouts.items():
        write(oracle.tmp / name, rows, names, form, ending)
    for window, hops in ((TUMBLE, 1), (HOP, 3)):
        want = expected(rows, hops)
        for name, (names, form, ending) in layouts.items():
            sql = SQL.format(path=oracle.tmp / name, format=form, window=window)
            for threads in (1, 2, 4):
                code, out, err = oracle.run(sql, "--threads", threads)
                got = sorted((r[0], r[1], r[2], float(r[3]), r[4]) for r in list(csv.reader(out.splitlines()))[1:])
                counts = f"{sum(int(r[2]) for r in got):,} of {len(rows) * hops:,} rows counted"
                oracle.check(code == 0 and got == want,
                             f"{window.split('(')[0]}, {len(names)} files ({name}), {threads} workers: {counts}",
                             err.strip()[:500], *[x for x in zip(got, want) if x[0] != x[1]][:2])
    oracle.done()


main()

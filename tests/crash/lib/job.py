"""job.py - a job over the real retail data that writes files, to be disturbed and compared.

Every crash script takes --weir PATH (else WEIR, else build/weir) and --shared PATH (else WEIR_SHARED, else
../shared), and ends with "N passed, N failed". A job has a folder of its own: job.sql, its state, and what it
writes. What an undisturbed run wrote, as a multiset of lines, is what every disturbed one must have written.
"""
import collections
import gzip
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracle" / "lib"))
from program import Oracle  # noqa: E402

SECONDS_MAX = 120
FILES = 4  # that the orders are cut into

SOURCE = """SET 'execution.checkpointing.interval' = '{interval}';
SET 'table.local-time-zone' = 'UTC';
{settings}CREATE TABLE retail (
  InvoiceNo STRING, StockCode STRING, Description STRING, Quantity INT, InvoiceDate TIMESTAMP(3),
  UnitPrice DOUBLE, CustomerID DOUBLE, Country STRING,
  WATERMARK FOR InvoiceDate AS InvoiceDate - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '{data}/retail-*.csv', 'format' = 'csv');
"""
# name: columns of the sink, more of its definition, its options, the query.
SINKS = {
    "days": ("day TIMESTAMP(3), Country STRING, orders BIGINT, customers BIGINT, revenue DOUBLE", "",
             "'path' = '{out}/days.csv', 'format' = 'csv'",
             """SELECT window_start, Country, COUNT(*), COUNT(DISTINCT CustomerID), SUM(Quantity * UnitPrice)
FROM TUMBLE(TABLE retail, DESCRIPTOR(InvoiceDate), INTERVAL '1' DAY)
GROUP BY window_start, window_end, Country"""),
    "large": ("InvoiceNo STRING, StockCode STRING, Quantity INT, InvoiceDate TIMESTAMP(3)", "",
              "'path' = '{out}/large/', 'format' = 'json', 'sink.rolling-policy.file-size' = '64 kb'",
              "SELECT InvoiceNo, StockCode, Quantity, InvoiceDate FROM retail WHERE Quantity >= 20"),
    "hops": ("upto TIMESTAMP(3), StockCode STRING, sold BIGINT, best DOUBLE", "",
             "'path' = '{out}/hops/', 'format' = 'csv', 'sink.rolling-policy.file-size' = '100 kb'",
             """SELECT window_end, StockCode, COUNT(*), MAX(UnitPrice)
FROM HOP(TABLE retail, DESCRIPTOR(InvoiceDate), INTERVAL '12' HOUR, INTERVAL '36' HOUR) WHERE Quantity > 50
GROUP BY window_start, window_end, StockCode"""),
    "visits": ("CustomerID DOUBLE, since TIMESTAMP(3), upto TIMESTAMP(3), items BIGINT, spent DOUBLE", "",
               "'path' = '{out}/visits.json', 'format' = 'json'",
               """SELECT CustomerID, window_start, window_end, COUNT(*), SUM(Quantity * UnitPrice)
FROM SESSION(TABLE retail PARTITION BY CustomerID, DESCRIPTOR(InvoiceDate), INTERVAL '30' MINUTE)
GROUP BY window_start, window_end, CustomerID"""),
    "best": ("upto TIMESTAMP(3), StockCode STRING, sold BIGINT, place BIGINT", "",
             "'path' = '{out}/best/', 'format' = 'csv'",
             """SELECT window_end, StockCode, sold, place FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY sold DESC, StockCode) AS place FROM (
    SELECT window_start, window_end, StockCode, COUNT(*) AS sold
    FROM CUMULATE(TABLE retail, DESCRIPTOR(InvoiceDate), INTERVAL '6' HOUR, INTERVAL '1' DAY)
    GROUP BY window_start, window_end, StockCode))
WHERE place <= 10"""),
    "countries": ("InvoiceNo STRING, StockCode STRING, Quantity INT, Country STRING", " PARTITIONED BY (Country)",
                  "'path' = '{out}/countries/', 'format' = 'csv'",
                  "SELECT InvoiceNo, StockCode, Quantity, Country FROM retail WHERE Quantity < 0"),
}
# Only where state is spilled: most rows are groups of their own, in windows that stay open for long.
MANY_KEYS = {
    "keys": ("CustomerID DOUBLE, StockCode STRING, sold BIGINT", "", "'path' = '{out}/keys/', 'format' = 'csv'",
             """SELECT CustomerID, StockCode, COUNT(*) FROM TUMBLE(TABLE retail, DESCRIPTOR(InvoiceDate), INTERVAL '400' DAY)
GROUP BY window_start, window_end, CustomerID, StockCode"""),
}


class Crash(Oracle):
    """What the scripts share: options, the data, a new job, the undisturbed result."""

    def __init__(self, doc, options=(), rows=541909, interval="20 ms"):
        super().__init__(doc, [("--rows", rows), ("--seed", 1), ("--sinks", ",".join(SINKS)),
                               ("--interval", interval), ("--keep", ""), *options])
        self.rng = random.Random(self.args.seed)
        self.sinks = self.args.sinks.split(",")
        path = self.shared / "data" / "online_retail.csv.gz"
        self.need(path)
        if self.args.keep:
            self.tmp = pathlib.Path(self.args.keep).resolve()
            shutil.rmtree(self.tmp, ignore_errors=True)
            self.tmp.mkdir(parents=True)
        self.data = self.tmp / "data"
        self.cut(path)
        self.jobs = 0

    def cut(self, path):
        self.data.mkdir()
        with gzip.open(path, "rb") as file:
            lines = file.read().split(b"\n")[1:-1]
        lines = lines[:self.args.rows]
        each = -(-len(lines) // FILES)
        for i in range(FILES):
            part = lines[i * each:(i + 1) * each]
            (self.data / f"retail-{i}.csv").write_bytes(b"".join(line + b"\n" for line in part))

    def job(self, **more):
        self.jobs += 1
        return Job(self, self.tmp / f"job-{self.jobs}", **more)

    def undisturbed(self, **more):
        """The rows of a run without state and of one with it, which must be the same."""
        plain, kept = self.job(**more), self.job(**more)
        code, said = plain.finish([self.weir, "-q", "-f", str(plain.sql)])
        if not self.check(code == 0, "the job runs as a script, without state", said):
            self.done()
        code, said = kept.run()
        self.check(code == 0, "the job runs undisturbed, with state", said)
        rows = plain.rows()
        self.same("an undisturbed run with state", kept, rows)
        if any(not any(sink == name for sink, _ in rows) for name in self.sinks):
            self.check(False, "every sink gets rows", collections.Counter(sink for sink, _ in rows))
        plain.remove()
        kept.remove()
        return rows

    def same(self, what, job, want):
        """Counts lost and doubled rows; (lost, doubled)."""
        got = job.rows()
        lost, extra = want - got, got - want
        self.check(not lost and not extra, f"{what}: {sum(lost.values())} rows lost, {sum(extra.values())} too many",
                   "lost", *list(lost.items())[:3], "too many", *list(extra.items())[:3],
                   f"folder {job.folder}" if self.args.keep else "--keep FOLDER keeps the files")
        return sum(lost.values()), sum(extra.values())


class Job:
    def __init__(self, crash, folder, settings="", out=None, state=None):
        self.crash, self.folder = crash, folder
        self.out, self.state = out or folder / "out", state or folder / "state"
        self.sql = folder / "job.sql"
        folder.mkdir()
        self.prepare()
        text = SOURCE.format(data=crash.data, interval=crash.args.interval, settings=settings)
        for name in crash.sinks:
            columns, more, options, query = (SINKS | MANY_KEYS)[name]
            options = options.format(out=self.out)
            text += f"CREATE TABLE {name} ({columns}){more}\nWITH ('connector' = 'filesystem', {options});\n"
        for name in crash.sinks:
            text += f"INSERT INTO {name}\n{(SINKS | MANY_KEYS)[name][3]};\n"
        self.sql.write_text(text)

    def prepare(self):
        self.out.mkdir(exist_ok=True)
        for name in self.crash.sinks:
            if f"{{out}}/{name}/" in (SINKS | MANY_KEYS)[name][2]:
                (self.out / name).mkdir(exist_ok=True)

    def remove(self):
        if not self.crash.args.keep:
            shutil.rmtree(self.folder)

    def command(self, *options):
        return [self.crash.weir, "run", str(self.sql), "--state", str(self.state), "-q", "--color", "never",
                *map(str, options)]

    def start(self, command=None, fail=""):
        env = {k: v for k, v in os.environ.items() if k != "WEIR_FAIL"} | ({"WEIR_FAIL": fail} if fail else {})
        return subprocess.Popen(command or self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=env, start_new_session=True)

    def finish(self, command=None, fail=""):
        """(exit code, what it said); a process that hangs is killed and has the code None."""
        child = self.start(command, fail)
        try:
            said, _ = child.communicate(timeout=SECONDS_MAX)
            return child.returncode, said.decode("utf-8", "replace")[-1500:]
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            said, _ = child.communicate()
            return None, f"no end after {SECONDS_MAX} s\n" + said.decode("utf-8", "replace")[-1500:]

    def run(self, *options, fail=""):
        return self.finish(self.command(*options), fail)

    def files(self, hidden=False):
        """Of the sinks; those that are being written have hidden names."""
        return [p for p in self.out.rglob("*") if p.is_file() and (hidden or not p.name.startswith((".", "_")))]

    def rows(self):
        """Multiset of (sink, line) over all visible files."""
        rows = collections.Counter()
        for path in self.files():
            parts = path.relative_to(self.out).parts
            where = "/".join(p for p in parts[1:-1] if "=" in p)
            sink = re.sub(r"\..*", "", parts[0])
            rows.update((sink, f"{where} {line}") for line in path.read_text("utf-8").split("\n")[:-1])
        return rows

    def written(self):
        """Bytes in files of the sinks, finished or not."""
        total = 0
        for path in self.files(hidden=True):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                pass
        return total

    def epoch(self):
        """Of the last commit; 0 when there is none."""
        try:
            found = re.search(r"\d+", (self.state / "epoch").read_text("utf-8", "replace"))
            return int(found[0]) if found else 0
        except OSError:
            return 0

"""window_query.py - random window queries over random rows, with the rows that the definition gives.

The definition (oracle/windows.py of the shared pages) adds up whatever it is given as values. Here
each value is a Bag that holds the row itself, so that its windows come back with their rows, and
every aggregate can be computed from them, in the canonical order where it matters.

Time is counted in units: 1 ms with TIMESTAMP(3), 1 us with TIMESTAMP(6).
"""
import collections
import csv
import datetime
import importlib.util
import io
import json
import math

NULL = "NULL"
KINDS = ("TUMBLE", "HOP", "CUMULATE", "SESSION")
# What is asked of the windows: aggregates by GROUP BY, the same by the older GROUP BY TUMBLE(...),
# windows over windows, a second aggregation of the same windows, the best groups of each window.
SHAPES = ("plain", "plain", "plain", "plain", "group", "stacked", "again", "rank")
COLUMNS = ("k", "g", "v", "d", "n")
AGGREGATES = ("COUNT(*)", "COUNT(v)", "SUM(v)", "MIN(v)", "MAX(v)", "AVG(v)", "SUM(d)", "AVG(d)", "MAX(d)",
              "COUNT(DISTINCT v)", "SUM(DISTINCT v)", "COUNT(*) FILTER (WHERE v > 0)", "MIN(k)",
              "FIRST_VALUE(n)", "LAST_VALUE(n)", "SUM(CAST(d AS DECIMAL(12, 2)))")

ORDERED = ("FIRST_VALUE(n)", "LAST_VALUE(n)")

Row = collections.namedtuple("Row", ("ts",) + COLUMNS)


class Definition:
    """The module oracle/windows.py."""

    def __init__(self, path):
        spec = importlib.util.spec_from_file_location("definition", path)
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.watermarks = self.module.with_watermarks
        self.module.with_watermarks = lambda rows, delay: rows  # evaluate() is given them with watermarks

    def with_watermarks(self, data):
        """(watermark, partition, position, time, row) of each row; a filter does not change watermarks."""
        parts = [[(r.ts, None, r) for r in part] for part in data.parts]
        return [(wm, p, i, ts, row) for wm, p, i, ts, _, row in self.watermarks(parts, data.delay)]

    def evaluate(self, rows, kind, delay, size, slide, offset):
        return self.module.evaluate(kind, rows, delay, size, slide, offset)


class Bag:
    """Rows of a window with their canonical order, as a value that can be added."""

    def __init__(self, rows):
        self.rows = rows

    def __add__(self, other):
        return Bag(self.rows + other.rows) if other else self

    __radd__ = __add__


def double_text(value):
    """As CAST(DOUBLE AS STRING) prints it."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, exponent = f"{value:.17e}".split("e")
    for places in range(1, 18):
        text = f"{value:.{places}e}"
        if float(text) == value:
            digits, exponent = text.split("e")
            break
    digits = digits.rstrip("0")
    return digits + ("0" if digits.endswith(".") else "") + "E" + str(int(exponent))


def text_of(value):
    if value is None:
        return NULL
    return double_text(value) if isinstance(value, float) else str(value)


def truncated(total, count):
    return abs(total) // count * (1 if total >= 0 else -1)


def aggregate(name, rows):
    """The text of an aggregate over rows in canonical order."""
    v, d = [r.v for r in rows if r.v is not None], [r.d for r in rows if r.d is not None]
    positive = [x for x in v if x > 0]
    k = [r.k for r in rows if r.k is not None]
    return text_of({
        "COUNT(*)": lambda: len(rows),
        "COUNT(v)": lambda: len(v),
        "SUM(v)": lambda: sum(v) if v else None,
        "MIN(v)": lambda: min(v, default=None),
        "MAX(v)": lambda: max(v, default=None),
        "AVG(v)": lambda: truncated(sum(v), len(v)) if v else None,
        "SUM(d)": lambda: math.fsum(d) + 0.0 if d else None,
        "AVG(d)": lambda: math.fsum(d) / len(d) if d else None,
        "MAX(d)": lambda: max(d, default=None),
        "COUNT(DISTINCT v)": lambda: len(set(v)),
        "SUM(DISTINCT v)": lambda: sum(set(v)) if v else None,
        "COUNT(*) FILTER (WHERE v > 0)": lambda: len(positive),
        "MIN(k)": lambda: min(k, default=None),
        "FIRST_VALUE(n)": lambda: rows[0].n,
        "LAST_VALUE(n)": lambda: rows[-1].n,
        "SUM(CAST(d AS DECIMAL(12, 2)))": lambda: f"{sum(round(x * 100) for x in d) / 100:.2f}" if d else None,
    }[name]())


class Times:
    """Units as SQL and CSV write them."""

    def __init__(self, digits):
        self.digits, self.per_second = digits, 10 ** digits
        self.start = 1_700_000_000 * self.per_second  # where generated times begin, unless near 1970

    def text(self, t):
        whole = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=t // self.per_second)
        return f"{whole:%Y-%m-%d %H:%M:%S}.{t % self.per_second:0{self.digits}}"

    def bound_text(self, t):
        """Of window_start and window_end, which are TIMESTAMP(3) over any time."""
        whole = self.text(t)
        return whole[:len(whole) - self.digits + 3]

    def interval(self, units):
        sign, units = "-" if units < 0 else "", abs(units)
        return (f"INTERVAL '{sign}{units // self.per_second}.{units % self.per_second:0{self.digits}}' "
                f"SECOND({self.digits})")


class Data:
    """One to three files of rows: in disorder, with ties, NULLs, and jumps of time."""

    def __init__(self, rng):
        self.times = Times(rng.choice([3, 3, 3, 6]))
        self.step = 1 if self.times.digits == 3 else rng.choice([250, 999, 1000])
        self.span = 1 if self.times.digits == 3 else 1000  # of windows: milliseconds, as in Flink
        self.base = rng.choice([0, self.times.start])  # near 1970, and before it
        self.delay = rng.choice([0, 0, 1, 5]) * self.step
        self.format = rng.choice(["csv", "json"])
        self.reach = rng.choice([15, 15, 40])
        self.block = rng.choice([0, 0, 128, 1000])  # bytes that are read at a time, so that one file has many chunks
        number = 0
        self.parts = []
        for _ in range(rng.choice([1, 1, 2, 3])):
            t, part = rng.randint(-30, 30), []
            for _ in range(rng.choice([0, 1, 3, 30, 60, 200])):
                t += rng.choice([0, 0, 1, 1, 2, 7] + [rng.choice([0, 300])])
                ts = self.base + (t - rng.choice([0, 0, 0, 1, 4, self.reach])) * self.step
                part.append(Row(ts, rng.choice(["a", "b", "b", None]), rng.randint(0, 3),
                                rng.choice([None] + list(range(-9, 10))),
                                rng.choice([None, rng.randint(-500, 500) / 100]), number))
                number += 1
            self.parts.append(part)

    def write(self, folder, stem):
        for i, part in enumerate(self.parts):
            out = io.StringIO(newline="")
            if self.format == "csv":
                writer = csv.writer(out, lineterminator="\n")
                for r in part:
                    writer.writerow([self.times.text(r.ts)] + [NULL if c is None else c for c in r[1:]])
            else:
                for r in part:
                    cells = {"ts": self.times.text(r.ts)} | dict(zip(COLUMNS, r[1:]))
                    out.write(json.dumps({k: c for k, c in cells.items() if c is not None}) + "\n")
            (folder / f"{stem}-{i}.{self.format}").write_text(out.getvalue())

    def table(self, stem):
        more = ", 'csv.null-literal' = 'NULL'" if self.format == "csv" else ""
        more += f", 'source.block-bytes' = '{self.block}'" if self.block else ""
        return (f"CREATE TABLE t (ts TIMESTAMP({self.times.digits}), k STRING, g INT, v INT, d DOUBLE, n INT,\n"
                f"  WATERMARK FOR ts AS ts - {self.times.interval(self.delay)})\n"
                f"WITH ('connector' = 'filesystem', 'path' = '${{dir}}/{stem}-*.{self.format}', "
                f"'format' = '{self.format}'{more})")


class Query:
    """One query: .sql, and by expected() its rows and the number of late ones."""

    def __init__(self, rng, data, kind, shape, canonical):
        if kind == "CUMULATE" and shape == "group":  # there is no GROUP BY CUMULATE(...)
            shape = "plain"
        self.data, self.times, self.kind, self.shape = data, data.times, kind, shape
        self.spans(rng)
        self.keys = rng.choice([[], ["k"], ["k"], ["k", "g"], ["g"]])
        # Sessions of all rows together, or by key.
        self.partition = [] if kind == "SESSION" and shape != "group" and rng.random() < 0.3 else self.keys
        # Those that depend on order see it across files only where that is asked for.
        known = [a for a in AGGREGATES[1:] if canonical or len(data.parts) == 1 or a not in ORDERED]
        self.aggregates = ["COUNT(*)"] + rng.sample(known, rng.choice([1, 1, 2, 4]))
        self.where = rng.choice(["", "", "", "v > -3"])
        self.limit, self.outer = rng.choice([1, 2]), rng.choice([1, 2, 3])
        self.sql = {"plain": self.sql_plain, "group": self.sql_group, "stacked": self.sql_stacked,
                    "again": self.sql_again, "rank": self.sql_rank}[self.shape]()

    def spans(self, rng):
        span = self.data.span
        self.slide = rng.choice([1, 2, 5, 10]) * span if self.kind in ("HOP", "CUMULATE") else 0
        if self.kind == "HOP":
            self.size = self.slide * rng.choice([1, 2, 3, 6, 60])
            if rng.random() < 0.3:  # no multiple of the slide; sometimes less, which leaves gaps
                self.size = max(span, self.size + rng.choice([-3, 1, 3, 7]) * span)
        elif self.kind == "CUMULATE":
            self.size = self.slide * rng.choice([1, 2, 3, 6, 40])
        else:
            self.size = rng.choice([1, 3, 10, 50]) * span
        self.offset = rng.choice([0, 0, 3, -2]) * span if self.kind != "SESSION" else 0

    # -- the text ----------------------------------------------------------------------------------

    def function(self, kind, table):
        interval = self.times.interval
        if kind == "SESSION":
            by = f" PARTITION BY {', '.join(self.partition)}" if self.partition else ""
            if self.where:  # which rows make a session must not depend on where a filter is computed
                table = f"(SELECT * FROM {table} WHERE {self.where})"
            return f"SESSION(TABLE {table}{by}, DESCRIPTOR(ts), {interval(self.size)})"
        spans = ([interval(self.slide)] if self.slide else []) + [interval(self.size)]
        spans += [interval(self.offset)] if self.offset else []
        return f"{kind}(TABLE {table}, DESCRIPTOR(ts), {', '.join(spans)})"

    def where_text(self):
        inside = self.kind == "SESSION" and self.shape != "group"
        return f" WHERE {self.where}" if self.where and not inside else ""

    def sql_plain(self):
        keys = "".join(f", {k}" for k in self.keys)
        return (f"SELECT window_start, window_end, window_time{keys}, {', '.join(self.aggregates)}\n"
                f"FROM {self.function(self.kind, 't')}{self.where_text()}\n"
                f"GROUP BY window_start, window_end, window_time{keys}")

    def sql_group(self):
        keys = "".join(f"{k}, " for k in self.keys)
        spans = ([self.times.interval(self.slide)] if self.slide else []) + [self.times.interval(self.size)]
        window = f"(ts, {', '.join(spans)})"
        kind = self.kind
        return (f"SELECT {kind}_START{window}, {kind}_END{window}, {kind}_ROWTIME{window}, "
                f"{keys}{', '.join(self.aggregates)}\n"
                f"FROM t{self.where_text()}\nGROUP BY {keys}{kind}{window}")

    def sql_inner(self):
        keys = "".join(f", {k}" for k in self.keys)
        return (f"SELECT window_start, window_end, window_time{keys}, COUNT(*) AS c, SUM(v) AS s\n"
                f"  FROM {self.function(self.kind, 't')}{self.where_text()}\n"
                f"  GROUP BY window_start, window_end, window_time{keys}")

    def sql_again(self):
        return (f"SELECT window_start, window_end, COUNT(*), SUM(c), MAX(s) FROM (\n  {self.sql_inner()})\n"
                "GROUP BY window_start, window_end")

    def sql_stacked(self):
        size = self.times.interval(self.outer * self.size)
        # Without the inner window's bounds, whose names would hide the outer ones.
        inner = self.sql_inner().replace("SELECT window_start, window_end, ", "SELECT ")
        return (f"SELECT window_start, window_end, COUNT(*), SUM(c), MAX(s)\n"
                f"FROM TUMBLE(TABLE (\n  {inner}), DESCRIPTOR(window_time), {size})\n"
                "GROUP BY window_start, window_end")

    def sql_rank(self):
        keys = "".join(f", {k}" for k in self.keys)
        order = "".join(f", {k} IS NULL, {k}" for k in self.keys)
        return (f"SELECT window_start, window_end{keys}, c, place FROM (\n"
                f"  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY c DESC{order}) AS place\n"
                f"  FROM ({self.sql_inner()}))\nWHERE place <= {self.limit}")

    # -- what comes of it ----------------------------------------------------------------------------

    def windows(self, definition):
        """{(start, end, key cells): rows in canonical order}, late rows."""
        keep = (lambda r: r.v is not None and r.v > -3) if self.where else (lambda r: True)

        rows = [(wm, p, i, ts, tuple(text_of(getattr(row, c)) for c in self.partition), Bag([(wm, p, i, row)]))
                for wm, p, i, ts, row in definition.with_watermarks(self.data) if keep(row)]
        found, late = definition.evaluate(rows, self.kind, self.data.delay, self.size, self.slide,
                                          self.offset if self.shape != "group" else 0)
        groups = collections.defaultdict(list)
        for start, end, _, count, bag in found:
            assert count == len(bag.rows)
            for entry in sorted(bag.rows, key=lambda e: e[:3]):
                row = entry[3]
                groups[start, end, tuple(text_of(getattr(row, c)) for c in self.keys)].append(row)
        return groups, late

    def expected(self, definition):
        groups, late = self.windows(definition)
        text, bound = self.times.text, self.times.bound_text
        if self.shape in ("plain", "group"):
            return [[bound(s), bound(e), text(e - 1), *keys, *(aggregate(a, rows) for a in self.aggregates)]
                    for (s, e, keys), rows in groups.items()], late
        inner = [(s, e, keys, len(rows), sum(r.v for r in rows if r.v is not None)
                  if any(r.v is not None for r in rows) else None) for (s, e, keys), rows in groups.items()]
        if self.shape == "rank":
            return self.ranked(inner), late
        outer = collections.defaultdict(list)
        for s, e, _, c, total in inner:
            if self.shape == "again":
                window = s, e
            else:
                size = self.outer * self.size
                start = (e - 1) // size * size
                window = start, start + size
            outer[window].append((c, total))
        return [[bound(s), bound(e), str(len(x)), str(sum(c for c, _ in x)),
                 text_of(max((t for _, t in x if t is not None), default=None))] for (s, e), x in outer.items()], late

    def ranked(self, inner):
        out, windows = [], collections.defaultdict(list)
        for s, e, keys, c, _ in inner:
            windows[s, e].append((keys, c))
        for (s, e), rows in windows.items():
            rows.sort(key=lambda x: (-x[1], [(k == NULL, k) for k in x[0]]))
            out += [[self.times.bound_text(s), self.times.bound_text(e), *keys, str(c), str(i + 1)]
                    for i, (keys, c) in enumerate(rows[:self.limit])]
        return out

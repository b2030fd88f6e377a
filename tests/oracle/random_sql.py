#!/usr/bin/env python3
"""random_sql.py - random bounded queries over random tables, beside SQLite.

Only what means the same in both: integers, texts of one case, DOUBLE values with exact sums, NULLs.
AVG of integers is written on CAST(x AS DOUBLE). ORDER BY names every column where a LIMIT follows.
"""
import pathlib
import random
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

COLUMNS = {"a": "int", "b": "int", "s": "text", "d": "double"}
MODES = [("--threads", 1), ("--threads", 4), ("--batch", 1), ("--batch", 3), ("--seed", 7), ("--no-optimize",)]


class Maker:
    """Random expressions by kind; the same text means the same in both dialects."""

    def __init__(self, rng):
        self.rng = rng

    def value(self, kind):
        rng = self.rng
        if kind == "int":
            return str(rng.randint(-5, 12))
        if kind == "text":
            return "'" + rng.choice(["", "x", "y", "xy", "yx", "zz"]) + "'"
        return rng.choice(["0.5e0", "-1.25e0", "3e0", "100.0e0"])

    def column(self, kind):
        return self.rng.choice([c for c, k in COLUMNS.items() if k == kind])

    def expr(self, kind, depth=2):
        rng = self.rng
        if depth == 0 or rng.random() < 0.3:
            return self.column(kind) if rng.random() < 0.7 else self.value(kind)
        deeper = depth - 1
        if rng.random() < 0.2:
            return f"CASE WHEN {self.condition(deeper)} THEN {self.expr(kind, deeper)} ELSE {self.expr(kind, deeper)} END"
        if rng.random() < 0.15:
            return f"COALESCE({self.expr(kind, deeper)}, {self.value(kind)})"
        if rng.random() < 0.1:
            return f"NULLIF({self.expr(kind, deeper)}, {self.value(kind)})"
        if kind == "int":
            op = rng.choice(["+", "-", "*", "% 7 +", "/ 3 -"])
            return rng.choice([f"({self.expr(kind, deeper)} {op} {self.expr(kind, deeper)})",
                               f"ABS({self.expr(kind, deeper)})", f"CHAR_LENGTH({self.expr('text', deeper)})"])
        if kind == "text":
            return rng.choice([f"({self.expr(kind, deeper)} || {self.expr(kind, deeper)})",
                               f"UPPER({self.expr(kind, deeper)})", f"LOWER({self.expr(kind, deeper)})"])
        return rng.choice([f"({self.expr(kind, deeper)} {rng.choice('+-*')} {self.expr(kind, deeper)})",
                           f"CAST({self.expr('int', deeper)} AS DOUBLE)"])

    def condition(self, depth=2):
        rng = self.rng
        kind = rng.choice(list(COLUMNS.values()))
        pick = rng.randrange(8)
        if depth == 0 or pick < 3:
            return f"{self.expr(kind, 1)} {rng.choice(['=', '<>', '<', '<=', '>', '>='])} {self.expr(kind, 1)}"
        if pick == 3:
            return f"{self.column(kind)} IS {rng.choice(['', 'NOT '])}NULL"
        if pick == 4:
            values = ", ".join(self.value(kind) for _ in range(3))
            return f"{self.expr(kind, 1)} {rng.choice(['', 'NOT '])}IN ({values})"
        if pick == 5:
            return f"{self.expr(kind, 1)} {rng.choice(['', 'NOT '])}BETWEEN {self.value(kind)} AND {self.value(kind)}"
        if pick == 6:
            return f"NOT ({self.condition(depth - 1)})"
        return f"({self.condition(depth - 1)} {rng.choice(['AND', 'OR'])} {self.condition(depth - 1)})"

    def aggregate(self):
        rng = self.rng
        kind = rng.choice(list(COLUMNS.values()))
        argument = self.expr(kind, 1)
        calls = ["COUNT(*)", f"COUNT({argument})", f"COUNT(DISTINCT {argument})", f"MIN({argument})", f"MAX({argument})"]
        if kind == "int":
            calls += [f"SUM({argument})", f"AVG(CAST({argument} AS DOUBLE))"]
        if kind == "double":
            calls += [f"SUM({argument})", f"AVG({argument})"]
        call = rng.choice(calls)
        if rng.random() < 0.2:
            call += f" FILTER (WHERE {self.condition(1)})"
        return call

    def query(self):
        """(SQL, whether the order counts)."""
        rng = self.rng
        where = f" WHERE {self.condition()}" if rng.random() < 0.6 else ""
        source = "t"
        if rng.random() < 0.2:
            source = f"(SELECT * FROM t WHERE {self.condition(1)}) AS u"
        if rng.random() < 0.5:
            keys = [self.expr(rng.choice(list(COLUMNS.values())), 1) for _ in range(rng.randint(0, 2))]
            keys = [k for k in keys if any(c in k for c in COLUMNS) and not k.lstrip("-").isdigit()]
            items = keys + [self.aggregate() for _ in range(rng.randint(1, 3))]
            tail = f" GROUP BY {', '.join(keys)}" if keys else ""
            if keys and rng.random() < 0.3:
                tail += f" HAVING COUNT(*) > {rng.randint(0, 4)}"
        else:
            items = [self.expr(rng.choice(list(COLUMNS.values()))) for _ in range(rng.randint(1, 4))]
            tail = ""
        distinct = "DISTINCT " if not tail and rng.random() < 0.15 and "COUNT" not in str(items) else ""
        if any("SUM(" in i or "COUNT(" in i or "MIN(" in i or "MAX(" in i or "AVG(" in i for i in items):
            distinct = ""
        names = [f"c{i}" for i in range(len(items))]
        sql = f"SELECT {distinct}" + ", ".join(f"{e} AS {n}" for e, n in zip(items, names)) + f" FROM {source}{where}{tail}"
        if rng.random() < 0.4:
            order = ", ".join(n + rng.choice(["", " DESC", " NULLS LAST"]) for n in names)
            sql += f" ORDER BY {order}"
            if rng.random() < 0.6:
                sql += f" LIMIT {rng.randint(0, 9)}"
                if rng.random() < 0.5:
                    sql += f" OFFSET {rng.randint(0, 5)}"
            return sql, True
        return sql, False


def cell(value):
    """What both programs must agree on: numbers as floats to 12 digits, the rest as text."""
    if value is None:
        return None
    try:
        return f"{float(value) + 0.0:.12g}"
    except ValueError:
        return value


def main():
    oracle = Oracle(__doc__, [("--count", 200), ("--seed", 1)])
    rng = random.Random(oracle.args.seed)
    maker = Maker(rng)
    base = setup = None
    empty = errors = 0
    for number in range(oracle.args.count):
        if number % 20 == 0:
            rows = [(rng.choice([None, *range(-4, 10)]), rng.choice([None, *range(3)]),
                     rng.choice([None, "", "x", "y", "xy", "zz"]),
                     rng.choice([None, 0.5, -1.25, 3.0, 1e3, 0.125]))
                    for _ in range(rng.choice([0, 1, 7, 60, 300]))]
            base = sqlite3.connect(":memory:")
            base.execute("CREATE TABLE t (a INTEGER, b INTEGER, s TEXT, d REAL)")
            base.create_function("CHAR_LENGTH", 1, lambda s: None if s is None else len(s))
            base.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
            path = oracle.tmp / f"t{number}.csv"
            path.write_text("".join(",".join("NIL" if v is None else str(v) for v in r) + "\n" for r in rows))
            setup = ("CREATE TABLE t (a BIGINT, b BIGINT, s STRING, d DOUBLE) WITH ('connector' = 'filesystem', "
                     f"'path' = '{path}', 'format' = 'csv', 'csv.null-literal' = 'NIL');\n")
        sql, ordered = maker.query()
        try:
            want = [tuple(map(cell, r)) for r in base.execute(sql)]
        except sqlite3.OperationalError as e:
            oracle.check(False, f"SQLite refuses {sql}", e)
            continue
        mode = rng.choice(MODES)
        try:
            got = [tuple(map(cell, r)) for r in oracle.rows(setup + sql, *mode)]
        except RuntimeError as e:
            errors += 1
            oracle.check(False, f"query {number}, {mode}: {sql}", e)
            continue
        if not ordered:
            want, got = sorted(want, key=repr), sorted(got, key=repr)
        empty += not want
        oracle.check(got == want, f"query {number}, {mode}: {sql}", f"want {want[:6]}", f"got  {got[:6]}")
    oracle.check(empty < oracle.args.count / 2, "most queries have rows")
    oracle.done()


main()

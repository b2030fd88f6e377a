#!/usr/bin/env python3
"""retail.py - revenue and distinct customers per country and day of a real shop, beside SQLite.

The file is read as it is (gzip). Sums are compared bit by bit: the oracle's are math.fsum's, exact
and rounded once.
"""
import csv
import gzip
import math
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

QUERY = """
CREATE TABLE retail (
  InvoiceNo STRING, StockCode STRING, Description STRING, Quantity INT, InvoiceDate TIMESTAMP(3),
  UnitPrice DOUBLE, CustomerID DOUBLE, Country STRING,
  WATERMARK FOR InvoiceDate AS InvoiceDate
) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'csv', 'csv.header' = 'true');
SELECT CAST(window_start AS DATE) AS day, Country, COUNT(*), COUNT(DISTINCT CustomerID),
  SUM(Quantity * UnitPrice)
FROM TUMBLE(TABLE retail, DESCRIPTOR(InvoiceDate), INTERVAL '1' DAY)
GROUP BY window_start, window_end, Country
"""


class ExactSum:
    def __init__(self):
        self.values = []

    def step(self, value):
        self.values.append(value)

    def finalize(self):
        return math.fsum(self.values)


def expected(path):
    base = sqlite3.connect(":memory:")
    base.create_aggregate("exact_sum", 1, ExactSum)
    base.execute("CREATE TABLE retail (day TEXT, country TEXT, customer REAL, quantity INT, price REAL)")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        base.executemany("INSERT INTO retail VALUES (?, ?, ?, ?, ?)",
                         ((r["InvoiceDate"][:10], r["Country"],
                           float(r["CustomerID"]) if r["CustomerID"] else None,
                           int(r["Quantity"]), float(r["UnitPrice"])) for r in csv.DictReader(file)))
    return {(day, country): rest for day, country, *rest in base.execute(
        "SELECT day, country, COUNT(*), COUNT(DISTINCT customer), exact_sum(quantity * price) "
        "FROM retail GROUP BY day, country")}


def main():
    oracle = Oracle(__doc__)
    path = oracle.shared / "data" / "online_retail.csv.gz"
    oracle.need(path)
    want = expected(path)
    oracle.check(len(want) > 1000, "the data has days and countries")
    for options in (("--threads", 2), ("--threads", 1), ("--threads", 4, "--batch", 333)):
        got = {(r[0], r[1]): [int(r[2]), int(r[3]), float(r[4])] for r in oracle.rows(QUERY % path, *options)}
        wrong = [(k, want.get(k), got.get(k)) for k in sorted(want.keys() | got.keys())
                 if want.get(k) != got.get(k)]
        oracle.check(not wrong, f"rows of {options}", f"{len(wrong)} differ", *wrong[:5])
    oracle.done()


main()

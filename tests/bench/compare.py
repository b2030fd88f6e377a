#!/usr/bin/env python3
"""compare.py - do two CSV results of W1 hold the same rows? In any order, sums by 1e-9.

compare.py QUERY ONE OTHER prints {"rows": ..., "different": ...}. Columns are taken by position, so
engines may name them as they like. A process of its own, so that the tables do not count as
memory of bench.py.
"""
import json
import sys

import duckdb

COLUMNS = {
    "q1": "{'w': 'TIMESTAMP', 'k': 'VARCHAR', 'n': 'BIGINT', 's': 'DOUBLE', 'm': 'DOUBLE'}",
    "q2": "{'w': 'TIMESTAMP', 'k': 'BIGINT', 'n': 'BIGINT', 's': 'DOUBLE'}",
    "q4": "{'w': 'TIMESTAMP', 'k': 'BIGINT', 'p': 'VARCHAR', 's': 'DOUBLE'}",
}
NEAR = "abs(a.s - b.s) <= 1e-9 * greatest(abs(a.s), abs(b.s))"
SAME = {
    "q1": f"a.n = b.n AND a.m = b.m AND {NEAR}",
    "q2": f"a.n = b.n AND {NEAR}",
}

query, one, other = sys.argv[1:]
db = duckdb.connect()
for name, path in (("a", one), ("b", other)):
    db.execute(f"CREATE TABLE {name} AS FROM read_csv('{path}', header=true, auto_detect=false,"
               f" delim=',', quote='\"', escape='\"', columns={COLUMNS[query]})")
if query in SAME:
    # Keys of a result are unique; a key that is missing or doubled leaves the join with NULLs or
    # with another number of rows.
    different, = db.execute(
        f"SELECT count(*) FROM a FULL JOIN b ON a.w = b.w AND a.k = b.k"
        f" WHERE ({SAME[query]}) IS NOT TRUE").fetchone()
    doubled, = db.execute("SELECT abs((SELECT count(*) FROM a) - (SELECT count(*) FROM b))").fetchone()
    different += doubled
else:
    different, = db.execute("SELECT (SELECT count(*) FROM (FROM a EXCEPT ALL FROM b))"
                            " + (SELECT count(*) FROM (FROM b EXCEPT ALL FROM a))").fetchone()
rows, = db.execute("SELECT count(*) FROM a").fetchone()
print(json.dumps({"rows": rows, "different": different}))

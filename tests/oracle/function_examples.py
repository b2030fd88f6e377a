#!/usr/bin/env python3
"""function_examples.py - the example in each function's documentation gives what it says.

DESCRIBE FUNCTION gives "expression -> text" or, for aggregates, "SUM(x) over 1, 2, NULL -> 3".
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402


def query_of(example):
    """(SQL that gives one text, the text expected), or None when the form is not known."""
    expression, arrow, want = example.rpartition(" -> ")
    if not arrow:
        return None
    over = re.fullmatch(r"(.*) over (.*)", expression)
    if not over:
        return f"SELECT CAST(({expression}) AS STRING)", want
    call, values = over.groups()
    rows = ", ".join(f"({v})" for v in values.split(", "))
    return f"SELECT CAST({call} AS STRING) FROM (VALUES {rows}) AS t(x)", want


def main():
    oracle = Oracle(__doc__)
    names = [r[0] for r in oracle.rows("SHOW FUNCTIONS")]
    oracle.check(len(names) >= 60, f"at least 60 functions, not {len(names)}")
    for name in names:
        described = oracle.rows(f"DESCRIBE FUNCTION `{name}`")
        example = described[0][2] if described and len(described[0]) > 2 else None
        made = query_of(example) if example else None
        if not made:
            if example:
                print(f"not run: {name}: {example}")
                oracle.skipped += 1
            else:
                oracle.check(False, f"{name} has no example", described)
            continue
        code, out, err = oracle.run("SET 'table.local-time-zone' = 'UTC';\n" + made[0], "--no-header")
        got = "NULL" if out == "\\N\n" else out[:-1]
        if got.startswith('"'):
            got = got[1:-1].replace('""', '"')
        oracle.check(code == 0 and got == made[1], f"{name}: {example}", f"gave {got}", err.strip())
    oracle.done()


main()

#!/usr/bin/env python3
"""examples.py - each file in examples/ prints what tests/sql/examples/NAME.csv holds, on one thread and on
four. --update 1 writes what came."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import ROOT, Oracle  # noqa: E402


def main():
    oracle = Oracle(__doc__, [("--update", 0)])
    for path in sorted((ROOT / "examples").glob("*.sql")):
        golden = ROOT / "tests" / "sql" / "examples" / (path.stem + ".csv")
        for options in (("--threads", 1), ("--threads", 4), ("--batch", 100)):
            code, out, err = oracle.run(path.read_text(), *options)
            if oracle.args.update and code == 0:
                golden.write_text(out)
            want = golden.read_text() if golden.exists() else "(no file)"
            oracle.check(code == 0 and out == want, f"{path.name} {options}", f"exit code {code}", err.strip(),
                         *[f"want {a}, got {b}" for a, b in zip(want.split("\n"), out.split("\n")) if a != b][:5])
    oracle.done()


main()

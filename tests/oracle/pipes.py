#!/usr/bin/env python3
"""pipes.py - tables over standard input and output, and the print sink, which golden files cannot see."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

STDIN = "CREATE TABLE i (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '-', 'format' = '%s');\n"
STDOUT = "CREATE TABLE o (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '-', 'format' = '%s');\n"


def piped(oracle, sql, given):
    done = subprocess.run([oracle.weir, "-c", sql, "--format", "csv", "-q"], input=given,
                          capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def main():
    oracle = Oracle(__doc__)
    csv_in, json_in = b"1,a\n2,b\n3,\n", b'{"n": 1, "s": "a"}\n{"n": 2, "s": "b"}\n{"n": 3, "s": ""}\n'
    for form, given in (("csv", csv_in), ("json", json_in)):
        code, out, err = piped(oracle, STDIN % form + "SELECT SUM(n) AS total FROM i", given)
        oracle.check((code, out) == (0, b"total\n6\n"), f"{form} from standard input", code, out, err)
        code, out, err = piped(oracle, STDIN % form + "SELECT COUNT(*) AS c FROM i", b"")
        oracle.check((code, out) == (0, b"c\n0\n"), f"empty {form} from standard input", code, out, err)
    code, out, err = piped(oracle, STDIN % "csv" + STDOUT % "json" + "INSERT INTO o SELECT * FROM i", csv_in)
    want = b'{"n":1,"s":"a"}\n{"n":2,"s":"b"}\n{"n":3,"s":""}\n'
    oracle.check((code, out) == (0, want), "CSV in, JSON lines out", code, out, err)
    code, out, err = piped(oracle, STDIN % "json" + STDOUT % "csv" + "INSERT INTO o SELECT * FROM i", json_in)
    oracle.check((code, out) == (0, csv_in), "JSON lines in, CSV out", code, out, err)
    code, out, err = piped(oracle, STDIN % "csv" + "SELECT n FROM i", b"1,a\nx,b\n")
    oracle.check(code == 1 and "error[W3102]" in err and ":2:" in err, "a bad line of standard input", code, err)
    table = "CREATE TABLE p (n INT, s STRING) WITH ('connector' = 'print'%s);\nINSERT INTO p VALUES (1, 'a'), (NULL, 'b c')"
    code, out, err = piped(oracle, table % "", b"")
    oracle.check((code, out) == (0, b"+I[1, a]\n+I[null, b c]\n"), "print", code, out, err)
    code, out, err = piped(oracle, table % ", 'print-identifier' = 'job'", b"")
    oracle.check((code, out) == (0, b"job> +I[1, a]\njob> +I[null, b c]\n"), "print with a name", code, out, err)
    code, out, err = piped(oracle, table % ", 'standard-error' = 'true'", b"")
    oracle.check((code, out) == (0, b"") and "+I[1, a]" in err, "print to standard error", code, out, err)
    oracle.done()


main()

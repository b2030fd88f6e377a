#!/usr/bin/env python3
"""bad_input.py - bad input through the command line: exit code, error code, place, and nothing half-made.

The pictures themselves are golden (tests/sql/input); here are the exit codes, what a pipe and a folder
give, and a file that shrinks or grows while it is read.
"""
import gzip
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402

OK, RUN, SQL, REMOTE = 0, 1, 3, 4


def table(path, form="csv", columns="n INT, s STRING", more=""):
    return (f"CREATE TABLE t ({columns}) WITH ('connector' = 'filesystem', 'path' = '{path}', "
            f"'format' = '{form}'{more});\n")


def out_table(path):
    return (f"CREATE TABLE o (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '{path}', "
            "'format' = 'csv');\n")


CSV_CASES = [
    ("a broken line", b"1,a\n2\n", RUN, "W3101", ":2:"),
    ("too many fields", b"1,a\n2,b,c\n", RUN, "W3101", ":2:"),
    ("a wrong type", b"1,a\nx,b\n", RUN, "W3102", ':2: field "n"'),
    ("out of range", b"1,a\n99999999999,b\n", RUN, "W3102", ":2:"),
    ("an open quote", b'1,a\n2,"b\n3,c\n', RUN, "W3101", ":2:"),
    ("a byte that is no UTF-8", b"1,a\n2,\xff\n", RUN, "W3104", ":2:"),
    ("an empty file", b"", OK, "", ""),
    ("a token of 1 MB", b"1," + b"x" * 1_000_000 + b"\n", OK, "", ""),
    ("a token of 20 MB", b"1," + b"x" * 20_000_000 + b"\n", RUN, "W3105", ":1:"),
    ("a number of 1 MB", b"9" * 1_000_000 + b",a\n", RUN, "W3102", ":1:"),
    ("only quotes", b'"' * 1_000_001, RUN, "W3101", ":1:"),
    ("zero bytes", b"\0" * 1000, RUN, "W3101", ":1:"),
]
JSON_CASES = [
    ("bad JSON", b'{"n": 1}\n{"n": \n', RUN, "W3101", ":2:"),
    ("no object", b'{"n": 1}\n7\n', RUN, "W3101", ":2:"),
    ("a wrong type", b'{"n": 1}\n{"n": "x"}\n', RUN, "W3102", ':2: field "n"'),
    ("an open quote", b'{"n": 1}\n{"n": 2, "s": "b}\n{"n": 3}\n', RUN, "W3101", ":2:"),
    ("a byte that is no UTF-8", b'{"n": 1}\n{"n": 2, "s": "\xc3"}\n', RUN, "W3104", ":2:"),
    ("an empty file", b"", OK, "", ""),
    ("a token of 1 MB", b'{"n": 1, "s": "' + b"x" * 1_000_000 + b'"}\n', OK, "", ""),
    ("a token of 20 MB", b'{"n": 1, "s": "' + b"x" * 20_000_000 + b'"}\n', RUN, "W3105", ":1:"),
    ("deep nesting", b'{"n": 1, "s": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", OK, "", ""),
]
SQL_CASES = [
    ("an unknown column", "SELECT m FROM t", SQL, "W2013"),
    ("an unknown table", "SELECT n FROM tt", SQL, "W2002"),
    ("an open string", "SELECT 'x", SQL, "W1002"),
    ("a division by zero", "SELECT 1 / 0", RUN, "W3001"),
    ("what is not built yet", "SELECT ARRAY[1]", SQL, "W2001"),
    ("an unknown setting", "SET 'no.such' = '1'", SQL, "W2017"),
]


def left_over(folder, name):
    return [p.name for p in folder.iterdir() if p.name.lstrip(".").startswith(name)]


def check_data(oracle, form, cases):
    for what, content, code, error, place in cases:
        path = oracle.tmp / f"in.{form}"
        path.write_bytes(content)
        for sql, sink in (("SELECT n, CHAR_LENGTH(s) FROM t", False),
                          (out_table(oracle.tmp / "out.csv") + "INSERT INTO o SELECT n, s FROM t", True)):
            for options in (("--threads", 1), ("--threads", 4), ("--batch", 1)):
                got, out, err = oracle.run(table(path, form) + sql, *options)
                name = f"{form}: {what} {options} {'into a file' if sink else ''}"
                oracle.check(got == code and f"error[{error}" in err if code else got == OK and not err,
                             name, f"exit code {got}", err[:300])
                oracle.check(place in err, name + ": the place", err[:300])
                oracle.check(len(err) < 2000, name + ": a short message", len(err))
                if sink:
                    files = left_over(oracle.tmp, "out.csv")
                    oracle.check(files == ([] if code else ["out.csv"]), name + ": what is left", files)
                    for f in files:
                        (oracle.tmp / f).unlink()


def check_skipped(oracle):
    """Records that 'on-error' = 'skip' leaves out are counted."""
    path = oracle.tmp / "skip.csv"
    path.write_bytes(b"1,a\n2\nx,b\n4,d,e\n5,\xff\n6,f\n")
    told = oracle.summary(table(path, more=", 'on-error' = 'skip'"), "SELECT n, s FROM t")
    oracle.check(told["skipped"] == 4 and told["rows out"] == 2, "skipped CSV records", told)
    path = oracle.tmp / "skip.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": \n7\n{"n": "x"}\n{"n": 2}\n')
    told = oracle.summary(table(path, "json", more=", 'on-error' = 'skip'"), "SELECT n, s FROM t")
    oracle.check(told["skipped"] == 3 and told["rows out"] == 2, "skipped JSON records", told)


def check_files(oracle):
    folder = oracle.tmp / "folder"
    folder.mkdir()
    whole = gzip.compress(b"".join(b"%d,row\n" % i for i in range(5000)))
    (oracle.tmp / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    (oracle.tmp / "junk.csv.gz").write_bytes(b"no gzip at all")
    (oracle.tmp / "secret.csv").write_bytes(b"1,a\n")
    cases = [("a missing file", oracle.tmp / "missing.csv", REMOTE, "W4001"),
             ("a glob that matches nothing", oracle.tmp / "none-*.csv", REMOTE, "W4001"),
             ("a folder without files", folder, None, None),
             ("a cut .gz", oracle.tmp / "cut.csv.gz", RUN, "W3106"),
             ("a .gz that is none", oracle.tmp / "junk.csv.gz", RUN, "W3106"),
             ("a file below a file", oracle.tmp / "secret.csv" / "x.csv", REMOTE, "W4001")]
    for what, path, code, error in cases:
        got, _, err = oracle.run(table(path) + "SELECT COUNT(*) FROM t")
        if code is None:
            oracle.check(got in (OK, REMOTE), what, f"exit code {got}", err)
        else:
            oracle.check(got == code and f"error[{error}]" in err, what, f"exit code {got}", err)
    if os.geteuid() != 0:
        (oracle.tmp / "secret.csv").chmod(0)
        got, _, err = oracle.run(table(oracle.tmp / "secret.csv") + "SELECT * FROM t")
        oracle.check(got == REMOTE and "error[W4002]" in err, "a file that may not be read", err)
    # A folder where the sink needs a file: refused or taken as a folder of parts, never replaced.
    (folder / "kept.csv").write_bytes(b"1,kept\n")
    got, _, err = oracle.run(out_table(folder) + "INSERT INTO o VALUES (2, 'x')")
    oracle.check((folder / "kept.csv").read_bytes() == b"1,kept\n", "a folder as a sink keeps its files", got, err)


def check_sql(oracle):
    path = oracle.tmp / "good.csv"
    path.write_bytes(b"1,a\n")
    for what, sql, code, error in SQL_CASES:
        got, _, err = oracle.run(table(path) + sql)
        oracle.check(got == code and f"error[{error}]" in err, what, f"exit code {got}", err)


def check_changing(oracle):
    """A file that another program cuts off while weir reads it: an error, never a crash or a made-up row."""
    path = oracle.tmp / "shrinks.csv"
    line = b"1,0123456789012345678901234567890123456789\n"
    seen = set()
    for attempt in range(8):
        path.write_bytes(line * 400_000)
        script = oracle.tmp / "shrink.sql"
        script.write_text(table(path) + "SELECT n, s FROM t")
        # The reader of the pipe is slow, so weir stands in the middle of the file.
        with subprocess.Popen([oracle.weir, "-f", str(script), "--format", "csv", "-q", "--threads", "1"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as run:
            first = run.stdout.read(200)
            os.truncate(path, len(line) * (1000 + attempt) + attempt)
            rest = run.stdout.read()
            err = run.stderr.read().decode()
            code = run.wait()
        text = (first + rest).replace(b"\r", b"")
        oracle.check(code in (OK, RUN, REMOTE), f"a file that shrinks, {attempt}: exit code {code}", err)
        rows = set(text.split(b"\n")[1:-1])
        oracle.check(rows <= {line.rstrip()}, f"a file that shrinks, {attempt}: no row that was not there", list(rows)[:3])
        seen.add(code)
        if code == REMOTE:
            oracle.check("error[W4003]" in err and "shrinks.csv" in err, "a file that shrinks is named", err)
    oracle.check(REMOTE in seen, "a file that shrinks was met at least once", seen)


def main():
    oracle = Oracle(__doc__)
    check_data(oracle, "csv", CSV_CASES)
    check_data(oracle, "json", JSON_CASES)
    check_skipped(oracle)
    check_files(oracle)
    check_sql(oracle)
    check_changing(oracle)
    oracle.done()


main()

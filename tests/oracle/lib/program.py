"""program.py - runs weir for the oracles, counts checks, finds the real data.

Every oracle takes --weir PATH (else WEIR, else build/weir) and --shared PATH (else WEIR_SHARED, else
../shared beside the repository); the last line that it prints is "N passed, N failed".
"""
import argparse
import csv
import io
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
NULL = "\\N"  # as no value prints itself
SECONDS_MAX = 120


class Oracle:
    def __init__(self, doc, options=()):
        parser = argparse.ArgumentParser(description=doc)
        parser.add_argument("--weir", default=os.environ.get("WEIR", str(ROOT / "build" / "weir")))
        parser.add_argument("--shared", default=os.environ.get("WEIR_SHARED", str(ROOT.parent / "shared")))
        for name, default in options:
            parser.add_argument(name, type=type(default), default=default)
        self.args = parser.parse_args()
        self.weir = str(pathlib.Path(self.args.weir).resolve())
        self.shared = pathlib.Path(self.args.shared).resolve()
        self.passed = self.failed = self.skipped = 0
        self.folder = tempfile.TemporaryDirectory(prefix="weir-oracle-")
        self.tmp = pathlib.Path(self.folder.name)

    def need(self, *paths):
        """Ends the script as skipped when a file of the real data is absent."""
        for path in paths:
            if not path.exists():
                print(f"skipped: no {path.name}")
                print("0 passed, 0 failed, 1 skipped")
                sys.exit(0)

    def check(self, ok, what, *details):
        if ok:
            self.passed += 1
            return True
        self.failed += 1
        print("FAILED:", what)
        for detail in details:
            print("   ", detail)
        return False

    def done(self):
        more = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{more}")
        sys.exit(1 if self.failed else 0)

    def run(self, sql, *options):
        """(exit code, stdout, stderr) of weir on a script."""
        path = self.tmp / "script.sql"
        path.write_text(sql)
        done = subprocess.run(
            [self.weir, "-f", str(path), "--format", "csv", "--null", NULL, "-q", "--color", "never",
             *map(str, options)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def rows(self, sql, *options):
        """Rows of the script's only query as tuples of text, None for NULL; an error is raised."""
        code, out, err = self.run(sql, *options)
        if code:
            raise RuntimeError(f"exit code {code}: {err}")
        lines = list(csv.reader(io.StringIO(out, newline="")))
        return [tuple(None if c == NULL else c for c in line) for line in lines[1:]]

    def summary(self, setup, query, *options):
        """rows in, rows out, late, skipped of a query, by way of a test file."""
        path = self.tmp / "summary.slt"
        blocks = [f"statement ok\n{s.strip()}\n" for s in setup.split(";\n") if s.strip()]
        path.write_text("\n".join(blocks) + f"\nsummary\n{query}\n----\n")
        subprocess.run([self.weir, "test", "--update", *map(str, options), str(path)],
                       capture_output=True, timeout=SECONDS_MAX, check=False)
        tail = path.read_text().rsplit("----\n", 1)[1]
        return {k: int(v) for k, v in (line.split("\t") for line in tail.strip().split("\n"))}

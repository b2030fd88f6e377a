#!/usr/bin/env python3
"""windows_random.py - random window queries over random disordered rows in one to three files, beside the
definition of windows and lateness (oracle/windows.py of the shared pages), late rows included.

    windows_random.py [--rounds 200] [--seed 1] [--only ROUND] [--kinds TUMBLE,HOP] [--shapes plain,rank]
                      [--modes "--batch 1;--seed 7"] [--keep FOLDER] [--canonical 1]

A round is a few files of rows and a test file (docs/slt.md) with four queries; `weir test` runs all rounds at
once in every mode. Each round has a seed of its own, so that --only repeats one. --canonical lets FIRST_VALUE and
LAST_VALUE follow the canonical order across files too, not only in one.
"""
import collections
import pathlib
import random
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from program import Oracle  # noqa: E402
from window_query import KINDS, SHAPES, Data, Definition, Query  # noqa: E402

MODES = ["", "--batch 1", "--batch 3", "--batch 2048", "--threads 1", "--threads 4", "--no-optimize",
         "--seed 1", "--seed 2 --batch 3", "--seed 3 --batch 1", "--restart 1", "--restart 2 --batch 3 --threads 4"]
QUERIES = 4  # of a round
SHOWN_MAX = 5  # failing rounds of a mode that are printed
LINES_MAX = 24  # of each
WRONG = 9999  # number of a round with wrong rows
COUNTED, ROWS = "counted", "rows"  # folders of the rounds
ALL_SECONDS, ONE_SECONDS = 1200, 30


def record(verb, sql, lines):
    return "\n".join([verb, sql, "----", *lines]) + "\n"


def make_round(folder, args, number, definition):
    """Writes the data and round-N.slt, with the counts of rows and without them: a restart begins them anew."""
    rng = random.Random(f"{args.seed} {number}")
    kinds, shapes = args.kinds.split(","), args.shapes.split(",")
    data, stem = Data(rng), f"round-{number:04}"
    data.write(folder, stem)
    rows_in = sum(map(len, data.parts))
    records, counts = ["statement ok\n" + data.table(stem) + "\n"], []
    for _ in range(QUERIES):
        query = Query(rng, data, rng.choice(kinds), rng.choice(shapes), args.canonical)
        rows, late = query.expected(definition)
        summary = [f"rows in\t{rows_in}", f"rows out\t{len(rows)}", f"late\t{late}", "skipped\t0"]
        records.append(record("query", query.sql, ["\t".join(r) for r in rows]))
        counts.append(record("summary", query.sql, summary))
    for name, text in ((COUNTED, records + counts), (ROWS, records)):
        (folder / name / f"{stem}.slt").write_text("\n".join(text).replace("${dir}/", "${dir}/../"))


def run(oracle, mode, target, seconds):
    """(failed rounds, what `weir test` printed); None for the rounds when it died or hung."""
    try:
        done = subprocess.run([oracle.weir, "test", *mode.split(), str(target)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as e:
        return None, f"no end after {seconds} s\n" + (e.stdout or b"").decode("utf-8", "replace")
    text = done.stdout.decode("utf-8", "replace")
    counts = re.search(r"^(\d+) passed, (\d+) failed", text.strip().split("\n")[-1])
    failed = {int(n) for n in re.findall(r"^\S*round-(\d+)\.slt:\d+:", text, re.M)}
    if not counts or int(counts[2]) != len(failed):
        return None, f"exit code {done.returncode}\n{text}"
    return failed, text


def differences(block):
    """A failed record's lines; of long lists of rows only those that differ."""
    match = re.search(r"\n  expected:\n(.*?)\n  came:\n(.*)", block, re.S)
    if not match:
        return block.rstrip()
    want, got = (collections.Counter(line.strip() for line in part.rstrip().split("\n")) for part in match.groups())
    return "\n".join([block[:match.start()], *(f"  missing: {line}" for line in (want - got).elements()),
                      *(f"  extra:   {line}" for line in (got - want).elements())])


def by_round(text):
    """{round: its first failed record}, of what `weir test` printed."""
    out = {}
    for part in re.split(r"^(?=\S*round-\d+\.slt:\d+:)", text, flags=re.M)[1:]:
        out.setdefault(int(re.match(r"\S*round-(\d+)", part)[1]), differences(part.split("\n  again:")[0]))
    return out


def make_wrong_round(folder):
    """A round that must fail, so that a runner that sees no failure is seen."""
    for name in (COUNTED, ROWS):
        path = folder / name / f"round-{WRONG}.slt"
        path.write_text(record("query", "SELECT COUNT(*) FROM (VALUES 1, 2)", ["3"]))


def check_mode(oracle, mode, folder, numbers):
    folder = folder / (ROWS if "--restart" in mode else COUNTED)
    failed, text = run(oracle, mode, folder, ALL_SECONDS)
    shown = by_round(text)
    if failed is None:  # one round took all others with it: each in a process of its own
        failed = set()
        for number in (*numbers, WRONG):
            bad, text = run(oracle, mode, folder / f"round-{number:04}.slt", ONE_SECONDS)
            if bad is None or bad:
                failed.add(number)
                shown[number] = by_round(text).get(number, text)
    oracle.check(WRONG in failed, f"mode {mode}: the round that is wrong on purpose fails")
    failed.discard(WRONG)
    oracle.passed += len(numbers) - len(failed)
    oracle.failed += len(failed)
    print(f"mode {mode or 'default'}: {len(numbers) - len(failed)} of {len(numbers)} rounds agree", flush=True)
    for number in sorted(failed)[:SHOWN_MAX]:
        print(f"FAILED: --seed {oracle.args.seed} --only {number} --modes '{mode}'")
        print("\n".join("    " + line for line in shown.get(number, "").split("\n")[:LINES_MAX]), flush=True)


def main():
    oracle = Oracle(__doc__, [("--rounds", 200), ("--seed", 1), ("--only", -1), ("--kinds", ",".join(KINDS)),
                              ("--shapes", ",".join(SHAPES)), ("--modes", ""), ("--keep", ""), ("--canonical", 0)])
    args = oracle.args
    definition = oracle.shared / "oracle" / "windows.py"
    oracle.need(definition)
    definition = Definition(definition)
    folder = pathlib.Path(args.keep or oracle.tmp / "rounds")
    for name in (COUNTED, ROWS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    numbers = range(args.rounds) if args.only < 0 else [args.only]
    for number in numbers:
        make_round(folder, args, number, definition)
    make_wrong_round(folder)
    for mode in MODES if args.modes == "" else args.modes.split(";"):
        check_mode(oracle, mode.strip(), folder, numbers)
    oracle.done()


main()

#!/usr/bin/env python3
"""run.py - the conformance cases of ../shared/conformance through the weir program.

    run.py --weir build/weir [--out build/conformance] [--floors] [--only NAME] [FOLDER]

Prints one line per file: "scalar_pairs.json: 1580 passed, 12 failed, 46 not yet". Each failing case goes into the
out folder with what was expected and what came. "Not yet" is what the binder or a connector calls `not supported
yet` (W2001), or a case on the list left_out.json with its reason. With --floors a file whose passes fall below
floors.json fails the run; the last line then counts files.

How cases are read is said in the folder's README.md and FLINK_CASES.md. Each case is one process: a case that
crashes or hangs takes nobody with it.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import cases  # noqa: E402
import values  # noqa: E402

HERE = pathlib.Path(__file__).parent
SECONDS_MAX = 20


class Weir:
    """Runs scripts; answers with result sets (lists of JSON objects) or an error code."""

    def __init__(self, program):
        self.program = program

    def run(self, script, threads=2):
        command = [self.program, "--threads", str(threads), "--format", "json", "--color", "never", "-f", "-"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX,
                                  input=script.encode())
        except subprocess.TimeoutExpired:
            return None, "timeout"
        if done.returncode:
            text = done.stderr.decode("utf-8", "replace")
            at = text.find("error[")
            code = text[at + 6:at + 11] if at >= 0 else f"exit {done.returncode}"
            return None, code + "\n" + text.strip()
        return values.result_sets(done.stdout.decode("utf-8", "replace")), ""


def judge(weir, case):
    """(verdict, detail) of one case: passed, failed or not yet."""
    if case.left_out:
        return "not yet", case.left_out
    sets, error = weir.run(case.script)
    for script in case.more:
        more, error = (None, error) if error else weir.run(script)
        sets = sets and more and sets + more
    code = error[:5]
    if case.must_fail:
        if not error:
            return "failed", f"it should have been refused, but gave {sets}"
        if code == "W2001" or code == "W2004" and not case.about_unknown:
            return "not yet", error
        return ("passed" if code.startswith("W") else "failed"), error
    if code == "W2001":
        return "not yet", error
    if error:
        return "failed", error
    try:
        problem = case.check(sets)
    except (ValueError, KeyError, IndexError, TypeError, ArithmeticError) as e:
        problem = f"the result could not be read: {e!r} {sets}"
    return ("failed", problem) if problem else ("passed", "")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder", nargs="?")
    p.add_argument("--weir", required=True)
    p.add_argument("--out")
    p.add_argument("--floors", action="store_true")
    p.add_argument("--only", help="only files whose name begins like this")
    a = p.parse_args()
    folder = pathlib.Path(a.folder or os.environ.get("WEIR_SHARED", HERE.parents[2] / "shared")) / ("" if a.folder else "conformance")
    if not folder.is_dir():
        print("conformance: skipped, the folder with the cases is not here")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    floors = json.loads((HERE / "floors.json").read_text())
    left_out = json.loads((HERE / "left_out.json").read_text())
    weir = Weir(a.weir)
    good = bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for name, load in cases.FILES.items():
            if not (folder / name).exists() or (a.only and not name.startswith(a.only)):
                continue
            todo = load(folder, left_out.get(name, {}))
            verdicts = list(pool.map(lambda c: judge(weir, c), todo))
            n = collections.Counter(v for v, _ in verdicts)
            print(f"{name}: {n['passed']} passed, {n['failed']} failed, {n['not yet']} not yet", flush=True)
            if a.out:
                out = pathlib.Path(a.out)
                out.mkdir(parents=True, exist_ok=True)
                with open(out / (name + ".txt"), "w") as f:
                    for c, (v, detail) in zip(todo, verdicts):
                        if v != "passed":
                            f.write(f"==== {v}: {c.name}\n{c.script}\n---- {detail}\n\n")
            if n["passed"] >= floors.get(name, 0):
                good += 1
            else:
                bad += 1
                print(f"{name}: fewer passed than the floor of {floors[name]}")
    if a.floors:
        print(f"{good} passed, {bad} failed")
        return 1 if bad else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""failpoints.py - every failpoint (base/failpoints.def), the first three times that it is passed, once as a kill and
once as each failure of the system call behind it; then the job goes on and must end with the rows of an
undisturbed run.

    failpoints.py [--points store_commit,finish] [--times 3] [--rows N] [--keep FOLDER]

The points of recovery are passed by a job that was killed before. A point that no run of this script passes fails
it: a test that is never reached shows nothing.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from job import Crash  # noqa: E402
from program import ROOT  # noqa: E402

KINDS = ("kill", "eio", "enospc")
EXIT_CODES = {"kill": (-9,), "eio": (5,), "enospc": (5, 7)}
BEFORE_RECOVERY = "epoch_done:1:kill"
TIGHT = "SET 'state.memory-limit' = '1 mb';\n"  # so that state is spilled


def points():
    text = (ROOT / "base" / "failpoints.def").read_text()
    return re.findall(r'^FAILPOINT\(\w+,\s*"(\w+)"\)', text, re.M)


def attack(crash, point, nth, kind, want):
    """True when the point was passed so often."""
    what = f"{point}:{nth}:{kind}"
    job = crash.job(settings=TIGHT if point.startswith("spill") else "")
    if point.startswith("restore"):
        code, said = job.run(fail=BEFORE_RECOVERY)
        if not crash.check(code == -9, f"{what}: the kill before recovery", code, said):
            return False
    code, said = job.run(fail=what)
    passed = code != 0
    # A point that stands behind no system call goes on as if nothing had failed.
    crash.check(code in EXIT_CODES[kind] or code == 0, f"{what}: exit code {code}", said)
    if passed and kind != "kill":
        crash.check("error[W" in said, f"{what}: says what failed", said)
    code, said = job.run()
    if crash.check(code == 0, f"{what}: the next start ends well", code, said):
        crash.same(what, job, want)
    job.remove()
    return passed


def main():
    crash = Crash(__doc__, [("--points", ""), ("--times", 3)], rows=60000, interval="5 ms")
    want = crash.undisturbed()
    for point in crash.args.points.split(",") if crash.args.points else points():
        if point.startswith("spill"):
            crash.sinks = ["keys"]
            want = crash.undisturbed(settings=TIGHT)
        passed = {kind: sum(attack(crash, point, n, kind, want) for n in range(1, crash.args.times + 1))
                  for kind in KINDS}
        print(f"{point:<20} " + ", ".join(f"{kind} {n}" for kind, n in passed.items()), flush=True)
        crash.check(passed["kill"] > 0, f"{point} is passed by some run")
        if point.startswith("spill"):
            crash.sinks = crash.args.sinks.split(",")
            want = crash.undisturbed()
    crash.done()


main()

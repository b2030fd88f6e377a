#!/usr/bin/env python3
"""system_calls.py - the n-th call of a thread that writes, syncs, renames or deletes kills the process, or fails;
n grows until a run ends undisturbed. After each the job goes on and must end with the rows of an undisturbed run.

    system_calls.py [--every 0] [--rows N] [--kinds kill,fsync,full] [--keep FOLDER]

Calls are counted by strace, thread by thread. Without --every the distance between two n grows (1.25 times), with
--every 1 each n is tried.
"""
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from job import Crash  # noqa: E402

CALLS = ("write,writev,pwrite64,pwritev,fsync,fdatasync,msync,ftruncate,fallocate,rename,renameat,renameat2,"
         "unlink,unlinkat,mkdir,mkdirat")
INJECTIONS = {
    "kill": f"{CALLS}:signal=KILL",
    "fsync": "fsync,fdatasync,msync:error=EIO",
    "full": "write,writev,pwrite64,pwritev,fallocate,ftruncate:error=ENOSPC",
    "rename": "rename,renameat,renameat2:error=EIO",
}
CRASHED = (None, -4, -6, -7, -8, -11, 132, 134, 135, 136, 139)


def attack(crash, kind, n, want):
    """True when the n-th call was there."""
    job = crash.job()
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={INJECTIONS[kind]}:when={n}"]
    code, said = job.finish(strace + job.command("--threads", 2))
    crash.check(code not in CRASHED, f"{kind} {n}: exit code {code}", said)
    there = code != 0
    code, said = job.run()
    if crash.check(code == 0, f"{kind} {n}: the next start ends well", code, said):
        crash.same(f"{kind} {n}", job, want)
    job.remove()
    return there


def main():
    crash = Crash(__doc__, [("--every", 0), ("--kinds", ",".join(INJECTIONS))], rows=60000, interval="5 ms")
    probe = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=1", "true"]
    if not shutil.which("strace") or subprocess.run(probe, capture_output=True, check=False).returncode:
        print("skipped: strace cannot be used here")
        print("0 passed, 0 failed, 1 skipped")
        return
    want = crash.undisturbed()
    for kind in crash.args.kinds.split(","):
        n, tries, quiet = 1, 0, 0
        while quiet < 3 and crash.failed < 10:  # the last few may fall between threads
            quiet = 0 if attack(crash, kind, n, want) else quiet + 1
            tries += 1
            n = n + crash.args.every if crash.args.every else max(n + 1, int(n * 1.25))
        print(f"{kind}: {tries} injections, the last at call {n}", flush=True)
        crash.check(tries > 3, f"{kind}: some call was there")
    crash.done()


main()

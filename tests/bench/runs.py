"""runs.py - what the workloads of bench.py share: a measured child process, folders, words."""
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BENCH = HERE.parent.parent / "build" / "bench"


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(command, threads, stdout, env=None, codes=(0,)):
    """Run to the end; {"wall", "cpu", "rss_mb"} and what it printed when stdout is None."""
    env = dict(os.environ, TZ="UTC", **(env or {}))
    complaints = BENCH / "stderr.txt"
    with open(complaints, "wb") as stderr:
        start = time.monotonic()
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE if stdout is None else stdout, stderr=stderr, env=env,
            preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads]))
        printed = child.stdout.read() if stdout is None else b""
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in codes:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {child.returncode}\n"
                           + complaints.read_text("utf-8", "replace")[-2000:])
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime,
            "rss_mb": usage.ru_maxrss / 1024}, printed

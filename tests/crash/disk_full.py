#!/usr/bin/env python3
"""disk_full.py - the state's or the output's disk fills up; after room was made the job goes on, and nothing is lost
or doubled.

    disk_full.py [--rows N] [--keep FOLDER]

The disk is a tmpfs of a few hundred kilobytes in a mount namespace of its own (unshare -rm), made larger after the
job has stopped. It must stop with exit code 7 and say which file could not be written, or, with enough room, end.
"""
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from job import SECONDS_MAX, Crash  # noqa: E402

SIZES_KB = (40, 200, 400, 800, 1600, 3200, 6400)
SCRIPT = """set -u
disk=$1 kb=$2 copy=$3
shift 3
mount -t tmpfs -o size=${kb}k none "$disk" || exit 99
cp -r "$copy/." "$disk/"
"$@" ; echo "first: $?"
mount -o remount,size=1g "$disk"
"$@" ; echo "second: $?"
cp -r "$disk/." "$copy/"
"""


def attack(crash, which, kb, want):
    """The exit code of the run on the small disk."""
    job = crash.job()
    disk = job.state if which == "state" else job.out
    disk.mkdir(exist_ok=True)
    copy = job.folder / "copy"
    copy.mkdir()
    for folder in disk.iterdir():
        (copy / folder.name).mkdir()
    done = subprocess.run(["unshare", "-rm", "bash", "-c", SCRIPT, "bash", disk, str(kb), copy, *job.command()],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=2 * SECONDS_MAX, check=False)
    said = done.stdout.decode("utf-8", "replace")
    codes = dict(re.findall(r"^(first|second): (\d+)$", said, re.M))
    what = f"{which} on a disk of {kb} KB"
    crash.check(codes.get("first") in ("0", "7"), f"{what}: exit code {codes.get('first')}", said[-1500:])
    if codes.get("first") == "7":
        crash.check("error[W7002]" in said, f"{what}: says that the disk is full", said[-1500:])
    if crash.check(codes.get("second") == "0", f"{what}: goes on when there is room", codes, said[-1500:]):
        if which == "output":
            job.out = copy
        crash.same(what, job, want)
    job.remove()
    return codes.get("first")


def main():
    crash = Crash(__doc__, rows=100000)
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", crash.tmp]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True, check=False).returncode:
        print("skipped: no mount namespace can be made here")
        print("0 passed, 0 failed, 1 skipped")
        return
    want = crash.undisturbed()
    for which in ("state", "output"):
        codes = [attack(crash, which, kb, want) for kb in SIZES_KB]
        print(f"{which}: exit codes {' '.join(map(str, codes))} with {' '.join(map(str, SIZES_KB))} KB", flush=True)
        crash.check("7" in codes, f"the disk of the {which} was full once")
    crash.done()


main()

#!/usr/bin/env python3
"""kill_runs.py - kill -9 at random instants of a running job, started again each time until it ends.

    kill_runs.py [--kills 40] [--rows N] [--seed 1] [--sinks days,large] [--interval "20 ms"] [--threads 1,2,4]
                 [--keep FOLDER]

Whole runs are made until there were so many kills. Each life has a number of workers of its own, and one in ten is
stopped by SIGTERM instead; one in eight is killed three times in a row before its recovery can have ended. At the
end: what was lost, what came twice, whether each run moved on between kills, and the time from a start until its
first new row was in a file.
"""
import pathlib
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from job import SECONDS_MAX, Crash  # noqa: E402

LIFE_SECONDS = (0.0, 0.3)  # a kill comes within
RECOVERY_SECONDS = (0.0, 0.012)
TICK_SECONDS = 0.0005
LIVES_MAX = 400  # of one run, after which it counts as one that does not move on


class Lives:
    """Counts of one script."""

    def __init__(self, crash):
        self.crash, self.rng = crash, crash.rng
        self.threads = crash.args.threads.split(",")
        self.kills = self.stops = self.in_recovery = self.runs = self.lost = self.doubled = 0
        self.first_row, self.epochs = [], []

    def wait(self, job, child, seconds, measure):
        """Until the end, or so long; notes when the first new byte was in a file."""
        begin, had = time.monotonic(), job.written()
        while child.poll() is None and time.monotonic() - begin < seconds:
            if measure and job.written() > had:
                self.first_row.append(time.monotonic() - begin)
                measure = False
            time.sleep(TICK_SECONDS)
        return child.poll()

    def life(self, job, seconds):
        """True when the job has ended."""
        child = job.start(job.command("--threads", self.rng.choice(self.threads)))
        before = job.epoch()
        code = self.wait(job, child, seconds, measure=before > 0)
        if code is None:
            stop = self.rng.random() < 0.1
            child.send_signal(signal.SIGTERM if stop else signal.SIGKILL)
            try:
                said, _ = child.communicate(timeout=SECONDS_MAX)
            except subprocess.TimeoutExpired:
                child.kill()
                said, _ = child.communicate()
                self.crash.check(False, "SIGTERM ends the job", said[-800:])
            if stop:
                self.stops += 1
                # One that comes before the job runs ends the process as a signal does.
                good = (0,) if job.epoch() > before else (0, 143, -signal.SIGTERM)
                self.crash.check(child.returncode in good, "SIGTERM ends the job well", child.returncode, said[-800:])
            else:
                self.kills += 1
            self.epochs.append(job.epoch() - before)
            return False
        said = child.stdout.read().decode("utf-8", "replace")
        self.crash.check(code == 0, f"life {self.kills} of run {self.runs} ends well", code, said[-1500:])
        return True

    def run(self, want):
        job = self.crash.job()
        self.runs += 1
        for _ in range(LIVES_MAX):
            if self.rng.random() < 0.125:  # three times during recovery
                for _ in range(3):
                    self.in_recovery += 1
                    if self.life(job, self.rng.uniform(*RECOVERY_SECONDS)):
                        break
            if self.life(job, self.rng.uniform(*LIFE_SECONDS)):
                break
        else:
            self.crash.check(False, f"run {self.runs} ends within {LIVES_MAX} lives")
        lost, doubled = self.crash.same(f"run {self.runs}", job, want)
        self.lost, self.doubled = self.lost + lost, self.doubled + doubled
        job.remove()


def main():
    crash = Crash(__doc__, [("--kills", 40), ("--threads", "1,2,4")])
    want = crash.undisturbed()
    lives = Lives(crash)
    while lives.kills < crash.args.kills and crash.failed < 5:
        lives.run(want)
    moved = sum(n > 0 for n in lives.epochs)
    print(f"{lives.kills} kills and {lives.stops} stops in {lives.runs} runs of {sum(want.values()):,} rows, "
          f"{lives.in_recovery} of them aimed at recovery: {lives.lost} lost, {lives.doubled} doubled")
    print(f"{moved} of {len(lives.epochs)} lives committed epochs, {sum(lives.epochs)} in all")
    crash.check(moved > 0, "lives move on between kills")
    if lives.first_row:
        ms = sorted(s * 1000 for s in lives.first_row)
        print(f"start to first new row: median {statistics.median(ms):.0f} ms, longest {ms[-1]:.0f} ms, "
              f"{len(ms)} starts")
    crash.done()


main()

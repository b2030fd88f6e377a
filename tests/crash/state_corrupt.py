#!/usr/bin/env python3
"""state_corrupt.py - the state file of a real job, damaged at random: whoever reads it is told, or reads what was
there. A wrong answer in silence is a failure, and so is an end by a signal.

    state_corrupt.py [--rounds 60] [--seed S] [--keep FOLDER]

A round damages a copy of data.mdb in one way (a bit turned, a bit of the first two pages turned, a page of zeros, 512
bytes of noise, cut off) and asks it twice: `weir state check`, `weir state export`. Every fourth round the job also
goes on from it: it must refuse, or end with the rows of an undisturbed run. 3,000 rounds by hand.
"""
import pathlib
import random
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from job import Crash  # noqa: E402

PAGE, SECTOR, META_BYTES = 4096, 512, 160
DETECTED = 5
STOPS_AT = "epoch_done:2:kill"


def turn_bit(data, rng):
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)


def turn_meta_bit(data, rng):
    at = rng.randrange(2) * PAGE + rng.randrange(META_BYTES)
    data[at] ^= 1 << rng.randrange(8)


def zero_page(data, rng):
    at = rng.randrange(len(data) // PAGE) * PAGE
    data[at:at + PAGE] = bytes(PAGE)


def noise(data, rng):
    at = rng.randrange(len(data) // SECTOR) * SECTOR
    data[at:at + SECTOR] = rng.randbytes(SECTOR)


def cut_off(data, rng):
    del data[rng.randrange(len(data)):]


WAYS = {"bit": turn_bit, "meta bit": turn_meta_bit, "zero page": zero_page, "noise": noise, "cut off": cut_off}


class Damage:
    def __init__(self, crash):
        self.crash = crash
        self.job = crash.job()
        code, said = self.job.run(fail=STOPS_AT)
        crash.check(code == -9, "a job dies in the middle", code, said)
        self.good = crash.tmp / "good"
        shutil.copytree(self.job.folder, self.good)
        self.data = (self.job.state / "data.mdb").read_bytes()
        self.used = self.used_bytes()
        self.answers = {word: self.ask(word) for word in ("check", "export")}
        for word, (code, out, said) in self.answers.items():
            crash.check(code == 0 and out, f"the undamaged state: {word}", code, said)
        self.counts = {}

    def used_bytes(self):
        """Where the last page that says something ends; behind it the file is room to grow."""
        return (len(self.data.rstrip(b"\0")) + PAGE - 1) // PAGE * PAGE

    def ask(self, word):
        done = subprocess.run([self.crash.weir, "state", word, str(self.job.state), "-q", "--color", "never"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")

    def damage(self, way, rng):
        data = bytearray(self.data[:self.used])
        WAYS[way](data, rng)
        rest = b"" if way == "cut off" else self.data[self.used:]
        (self.job.state / "data.mdb").write_bytes(bytes(data) + rest)
        return f"{way}, {sum(a != b for a, b in zip(data, self.data))} bytes"

    def verdict(self, what, word):
        code, out, said = self.ask(word)
        good = self.answers[word]
        if code == 0 and out == good[1]:
            return "harmless"
        if code == DETECTED and "W5004" in said:
            return "detected"
        kind = "silent" if code == 0 else f"exit code {code}"
        self.crash.check(False, f"{what}: {word}: {kind}", said)
        return kind

    def go_on(self, what, want):
        shutil.rmtree(self.job.folder / "out")
        shutil.copytree(self.good / "out", self.job.folder / "out")
        for name in ("lock.mdb", "lock", "epoch"):
            if (self.good / "state" / name).exists():
                shutil.copy(self.good / "state" / name, self.job.state / name)
        code, said = self.job.run()
        if code in (DETECTED, -11, -7, -6, -8):  # a fault is no silence; weir run says what it can
            self.counts["the job refuses"] = self.counts.get("the job refuses", 0) + 1
            return
        self.counts["the job goes on"] = self.counts.get("the job goes on", 0) + 1
        if self.crash.check(code == 0, f"{what}: the job goes on", code, said):
            self.crash.same(f"{what}: the job goes on", self.job, want)


def main():
    crash = Crash(__doc__, [("--rounds", 60)], rows=120000, interval="5 ms")
    want = crash.undisturbed()
    d = Damage(crash)
    rng = random.Random(crash.args.seed)
    for i in range(crash.args.rounds):
        way = list(WAYS)[i % len(WAYS)]
        what = f"round {i}: {d.damage(way, rng)}"
        for word in d.answers:
            verdict = d.verdict(what, word)
            d.counts[verdict] = d.counts.get(verdict, 0) + 1
            if verdict in ("harmless", "detected"):
                crash.passed += 1
        if i % 4 == 3:
            d.go_on(what, want)
    print(f"{crash.args.rounds} damages of {d.used:,} bytes: " +
          ", ".join(f"{kind} {n}" for kind, n in sorted(d.counts.items())))
    crash.done()


main()

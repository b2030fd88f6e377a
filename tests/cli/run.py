#!/usr/bin/env python3
"""run.py - the command line as a person meets it: transcripts that must come out the same again.

A file cases/*.t holds commands and what they print, with an indent of two spaces; all else is prose:

      $ weir -c 'SELECT 1 AS x'
      x
      1
      [3]

Output is stdout and stderr as they come; the last line in brackets is the exit code when it is not
0. Commands of a file share one temporary folder, which is also HOME; `weir` is the program under
test (WEIR, else build/weir). Lines that start with "> " continue a command. One command is one test.

    run.py [--update] [FILE.t...]     --update writes what came out into the files
"""
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WEIR = pathlib.Path(os.environ.get("WEIR", HERE.parent.parent / "build" / "weir")).resolve()
SECONDS_MAX = 60


def environment(home):
    bin_folder = home / ".bin"
    bin_folder.mkdir()
    (bin_folder / "weir").symlink_to(WEIR)
    keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "TSAN_"))}
    return keep | {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8",
                   "TERM": "xterm-256color", "TZ": "UTC"}


def run(command, folder, env):
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, timeout=SECONDS_MAX,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    lines = done.stdout.decode("utf-8", "backslashreplace").split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += "%"  # no line end there
    return lines + ([f"[{done.returncode}]"] if done.returncode else [])


def parse(lines):
    """[(prose or None, command lines, expected lines)], in order."""
    parts, i = [], 0
    while i < len(lines):
        if not lines[i].startswith("  $ "):
            parts.append((lines[i], [], []))
            i += 1
            continue
        command = [lines[i][4:]]
        i += 1
        while i < len(lines) and lines[i].startswith("  > "):
            command.append(lines[i][4:])
            i += 1
        expected = []
        while i < len(lines) and lines[i].startswith("  ") and not lines[i].startswith("  $ "):
            expected.append(lines[i][2:])
            i += 1
        parts.append((None, command, expected))
    return parts


def run_file(path, update):
    passed = failed = 0
    out = []
    with tempfile.TemporaryDirectory(prefix="weir-cli-") as temp:
        folder = pathlib.Path(temp)
        env = environment(folder)
        for prose, command, expected in parse(path.read_text("utf-8").split("\n")):
            if prose is not None:
                out.append(prose)
                continue
            got = run("\n".join(command), folder, env)
            out += ["  " + ("> " if n else "$ ") + line for n, line in enumerate(command)]
            out += ["  " + line for line in got]
            if got == expected:
                passed += 1
            elif not update:
                failed += 1
                print(f"{path.name}: $ {command[0]}")
                print("\n".join(difflib.unified_diff(expected, got, "expected", "got", lineterm="")))
    if update:
        path.write_text("\n".join(out), "utf-8")
    return passed, failed


def main():
    update = "--update" in sys.argv[1:]
    files = [pathlib.Path(a) for a in sys.argv[1:] if a != "--update"]
    passed = failed = 0
    for path in files or sorted((HERE / "cases").glob("*.t")):
        p, f = run_file(path, update)
        passed, failed = passed + p, failed + f
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or (passed == 0 and not update) else 0


sys.exit(main())

#!/usr/bin/env python3
"""docs.py - what README.md and docs/ say is what the program does.

- Pages made from tables (docs/connectors.md and its kin) equal `weir help PAGE`.
- A block marked run is run: ```sql run by `weir -f`, ```sh run by bash with `weir` in the path, and
  must end well; with the word `fails` behind, it must not. Blocks of a page share a folder and a
  catalog, so a later block sees the tables and files of the earlier ones.
- A block marked ```text out behind it is what it printed, in any order of lines.
- Files and folders of ours that a page names exist.
- Commands in the manual's EXAMPLES run.

    docs.py [--update]     --update writes the pages that are made from tables
"""
import glob
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = pathlib.Path(os.environ.get("WEIR", ROOT / "build" / "weir")).resolve()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MADE = ["connectors", "functions", "settings", "errors"]
BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.M | re.S)
FOLDERS = "base|grammar|catalog|planner|connectors|exec|cli|docs|examples|tests|tools"
NAMED = re.compile(rf"`((?:{FOLDERS})/[^`\s]*|weir\w*\.[ch]|[\w]+\.md)`|\]\((?!https?:)([^)#]+)\)")

passed = failed = 0


def check(what, wrong):
    """One test: wrong is empty or says what is."""
    global passed, failed
    if wrong:
        failed += 1
        print(f"{what}:\n    " + "\n    ".join(wrong))
    else:
        passed += 1


def run(args, folder):
    env = os.environ | {"PATH": f"{folder}/.bin:/usr/bin:/bin", "HOME": str(folder), "TZ": "UTC",
                        "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    done = subprocess.run(args, cwd=folder, env=env, timeout=120, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def folder_fill(folder):
    (folder / ".bin").mkdir()
    (folder / ".bin" / "weir").symlink_to(WEIR)
    for name in ("examples", "tests"):
        (folder / name).symlink_to(ROOT / name)


def check_made(update):
    for name in MADE:
        page = ROOT / "docs" / f"{name}.md"
        made = subprocess.run([WEIR, "help", name], check=True, capture_output=True, text=True).stdout
        if update:
            page.write_text(made)
        same = page.exists() and page.read_text() == made
        check(f"docs/{name}.md", [] if same else ["is not what `weir help` prints: docs.py --update"])


def check_blocks(page, folder):
    text, printed = page.read_text(), None
    for m in BLOCK.finditer(text):
        language, words, body = m[1], m[2].split(), m[3]
        what = f"{page.name}:{text.count(chr(10), 0, m.start()) + 1}"
        if "out" in words:
            same = printed is not None and sorted(printed.splitlines()) == sorted(body.splitlines())
            check(what, [] if same else ["was printed:", *(printed or "nothing").splitlines()])
        if "run" not in words:
            continue
        args = ["bash", "-euo", "pipefail", "-c", body]
        if language == "sql":
            (folder / "block.sql").write_text(body)
            args = ["weir", "--catalog", "catalog.db", "--format", "table", "-f", "block.sql"]
        code, printed = run(args, folder)
        wrong = (code == 0) == ("fails" in words)
        check(what, [f"exit code {code}", *printed.splitlines()] if wrong else [])


def check_names(page):
    """`planner/bind_*.c` is a pattern; a name in a link starts at the page, others at the top."""
    text, gone = page.read_text(), []
    for m in NAMED.finditer(BLOCK.sub("", text)):
        name, base = (m[1], ROOT) if m[1] else (m[2], page.parent)
        if re.search(r"[<>$|]", name):
            continue
        if not glob.glob(str(base / name), recursive=True):
            gone.append(f"{name} does not exist")
    check(f"{page.name}: names of files", gone)


def check_manual(folder):
    text = (ROOT / "docs" / "weir.1").read_text().replace("\\-", "-").replace("\\(aq", "'")
    for command in re.findall(r"^\.EX\n(weir .*)\n\.EE$", text, re.M):
        code, printed = run(["bash", "-c", command], folder)
        check(f"weir.1: {command}", [] if code == 0 else [f"exit code {code}", *printed.splitlines()])


def main():
    check_made("--update" in sys.argv[1:])
    for page in PAGES:
        check_names(page)
        with tempfile.TemporaryDirectory(prefix="weir-docs-") as temp:
            folder_fill(pathlib.Path(temp))
            check_blocks(page, pathlib.Path(temp))
    with tempfile.TemporaryDirectory(prefix="weir-docs-") as temp:
        folder_fill(pathlib.Path(temp))
        check_manual(pathlib.Path(temp))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())

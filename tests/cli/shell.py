#!/usr/bin/env python3
"""shell.py - the interactive shell at a terminal (a pty): prompts, keys, Ctrl-C, history, tables.

Each test types and waits for what must appear; nothing waits for a fixed time. The program is WEIR,
else build/weir.
"""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time

HERE = pathlib.Path(__file__).resolve().parent
WEIR = str(pathlib.Path(os.environ.get("WEIR", HERE.parent.parent / "build" / "weir")).resolve())
SECONDS_MAX = 15
CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"


class Shell:
    """weir on a terminal of 100 columns."""

    last = None  # the one that a failed test leaves behind

    def __init__(self, home, *args, **env):
        self.text = ""
        base = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                "TERM": "xterm", "NO_COLOR": "1"}
        keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_"))}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execve(WEIR, ["weir", *args], keep | base | env)
        Shell.last = self
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def seen(self):
        """What is on the screen, more or less: without escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r", "", self.text)

    def wait(self, wanted):
        end = time.monotonic() + SECONDS_MAX
        while wanted not in self.seen():
            if time.monotonic() > end or not (self.read(end - time.monotonic())):
                raise AssertionError(f"no {wanted!r} in {self.seen()!r}")
        at = self.seen()
        self.text = at[at.index(wanted) + len(wanted):]

    def type(self, text):
        os.write(self.fd, text.encode())

    def code(self):
        while self.read(SECONDS_MAX):
            pass
        for _ in range(SECONDS_MAX * 20):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                Shell.last = None
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        raise AssertionError(f"does not end: {self.seen()!r}")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        Shell.last = None


def start(home, *args, **env):
    s = Shell(home, *args, **env)
    s.wait("weir> ")
    return s


def leave(s):
    """Ctrl-D means the end at the prompt only; before it, the terminal swallows it."""
    s.wait("weir> ")
    s.type(CTRL_D)
    code = s.code()
    assert code == 0, f"exit code {code}: {s.seen()}"


def test_statement_over_lines(home):
    s = start(home)
    s.type("SELECT 1 + (\r")
    s.wait("(. ")
    s.type("41) AS answer,\r")
    s.wait("... ")
    s.type("'it\r")
    s.wait("'. ")
    s.type("is';\r")
    s.wait("│ answer │")
    s.wait("42")
    s.wait("it\\nis")
    s.wait("1 row (")
    leave(s)


def test_error_picture(home):
    s = start(home)
    s.type("SELECT nope FROM nothing;\r")
    s.wait("error[W2002]")
    s.wait("--> input:1:18")
    leave(s)


def test_ctrl_c_cancels_the_line(home):
    s = start(home)
    s.type("SELECT (\r")
    s.wait("(. ")
    s.type(CTRL_C)
    s.wait("^C")
    s.wait("weir> ")
    s.type("SELECT 7 AS n;\r")
    s.wait(" n │")
    leave(s)


ENDLESS = ("CREATE TEMPORARY TABLE g (x BIGINT) WITH ('connector' = 'datagen', "
           "'rows-per-second' = '1000');\r")


def test_ctrl_c_cancels_the_query(home):
    s = start(home)
    s.type(ENDLESS)
    s.wait("weir> ")
    s.type("SELECT x FROM g;\r")
    s.wait(" x │")
    s.type(CTRL_C)
    s.wait("interrupted")
    leave(s)


def test_completion(home):
    s = start(home)
    s.type("CREATE TEMPORARY TABLE clicks_of_today (page STRING, price_paid DOUBLE) WITH "
           "('connector' = 'datagen');\r")
    s.wait("weir> ")
    s.type("SELECT price_" + TAB)
    s.wait("price_paid ")
    s.type("fro" + TAB)
    s.wait("from")
    s.type(" clicks_" + TAB)
    s.wait("clicks_of_today ")
    s.type(CTRL_C)
    s.wait("weir> ")
    s.type("CREATE TABLE t (a INT) WITH ('connec" + TAB)
    s.wait("connector'")
    s.type(" = 'files" + TAB)
    s.wait("filesystem'")
    s.type(CTRL_C)
    s.wait("weir> ")
    s.type(".tab" + TAB)
    s.wait(".tables ")
    s.type("\r")
    s.wait("clicks_of_today")
    leave(s)


def test_history_is_kept(home):
    s = start(home)
    s.type("SELECT 'first\r")
    s.wait("'. ")
    s.type("line' AS t; -- a remark\r")
    s.wait("1 row")
    s.wait("weir> ")
    s.type("SELECT 'my password' AS p;\r")
    s.wait("1 row")
    leave(s)
    path = home / ".local/state/weir/history"
    assert path.read_text() == "SELECT 'first\\nline' AS t;\n", path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    s = start(home)
    s.type(UP + "\r")
    s.wait("first\\nline")
    leave(s)


def test_catalog_is_kept(home):
    s = start(home)
    s.type("CREATE TABLE kept (a INT) WITH ('connector' = 'blackhole');\r")
    leave(s)
    assert (home / ".local/share/weir/catalog.db").stat().st_mode & 0o777 == 0o600
    s = start(home)
    s.type("\\dt\r")
    s.wait("kept")
    leave(s)


def test_rc_file(home):
    (home / ".config/weir").mkdir(parents=True)
    (home / ".config/weir/weirrc.sql").write_text(
        "CREATE TEMPORARY VIEW from_rc AS SELECT 5 AS five;\n")
    s = start(home)
    s.type("SELECT * FROM from_rc;\r")
    s.wait(" five │")
    leave(s)
    s = start(home, "--no-rc")
    s.type("SELECT * FROM from_rc;\r")
    s.wait("error[W2002]")
    leave(s)


def test_dot_commands(home):
    s = start(home)
    s.type(".mode jsonl\r.nullvalue x\rSELECT 1 AS a;\r")
    s.wait('{"a":1}')
    s.type("\\x\rSELECT 1 AS a;\r")
    s.wait("a = 1")
    s.type("\\x\r.timer on\rSELECT 2 AS a;\r")
    s.wait('{"a":2}')
    s.wait("time: ")
    s.type(".output rows.txt\rSELECT 3 AS a;\r.output\rSELECT 4 AS a;\r")
    s.wait('{"a":4}')
    rows = (home / "rows.txt").read_text()
    assert rows == '{"a":3}\n', rows
    (home / "more.sql").write_text("SELECT 'read' AS how;")
    s.type(".read more.sql\r")
    s.wait('{"how":"read"}')
    s.type(".tabels\r")
    s.wait("Did you mean .tables?")
    s.type(".quit\r")
    code = s.code()
    assert code == 0, f"exit code {code}: {s.seen()}"


def test_terminal_is_protected(home):
    s = start(home)
    s.type("SELECT U&'\\001b[31mred\\202e' AS t;\r")
    s.wait("␛[31mred\\u202e")
    s.type(".mode csv\rSELECT U&'\\001b]0;title\\0007' AS t;\r")
    s.wait("␛]0;title␇")
    leave(s)


def test_narrow_terminal_hides_columns(home):
    s = start(home)
    s.type("SELECT " + ", ".join(f"'some text {i}' AS c{i}" for i in range(12)) + ";\r")
    s.wait("of 12 columns shown")
    leave(s)


def test_color(home):
    s = Shell(home, "--color", "always", "-c", "SELECT nope")
    assert s.code() == 3
    assert "\x1b[" in s.text
    s = Shell(home, "-c", "SELECT nope")
    assert s.code() == 3
    assert "\x1b[" not in s.text


def test_hang_up_and_term(home):
    s = start(home)
    os.kill(s.pid, signal.SIGTERM)
    assert s.code() == 143


def test_dumb_terminal(home):
    s = start(home, TERM="dumb")
    s.type("SELECT 1 AS one;\r")
    s.wait(" one │")
    leave(s)


def main():
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_")]
    if sys.argv[1:]:
        tests = [(n, f) for n, f in tests if n in sys.argv[1:]]
    failed = 0
    for name, test in tests:
        with tempfile.TemporaryDirectory(prefix="weir-shell-") as home:
            try:
                test(pathlib.Path(home))
            except AssertionError as e:
                failed += 1
                print(f"{name}: {e}")
                if Shell.last:
                    Shell.last.kill()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())

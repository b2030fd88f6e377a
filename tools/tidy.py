#!/usr/bin/env python3
"""tidy.py - the house rules that a compiler cannot see.

No options; prints file:line: rule, exits 1 on findings. Looks at every file that git knows or would
add. A line that must break a rule says why in a comment that holds the words `tidy: ok`.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX, COLUMNS_MAX, FUNCTION_MAX = 800, 100, 70

TOP = set("""grammar planner exec catalog connectors cli base tests docs examples tools meson.build
    meson_options.txt weir.h weir.c dev README.md CONTRIBUTING.md LICENSE""".split())

# Room -> what it may include besides its own headers: rooms end in /, single headers do not.
MAY_INCLUDE = {
    "base": [],
    "grammar": ["base/"],
    "catalog": ["base/"],
    "connectors": ["base/"],
    "planner": ["base/", "catalog/", "grammar/ast.h", "grammar/parse.h"],
    "exec": ["base/", "catalog/func.h", "planner/plan.h", "planner/plan_nodes.def",
             "connectors/connector.h", "connectors/registry.h"],
    "cli": ["base/", "weir.h", "grammar/parse.h", "grammar/lex.h"],
    "weir.h": ["base/"],
}
# Header of a library -> the one room that may include it; tests may include all.
THIRD_PARTY = {
    "sqlite3.h": "catalog", "simdjson.h": "connectors", "zlib.h": "connectors",
    "zstd.h": "connectors", "pcre2.h": "exec", "histedit.h": "cli", "editline/readline.h": "cli",
}
ONE_ROOM = {"utf8proc.h", "xxhash.h", "lmdb.h"}  # one room too, whichever needs it
# The build looks for <name.h> in a room first, and the system's own headers include these.
SYSTEM_HEADERS = set("""alloca assert ctype dirent errno features fcntl fenv float glob inttypes limits locale
    math poll pthread pwd regex sched search semaphore setjmp signal spawn stdarg stddef stdint
    stdio stdlib string strings termios time unistd wchar wctype""".split())
LIBRARY_ROOMS = ("base", "grammar", "catalog", "planner", "connectors", "exec")
PURE = ("grammar/", "planner/", "exec/ops/")

# (where: path prefixes, except: paths, what: in code without comments and strings, say)
BANNED = [
    (("",), ("base/mem.c", "tests/"), r"\b(malloc|calloc|realloc|reallocarray|strdup|strndup)\(",
     "banned call: memory comes from base/mem.h or an arena"),
    (("",), ("tests/",), r"\b(strcpy|strcat|strncpy|strncat|v?sprintf|gets|strtok)\(",
     "banned call: text is built with StrBuf (base/str.h)"),
    (("",), (), r"\b(atoi|atol|atoll|atof)\(", "banned call: numbers are parsed with an error"),
    (("",), (), r"\balloca\(", "banned call: no memory on the stack whose size is not a constant"),
    (("",), (), r"\b(rand|srand|random|srandom|drand48)\(", "banned call: Rng (base/rng.h) replays"),
    (PURE, (), r"(?<![>.\w])(time|clock|gettimeofday|clock_gettime|localtime|gmtime|getenv|open|fopen"
     r"|read|write|stat)\(", "no clock, file or environment here: runs must replay"),
    (LIBRARY_ROOMS, ("base/mem.c", "base/log.c", "base/failpoint.c"),
     r"\b(printf|puts|putchar|perror|exit|_exit|quick_exit)\(",
     "a library room neither prints nor exits: return a Status"),
    (LIBRARY_ROOMS, ("base/mem.c", "base/log.c", "base/failpoint.c"), r"\b(stdout|stderr)\b",
     "a library room does not print: return a Status"),
]
NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK)\b|(^|/\*|#|//)\s*X" r"XX\b")
MACHINE = re.compile(r"""(["'`=( ]|^)/(work|root|farm|home/[a-z]+)/""")
REGISTRY = re.compile(r"https?://[a-z0-9.-]*(registry|repo1|proxy|pypi|crates|deb)[a-z0-9.-]*\.")
DRAWER = re.compile(r"(^|_)(util|utils|helper|helpers|common|misc)(_|$)")
TYPE_DRAWER = re.compile(r"^(?:typedef )?(?:struct|enum|union) \w*(?:Util|Helper|Common|Misc)\w*")
INCLUDE = re.compile(r'#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
# A comment, a string or a character: code is what is left.
NOT_CODE = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
                      re.S)
GLOBAL = re.compile(r"^(?:static|_Atomic|_Thread_local|[A-Za-z_]\w*)\b[\w \*]*\b\w+(?:\[[^\]]*\])*"
                    r"(?:\s*=[^;(]*)?;")
NOT_GLOBAL = re.compile(r"\bconst\b|^(?:extern|typedef|struct|union|enum|return|static_assert|using|namespace|goto)\b")

findings = []
seen_in = {}  # library header -> rooms that include it


def complain(path, line, rule):
    findings.append((str(path), line, rule))


def files():
    try:
        out = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "-z"],
                                      cwd=ROOT, text=True, stderr=subprocess.DEVNULL)
        names = [n for n in out.split("\0") if n]
    except (OSError, subprocess.CalledProcessError):  # a source archive: no git, no leftovers
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()
                 and not p.relative_to(ROOT).parts[0].startswith((".git", ".deps", "build"))]
    return [pathlib.PurePosixPath(n) for n in sorted(set(names)) if (ROOT / n).is_file()]


def blank(match):
    """The same number of lines, and nothing on them; an empty string for a string."""
    text = match[0]
    return '""' if text[0] in "\"'" else " " + "\n" * text.count("\n")


def check_every_line(path, lines):
    source = path.suffix in (".c", ".h", ".cc", ".cpp", ".y", ".re", ".def", ".py", ".build", "")
    for n, line in enumerate(lines, 1):
        if "tidy: ok" in line:
            continue
        if MACHINE.search(line):
            complain(path, n, "names a path of one machine")
        if REGISTRY.search(line):
            complain(path, n, "names a package registry's host")
        if source and NOTES.search(line):
            complain(path, n, "a note to self: do it, document the limit, or file it")


def check_include(path, room, n, line):
    m = INCLUDE.match(line)
    if not m:
        return
    ours, theirs = m[1], m[2]
    if theirs:
        home = THIRD_PARTY.get(theirs)
        if home and room not in (home, "tests"):
            complain(path, n, f"<{theirs}> belongs to {home}/ alone")
        if theirs in ONE_ROOM and room != "tests":
            seen_in.setdefault(theirs, {}).setdefault(room, (path, n))
        return
    allowed = MAY_INCLUDE.get(room)
    if allowed is None or ours.startswith(room + "/") or ours in allowed:
        return
    if "/" not in ours and room == "grammar" and ours.startswith(("grammar", "lexer")):
        return  # what lemon and re2c made
    if not any(ours.startswith(ok) for ok in allowed if ok.endswith("/")):
        complain(path, n, f"{room} may not include {ours}")


def check_functions(path, code):
    start = 0
    for n, line in enumerate(code, 1):
        if line.rstrip() == "{":
            start = n
        elif line.rstrip() == "}" and start:
            if n - start - 1 > FUNCTION_MAX:
                complain(path, start, f"function of {n - start - 1} lines, more than {FUNCTION_MAX}")
            start = 0


def check_code(path, room, code, lines):
    name = str(path)
    rules = [(re.compile(what), say) for where, but, what, say in BANNED
             if name.startswith(tuple(w + "/" if w and not w.endswith("/") else w for w in where))
             and not name.startswith(but or ("\0",))]
    for n, (line, raw) in enumerate(zip(code, lines), 1):
        if "tidy: ok" in raw:
            continue
        for what, say in rules:
            if what.search(line):
                complain(path, n, say)
        if room != "tests" and GLOBAL.match(line) and not NOT_GLOBAL.search(line):
            complain(path, n, "a global that can change: put it into a struct with an owner")
        if TYPE_DRAWER.match(line):
            complain(path, n, "name the concept, not the drawer")


def check_source(path, text, lines):
    room = path.parts[0]
    if not lines[0].startswith(f"/* {path.name} - "):
        complain(path, 1, f'the first line must be "/* {path.name} - <what it is for>"')
    if DRAWER.search(path.stem.replace("-", "_")):
        complain(path, 1, "name the concept, not the drawer")
    if path.suffix == ".h" and path.stem in SYSTEM_HEADERS:
        complain(path, 1, f"hides the system's <{path.name}> from this room: another name")
    if len(lines) > LINES_MAX:
        complain(path, 1, f"{len(lines)} lines, more than {LINES_MAX}: split by concept")
    for n, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            complain(path, n, f"longer than {COLUMNS_MAX} columns")
        check_include(path, room, n, line)
    for m in NOT_CODE.finditer(text):
        if m[0].startswith("//"):
            complain(path, text.count("\n", 0, m.start()) + 1, "/* */ for comments, which stay")
    code = NOT_CODE.sub(blank, text).split("\n")
    check_code(path, room, code, lines)
    if path.suffix != ".re":  # its big switch is a table
        check_functions(path, code)


def check_manual():
    """Every option of the program stands in the manual and in each completion, and the reverse."""
    table = ROOT / "cli/options.c"
    if not table.exists():
        return
    row = re.compile(r'^ {4}\{"([a-z-]+)", (?:0|\'.\'), ', re.M)
    options = set(row.findall(table.read_text())) | {"update"}  # that one is `weir test`'s
    places = [(ROOT / "docs/weir.1", r"--([a-z-]+)"), (ROOT / "tools/completions/_weir", r"--([a-z-]+)"),
              (ROOT / "tools/completions/weir.bash", r"--([a-z-]+)"),
              (ROOT / "tools/completions/weir.fish", r"(?<!set) -l ([a-z-]+)")]
    for place, shape in places:
        there = set(re.findall(shape, place.read_text().replace("\\-", "-")))
        for name in sorted(options - there):
            complain(place.relative_to(ROOT), 1, f"--{name} of cli/options.c is missing here")
        for name in sorted(there - options):
            complain(place.relative_to(ROOT), 1, f"--{name} is not in cli/options.c")


def main():
    check_manual()
    for path in files():
        if not path.parts[0].startswith((".", "weir_")) and path.parts[0] not in TOP:
            complain(path, 1, f"the top level does not hold {path.parts[0]}")
        data = (ROOT / path).read_bytes()
        if b"\0" in data[:4096] or "corpus" in path.parts:
            continue
        text = data.decode("utf-8", "replace")
        lines = text.removesuffix("\n").split("\n")
        if path.name != "tidy.py":
            check_every_line(path, lines)
        if path.suffix in (".c", ".h", ".re", ".cc", ".cpp"):
            check_source(path, text, lines)
    for header, rooms in seen_in.items():
        for room in sorted(rooms)[1:]:
            complain(*rooms[room], f"<{header}> is included by {sorted(rooms)[0]}/ already: one room")
    for path, line, rule in sorted(findings):
        print(f"{path}:{line}: {rule}")
    return 1 if findings else 0


sys.exit(main())

"""cases.py - each kind of case file as a list of cases: a script to run and a check of what it gives."""
import collections
import decimal
import json
import re

import values
from values import NotYet

CONF_NAMES = {"LOCAL_TIME_ZONE": "table.local-time-zone", "TABLE_LOCAL_TIME_ZONE": "table.local-time-zone"}
# Optimiser settings and others that change no result (conformance/README.md).
CONF_HARMLESS = re.compile(r"OPTIMIZER|MINI.?BATCH|MINIBATCH|optimizer|mini-batch|TWO_PHASE|AGG_PHASE|agg-phase|SPLIT|"
                           r"ASYNC|async|SINK_UPSERT|state.ttl|STATE_TTL|REUSE|^x$|non-temporal")


class Case:
    """name: for people. script: statements. check(result sets) -> None, or what is wrong. more: scripts that run
    after it in processes of their own; their result sets follow."""

    def __init__(self, name, script="", check=None, left_out="", must_fail=False, about_unknown=False, more=()):
        self.name, self.script, self.check, self.more = name, script, check, more
        self.left_out, self.must_fail, self.about_unknown = left_out, must_fail, about_unknown


def guarded(name, left_out, make):
    """A case whose types weir lacks is not yet; one on the project's list is left out by name."""
    if name in left_out:
        return Case(name, left_out=left_out[name])
    try:
        case = make()
    except NotYet as e:
        return Case(name, left_out=f"needs {e}")
    case.name = name
    return case


def settings(config):
    out = []
    for key, value in (config or {}).items():
        key = CONF_NAMES.get(key, key)
        if CONF_HARMLESS.search(key):
            continue
        if "legacy-cast" in key or "LEGACY_CAST" in key:
            raise NotYet("the legacy cast behaviour")
        if ".emit." in key:
            raise NotYet("early and late firing")
        out.append(f"SET {values.quote(key)} = {values.quote(str(value))};\n")
    return "".join(out)


# ---- expressions ---------------------------------------------------------------------------------------------------

def fields_table(columns, sql, needed=None):
    """The one-row input of an expression, with the columns that it names."""
    used = [c for c in columns if (needed and c["name"] in needed) or
            (not needed and re.search(r"\b" + re.escape(c["name"]) + r"\b", sql))]
    if not used:
        return ""
    cells = ", ".join(values.sql_value(c["value"], c["type"]) for c in used)
    names = ", ".join(values.name(c["name"]) for c in used)
    return f" FROM (VALUES ({cells})) AS t({names})"


def same_text(expected, approx):
    def check(sets):
        got = sets[-1][0][0]
        got = "NULL" if got is None else got
        if got == expected:
            return None
        if approx:
            try:
                a, b = float(got), float(expected)
                if a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b)):
                    return None
            except ValueError:
                pass
        return f"expected {expected!r}, got {got!r}"
    return check


def scalar_pairs(folder, left_out):
    inputs = json.loads((folder / "scalar_rows.json").read_text())
    out = []
    for i, c in enumerate(json.loads((folder / "scalar_pairs.json").read_text())):
        def make(c=c):
            if c.get("needs"):
                raise NotYet(c["needs"])
            source = fields_table(inputs[c["row"]]["columns"], c["sql"], c.get("uses")) if c["fields"] else ""
            # Fields whose zone is the session's are made under the case's settings.
            script = settings(c.get("config")) + f"SELECT CAST(({c['sql']}) AS STRING){source};"
            return Case("", script, same_text(c["expected"], c.get("approx") or c.get("unverified")))
        out.append(guarded(f"{c['test']}#{i}: {c['sql'][:120]}", left_out, make))
    return out


def scalar_errors(folder, left_out):
    inputs = json.loads((folder / "scalar_rows.json").read_text())
    out = []
    for i, c in enumerate(json.loads((folder / "scalar_errors.json").read_text())):
        def make(c=c):
            source = fields_table(inputs[c["row"]]["columns"], c["sql"], c.get("uses")) if c["fields"] else ""
            return Case("", settings(c.get("config")) + f"SELECT ({c['sql']}) AS x{source};", must_fail=True)
        out.append(guarded(f"{c['test']}#{i}: {c['sql'][:120]}", left_out, make))
    return out


def number(value):
    return decimal.Decimal(str(value))


def same_value(expected, sql_type, zone):
    kind = sql_type.upper().split("(")[0].split("<")[0].split(" ")[0]

    def check(sets):
        rows, types = values.rows_with_types(sets)
        got = rows[0][0]
        if types[0].replace(" NOT NULL", "") != normal_type(sql_type):
            return f"expected type {sql_type}, got {types[0]}"
        if expected is None or got is None:
            return None if expected is None and got is None else f"expected {expected!r}, got {got!r}"
        want = expected
        if isinstance(want, dict) and "hex" in want:
            import base64
            want = base64.b64encode(bytes.fromhex(want["hex"])).decode()
        if kind in ("TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL"):
            ok = number(got) == number(want)
        elif kind in ("FLOAT", "DOUBLE"):
            a, b = float(got), float(want)
            ok = a == b or a != a and b != b or abs(a - b) <= (1e-6 if kind == "FLOAT" else 1e-12) * abs(b)
        elif kind == "TIMESTAMP_LTZ":
            ok = values.local_to_instant(got.rstrip("Z"), zone) == values.iso_time(str(want)) or \
                values.iso_time(got) == values.iso_time(str(want))
        elif kind in ("TIMESTAMP", "DATE", "TIME"):
            fix = values.iso_clock if kind == "TIME" else values.iso_time
            ok = fix(got) == fix(str(want))
        else:
            ok = got == want
        return None if ok else f"expected {want!r}, got {got!r}"
    return check


def normal_type(t):
    t = t.replace(" NOT NULL", "").replace("VARCHAR(2147483647)", "STRING").replace("VARBINARY(2147483647)", "BYTES")
    return t.replace("WITH LOCAL TIME ZONE", "LTZ").replace("TIMESTAMP(3) LTZ", "TIMESTAMP_LTZ(3)")


def function_cases(folder, left_out):
    doc = json.loads((folder / "function_cases.json").read_text())
    out = []
    for i, c in enumerate(doc["cases"]):
        def make(c=c):
            if c.get("udf"):
                raise NotYet("a user's function")
            if re.match(r"(ARRAY|MAP|ROW|MULTISET|RAW|STRUCTURED)", c["type"]):
                raise NotYet(f"type {c['type']}")
            config = c.get("config")
            query = f"SELECT ({c['sql']}) AS x{fields_table(c['fields'], c['sql'])}"
            zone = (config or {}).get("table.local-time-zone", "UTC")
            script = settings(config) + f"{query};\nDESCRIBE {query};"
            return Case("", script, same_value(c["expected"], c["type"], zone))
        out.append(guarded(f"cases#{i} {c['group']}: {c['sql'][:100]}", left_out, make))
    for i, c in enumerate(doc["errors"]):
        def make(c=c):
            if c.get("udf"):
                raise NotYet("a user's function")
            script = settings(c.get("config")) + f"SELECT ({c['sql']}) AS x{fields_table(c['fields'], c['sql'])};"
            return Case("", script, must_fail=True)
        out.append(guarded(f"errors#{i} {c['group']}: {c['sql'][:100]}", left_out, make))
    for kind in ("aggregates", "aggregate_errors"):
        for i, c in enumerate(doc[kind]):
            def make(c=c, kind=kind):
                if kind == "aggregate_errors":
                    return Case("", tables(c["tables"]) + c["sql"] + ";", must_fail=True)
                rows = [",".join("null" if v is None else str(v) for v in row) for row in c["expected"]]
                return stream_case({**c, "expected": rows})
            out.append(guarded(f"{kind}#{i}: {c['sql'][:100]}", left_out, make))
    return out


# ---- tables and queries ----------------------------------------------------------------------------------------------

def create_table(t, connector="memory"):
    columns = []
    for c in t["columns"]:
        columns.append(f"{values.name(c['name'])} AS {c['expr']}" if c.get("expr") else
                       f"{values.name(c['name'])} {c['type']}" + (" NOT NULL" if c.get("not_null") else ""))
    if t.get("watermark"):
        columns.append("WATERMARK FOR " + t["watermark"])
    if t.get("primary_key"):
        columns.append(f"PRIMARY KEY ({', '.join(map(values.name, t['primary_key']))}) NOT ENFORCED")
    return f"CREATE TABLE {values.name(t['name'])} (\n  " + ",\n  ".join(columns) + f"\n) WITH ('connector' = '{connector}');\n"


def insert_rows(name, types, rows):
    if not rows:
        return ""
    lines = ["(" + ", ".join(values.sql_value(v, t) for v, t in zip(row, types)) + ")" for row in rows]
    return f"INSERT INTO {values.name(name)} VALUES\n  " + ",\n  ".join(lines) + ";\n"


def tables(defs):
    out = []
    for t in defs:
        if t.get("row_kinds") and any(k != "+I" for k in t["row_kinds"]):
            raise NotYet("a changelog as source")
        if t.get("watermark_events"):
            raise NotYet("scripted watermarks")
        out.append(create_table(t))
        types = [c["type"] for c in t["columns"] if not c.get("expr")]
        out.append(insert_rows(t["name"], types, t["rows"]))
    return "".join(out)


def views(defs):
    out = []
    for v in defs or []:
        names = f" ({', '.join(map(values.name, v['columns']))})" if v.get("columns") else ""
        out.append(f"CREATE VIEW {values.name(v['name'])}{names} AS {v['sql']};\n")
    return "".join(out)


def materialize(messages):
    """The final rows of a raw changelog: '(true|false,row)' or '+I(row)'."""
    bag = collections.Counter()
    for m in messages:
        if m.startswith("("):
            flag, _, row = m[1:-1].partition(",")
            bag[row] += 1 if flag == "true" else -1
        else:
            bag[m[3:-1]] += 1 if m[:2] in ("+I", "+U") else -1
    return list(bag.elements())


def same_rows(expected, ordered, zone, distinct=False):
    def check(sets):
        rows, types = values.rows_with_types(sets)
        ltz = [t.startswith("TIMESTAMP_LTZ") for t in types]
        got = []
        for row in rows:
            cells = []
            for value, kind, is_ltz in zip(row, types, ltz):
                if is_ltz and value is not None and not value.endswith("Z"):
                    value = values.local_to_instant(value, zone)
                cells.append(values.flink_cell(value, kind))
            got.append(",".join(cells))
        want = list(expected)
        if distinct:
            got, want = list(set(got)), list(set(want))
        if not ordered:
            got.sort()
            want.sort()
        return None if got == want else "expected\n  " + "\n  ".join(want) + "\ngot\n  " + "\n  ".join(got)
    return check


def stream_case(c):
    if c.get("udf"):
        raise NotYet("a user's function")
    expected = c.get("expected_bounded", c["expected"])
    if c.get("result_kind") == "raw_changelog" and "expected_bounded" not in c:
        expected = materialize(expected)
    config = c.get("config") or {}
    zone = config.get("table.local-time-zone", "UTC")
    sql = c["sql"].strip().rstrip(";")
    script = settings(config) + tables(c["tables"]) + views(c.get("views")) + f"{sql};\nDESCRIBE {sql};"
    return Case("", script, same_rows(expected, c.get("ordered"), zone))


def stream_cases(name):
    def load(folder, left_out):
        return [guarded(c["id"], left_out, lambda c=c: stream_case(c)) for c in json.loads((folder / name).read_text())]
    return load


def stream_errors(folder, left_out):
    out = []
    for c in json.loads((folder / "stream_errors.json").read_text()):
        def make(c=c):
            return Case("", tables(c["tables"]) + views(c.get("views")) + c["sql"] + ";", must_fail=True)
        out.append(guarded(c["id"], left_out, make))
    return out


# ---- programs with sources and sinks -----------------------------------------------------------------------------------

def schema_columns(schema):
    """Physical columns of a program's schema lines: [(name, type)]."""
    out = []
    for line in schema:
        if re.match(r"\s*(PRIMARY KEY|WATERMARK)", line, re.I) or re.match(r"\s*`?\w+`?\s+AS\s", line, re.I):
            continue
        m = re.match(r"\s*`?([^`\s]+)`?\s+(.*)", line, re.S)
        out.append((m[1], re.sub(r"\s+(METADATA|PRIMARY KEY).*$", "", m[2], flags=re.I | re.S)))
    return out


def schema_lines(schema):
    """One column or constraint a line; a test connector does not cut texts, so a bare VARCHAR is a STRING."""
    out = []
    for line in schema:
        depth, part = 0, ""
        for ch in line + ",":
            depth += (ch in "(<") - (ch in ")>")
            if ch == "," and depth == 0:
                out.append(re.sub(r"\bvarchar\b(?!\s*\()", "STRING", part.strip(), flags=re.I))
                part = ""
            else:
                part += ch
    return [p for p in out if p]


def primary_key(schema):
    for line in schema:
        m = re.match(r"\s*PRIMARY KEY\s*\(([^)]*)\)", line, re.I)
        if m:
            return [n.strip(" `") for n in m[1].split(",")]
        m = re.match(r"\s*`?([^`\s]+)`?\s.*PRIMARY KEY", line, re.I)
        if m:
            return [m[1]]
    return []


def program_source(s, rows):
    if any(kind != "+I" for kind, _ in rows):
        raise NotYet("a changelog as source")
    # The test connector hands out metadata of its own.
    if any(re.search(r"METADATA", line, re.I) for line in s["schema"]):
        raise NotYet("metadata columns of the test connector")
    schema = schema_lines(s["schema"])
    text = f"CREATE TABLE {values.name(s['name'])} (\n  " + ",\n  ".join(schema) + "\n) WITH ('connector' = 'memory');\n"
    types = [t for _, t in schema_columns(schema)]
    return text + insert_rows(s["name"], types, [r for _, r in rows])


def program_rows(sink, messages):
    if sink["materialized"]:
        return [m[3:-1] for m in sink["materialized"]]
    schema = schema_lines(sink["schema"])
    key = primary_key(schema)
    if key:  # an upsert sink: the last row of each key
        at = [[n for n, _ in schema_columns(schema)].index(k) for k in key]
        rows = {}
        for m in messages:
            cells = m[3:-1].split(", ")
            rows.pop(tuple(cells[i] for i in at), None)
            if m[:2] in ("+I", "+U"):
                rows[tuple(cells[i] for i in at)] = m[3:-1]
        return list(rows.values())
    bag = collections.Counter()
    for m in messages:
        bag[m[3:-1]] += 1 if m[:2] in ("+I", "+U") else -1
    return list(bag.elements())


# Windows over processing time: what came before the restart and what came after are never in one window.
PROCESSING_TIME = re.compile(r"DESCRIPTOR\(\s*proc_?time|\b(TUMBLE|HOP|SESSION)\(\s*proc_?time", re.I)


def program_run(p, conf, phases):
    """One run over the rows of these phases: its script and the rows of each sink."""
    script = settings(conf) + "".join(program_source(s, sum((s[x] for x in phases), [])) for s in p["sources"])
    for s in p["sinks"]:
        columns = ",\n  ".join(schema_lines(s["schema"]))
        script += f"CREATE TABLE {values.name(s['name'])} (\n  {columns}\n) WITH ('connector' = 'memory');\n"
    script += "".join(sql.strip().rstrip(";") + ";\n" for sql in p["sql"])
    expected = []
    for s in p["sinks"]:
        names = ", ".join(values.name(n) for n, _ in schema_columns(schema_lines(s["schema"])))
        query = f"SELECT {names} FROM {values.name(s['name'])}"
        script += f"{query};\nDESCRIBE {query};\n"
        rows = program_rows(s, sum((s[x] for x in phases), []))
        expected.append([", ".join(row.split(", ")) for row in rows])
    return script, expected


def table_program(p):
    if p["udf"]:
        raise NotYet("a user's function")
    conf = dict(c.split("=", 1) if isinstance(c, str) else c for c in p["conf"])
    apart = any(PROCESSING_TIME.search(sql) for sql in p["sql"])
    runs = [program_run(p, conf, phases) for phases in ([["before"], ["after"]] if apart else [["before", "after"]])]

    def check(sets):
        # In how many windows a row of processing time is depends on when the run began.
        each = len(sets) // len(runs)
        for n, (_, expected) in enumerate(runs):
            results = sets[n * each:(n + 1) * each][-2 * len(expected):]
            for i, want in enumerate(expected):
                same = same_rows([w.replace(", ", ",") for w in want], False, "UTC", distinct=apart)
                problem = same(results[2 * i:2 * i + 2])
                if problem:
                    return problem
        return None
    return Case("", runs[0][0], check, more=[script for script, _ in runs[1:]])


def table_programs(folder, left_out):
    return [guarded(f"{p['class']}.{p['id']}", left_out, lambda p=p: table_program(p))
            for p in json.loads((folder / "table_programs.json").read_text())]


FILES = {
    "scalar_pairs.json": scalar_pairs,
    "scalar_errors.json": scalar_errors,
    "function_cases.json": function_cases,
    "doc_cases.json": stream_cases("doc_cases.json"),
    "stream_cases.json": stream_cases("stream_cases.json"),
    "stream_cases_extra.json": stream_cases("stream_cases_extra.json"),
    "stream_cases_ltz.json": stream_cases("stream_cases_ltz.json"),
    "stream_errors.json": stream_errors,
    "table_programs.json": table_programs,
}

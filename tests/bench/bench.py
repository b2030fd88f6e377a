#!/usr/bin/env python3
"""bench.py - weir beside DuckDB, Polars and DataFusion: the same files, the same run, interleaved.

./dev bench [WORKLOAD...] [options]; workloads (default: w1 start):
  w1            Q1, Q2, Q4 over CSV and JSON lines at 1 and 2 threads; results compared
  start         process start to the first row, and SELECT 1
  memory        peak memory of weir's Q1 at a tenth of the rows and at all of them
  instructions  callgrind instructions per row of weir's Q1: a figure without noise
  w2            windows: HOP 1 h / 1 s beside TUMBLE 1 h, sessions, CUMULATE
  w5            30 M keys with and without a memory limit of 512 MB
  w9            what a checkpoint every second costs, at a million dirty keys
  w10           start from the state of 10 M keys, bytes of each

Every run is a process of its own; wall and CPU seconds and peak memory come from the kernel's account
of it. Peers are charged their seconds without the start of Python; weir is charged from
process start. All are held to the same processors. This program stays small (it loads no data),
for a child's peak memory starts at its parent's. Figures go to build/bench/*.json.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

from runs import BENCH, HERE, measure, say
from state import w5, w9, w10
from w2 import w2

PYTHON = sys.executable
PEERS = ("duckdb", "polars", "datafusion")
FORMATS = {"csv": "csv", "jsonl": "json"}  # ending of the file -> weir's name of the format

TABLE = """CREATE TABLE clicks (
  ts TIMESTAMP(3), user_id BIGINT, page STRING, action STRING, price DOUBLE, country STRING, dur INT,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = '{format}'{more});
"""
HEADER = {"csv": ", 'csv.header' = 'true'", "json": ""}
WINDOW = "TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY window_start, window_end"
QUERIES = {
    "q1": f"SELECT window_start, page, COUNT(*), SUM(price), MAX(price) FROM {WINDOW}, page;",
    "q2": f"SELECT window_start, user_id, COUNT(*), SUM(price) FROM {WINDOW}, user_id;",
    "q4": "SELECT ts, user_id, page, price FROM clicks WHERE dur < 300;",
}


def sql_file(query, ending, source):
    fmt = FORMATS[ending]
    path = BENCH / f"{query}-{ending}-{source.parent.name}.sql"
    path.write_text(TABLE.format(path=source, format=fmt, more=HEADER[fmt]) + QUERIES[query] + "\n")
    return path


def run_weir(args, query, ending, threads, source, target):
    command = [args.weir, "--threads", str(threads), "--format", "csv",
               "-f", str(sql_file(query, ending, source))]
    with open(target, "wb") as out:
        figures, _ = measure(command, threads, out)
    figures["seconds"] = figures["wall"]
    return figures


def run_peer(engine, query, ending, threads, source, target, versions):
    command = [PYTHON, str(HERE / "peer.py"), engine, query, ending, str(threads), str(source),
               str(target)]
    figures, printed = measure(command, threads, None)
    answer = json.loads(printed)
    versions[engine] = answer["version"]
    figures["seconds"] = answer["seconds"]
    return figures


def data(rows):
    """The two files of so many rows, made once, and read once so that they are in memory."""
    folder = BENCH / "data" / str(rows)
    files = {ending: folder / f"clicks.{ending}" for ending in FORMATS}
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        say(f"generating {rows:,} rows")
        subprocess.run([HERE.parent.parent / "build/tests/clicks", str(rows), folder], check=True)
        (folder / "done").touch()
    for path in files.values():
        with open(path, "rb", buffering=0) as f:
            while f.read(1 << 22):
                pass
    return files


def compare(query, results):
    """All against the first; {engine: rows}, {engine: rows that differ}."""
    names = list(results)
    rows, different = {}, {}
    for name in names[1:] or names:
        out = subprocess.run([PYTHON, str(HERE / "compare.py"), query, str(results[names[0]]),
                              str(results[name])], check=True, capture_output=True)
        answer = json.loads(out.stdout)
        rows[names[0]], different[name] = answer["rows"], answer["different"]
    return rows.get(names[0], 0), different


def median(runs, key):
    return statistics.median(r[key] for r in runs)


def cell_report(rows, threads, runs):
    """Medians of each engine, and the ratio of weir to the best peer, round by round."""
    report = {}
    for engine, rounds in runs.items():
        seconds = median(rounds, "seconds")
        report[engine] = {
            "rows_per_s": rows / seconds, "ns_per_row_core": seconds * threads / rows * 1e9,
            "seconds": seconds, "wall": median(rounds, "wall"), "cpu": median(rounds, "cpu"),
            "rss_mb": max(r["rss_mb"] for r in rounds), "rounds": [r["seconds"] for r in rounds]}
    peers = [e for e in runs if e != "weir"]
    if "weir" in runs and peers:
        best = min(peers, key=lambda e: report[e]["seconds"])
        ratios = [p["seconds"] / w["seconds"] for p, w in zip(runs[best], runs["weir"])]
        report["ratio"] = {"best": best, "median": statistics.median(ratios), "min": min(ratios),
                           "max": max(ratios)}
    return report


def print_cell(name, report, out_rows, different):
    print(f"\n{name}  ({out_rows:,} rows out)")
    print("  engine       M rows/s  ns/row/core   wall s    CPU s  peak MB   result")
    for engine, r in report.items():
        if engine == "ratio":
            continue
        same = {None: "reference", 0: "same"}.get(different.get(engine), "DIFFERENT")
        print(f"  {engine:<12} {r['rows_per_s'] / 1e6:8.2f} {r['ns_per_row_core']:12.1f}"
              f" {r['wall']:8.3f} {r['cpu']:8.2f} {r['rss_mb']:8.0f}   {same}")
    if "ratio" in report:
        r = report["ratio"]
        print(f"  weir is {r['median']:.2f}x {r['best']} ({r['min']:.2f} to {r['max']:.2f})", flush=True)


def w1_cell(args, engines, query, ending, threads, source, versions):
    runs, results = {e: [] for e in engines}, {}
    for _ in range(args.rounds):
        for engine in engines:
            target = BENCH / f"out-{engine}.csv"
            target.unlink(missing_ok=True)
            if engine == "weir":
                figures = run_weir(args, query, ending, threads, source, target)
            else:
                figures = run_peer(engine, query, ending, threads, source, target, versions)
            runs[engine].append(figures)
            results[engine] = target
    # A peer comes first, so that weir is the one that is compared.
    order = sorted(results, key=lambda e: e == "weir")
    out_rows, different = compare(query, {e: results[e] for e in order})
    for target in results.values():
        target.unlink()
    return cell_report(args.rows, threads, runs), out_rows, different


def w1(args):
    files, versions, cells = data(args.rows), {}, {}
    engines = [e for e in args.engines if e != "weir" or os.access(args.weir, os.X_OK)]
    if "weir" in args.engines and "weir" not in engines:
        say(f"no program at {args.weir}: only the peers run")
    for query in args.queries:
        for ending in args.formats:
            for threads in args.threads:
                name = f"{query.upper()} {ending} {threads} thread{'s' * (threads > 1)}"
                report, out_rows, different = w1_cell(args, engines, query, ending, threads,
                                                      files[ending], versions)
                cells[name] = dict(report, rows_out=out_rows, different=different)
                print_cell(name, report, out_rows, different)
    print_summary(cells, engines)
    return {"rows": args.rows, "rounds": args.rounds, "versions": versions, "cells": cells}


def print_summary(cells, engines):
    print("\n" + " " * 20 + "M rows/s: " + "".join(f"{e:>12}" for e in engines) + "   best peer")
    for name, cell in cells.items():
        figures = "".join(f"{cell[e]['rows_per_s'] / 1e6:12.2f}" for e in engines)
        ratio = cell.get("ratio")
        best = f"   {ratio['median']:.2f}x {ratio['best']}" if ratio else ""
        print(f"{name:<30}{figures}{best}")


def first_byte_ms(command):
    """From before the process is made to the first byte of its answer; then it may die."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    got = child.stdout.read(1)
    took = (time.monotonic() - begin) * 1e3
    child.stdout.close()
    child.kill()
    complaint = child.stderr.read()[-2000:]
    child.wait()
    if not got:
        raise RuntimeError(f"{command}: no row\n" + complaint.decode("utf-8", "replace"))
    return took


def start(args):
    files, figures, times = data(args.rows), {}, args.rounds * 4
    commands = {"SELECT 1": [args.weir, "-c", "SELECT 1"]}
    for ending in FORMATS:
        commands[f"first row, {ending}"] = [args.weir, "--format", "csv", "--no-header", "-f",
                                            str(sql_file("q4", ending, files[ending]))]
    print("\nmilliseconds from process start      median     min     max")
    for name, command in commands.items():
        got = [first_byte_ms(command) for _ in range(times)]
        figures[name] = {"median": statistics.median(got), "min": min(got), "max": max(got)}
        print(f"{name:<36} {statistics.median(got):6.1f}  {min(got):6.1f}  {max(got):6.1f}")
    return figures


def memory(args):
    figures = {}
    print(f"\npeak memory of Q1, MB       {args.rows // 10:>12,} rows {args.rows:>12,} rows")
    for ending in args.formats:
        for threads in args.threads:
            peaks = [run_weir(args, "q1", ending, threads, data(rows)[ending], "/dev/null")["rss_mb"]
                     for rows in (args.rows // 10, args.rows)]
            figures[f"{ending} {threads}"] = peaks
            print(f"{ending} {threads} threads{peaks[0]:28.0f}{peaks[1]:18.0f}")
    return figures


def instructions(args):
    """Between 10 K and 110 K rows, so that start and end do not count; the loops of level v3."""
    figures = {}
    print("\ninstructions per row of Q1 (callgrind, loops of level v3)")
    for ending in args.formats:
        counts = []
        for rows in (10_000, 110_000):
            sql = sql_file("q1", ending, data(rows)[ending])
            log = BENCH / "callgrind.log"
            subprocess.run(
                ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                 f"--log-file={log}", args.weir, "--threads", "1", "--format", "csv", "-f", sql],
                stdout=subprocess.DEVNULL, check=True, env=dict(os.environ, WEIR_CPU="v3"))
            counts.append(next(int(line.split(":")[1]) for line in log.read_text().splitlines()
                               if "Collected" in line))
        figures[ending] = (counts[1] - counts[0]) / 100_000
        print(f"{ending:<8}{figures[ending]:10.1f}")
    return figures


WORKLOADS = {"w1": w1, "start": start, "memory": memory, "instructions": instructions,
             "w2": w2, "w5": w5, "w9": w9, "w10": w10}


def gate(figures):
    """What the project promises, as counted tests."""
    cells, starts = figures["w1"]["cells"], figures["start"]
    checks = [(f"{name}: same rows as the peers", not any(c["different"].values()))
              for name, c in cells.items()]
    for name in ("Q1 csv 2 threads", "Q1 jsonl 2 threads"):
        checks.append((f"{name}: at least 2x the best peer", cells[name]["ratio"]["median"] >= 2))
    checks.append(("SELECT 1 under 20 ms", starts["SELECT 1"]["median"] < 20))
    for name in starts:
        checks.append((f"{name} under 50 ms", starts[name]["median"] < 50))
    for small, large in figures["memory"].values():
        checks.append(("memory does not grow with the file", large < small * 1.25 + 16))
    for text, good in checks:
        if not good:
            print(f"not reached: {text}")
    good = sum(ok for _, ok in checks)
    print(f"{good} passed, {len(checks) - good} failed")
    return good == len(checks)


def cpu_model():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def arguments():
    p = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda text: text.split(",")
    p.add_argument("workload", nargs="*", choices=[*WORKLOADS, []], help="default: w1 start")
    p.add_argument("--rows", type=int, default=20_000_000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--quick", action="store_true", help="2 M rows, 3 rounds, Q1 only")
    p.add_argument("--gate", action="store_true", help="count the promises that hold")
    p.add_argument("--engines", type=words, default=["weir", *PEERS])
    p.add_argument("--queries", type=words, default=list(QUERIES))
    p.add_argument("--formats", type=words, default=list(FORMATS))
    p.add_argument("--threads", type=lambda t: [int(n) for n in words(t)], default=[1, 2])
    p.add_argument("--weir", default=str(HERE.parent.parent / "build/weir"))
    args = p.parse_args()
    if args.quick:
        args.rows, args.rounds = min(args.rows, 2_000_000), 3
    if args.gate:
        args.workload, args.queries, args.threads = ["w1", "start", "memory"], ["q1"], [2]
    return args


def main():
    args = arguments()
    BENCH.mkdir(parents=True, exist_ok=True)
    machine = {"cpu": cpu_model(), "processors": os.cpu_count(), "kernel": platform.release()}
    print(f"{machine['cpu']}, {machine['processors']} processors, {args.rows:,} rows")
    figures = {}
    for name in args.workload or ["w1", "start"]:
        figures[name] = WORKLOADS[name](args)
        (BENCH / f"{name}.json").write_text(
            json.dumps({"machine": machine, "figures": figures[name]}, indent=1) + "\n")
    if args.gate:
        return 0 if gate(figures) else 1
    cells = figures.get("w1", {}).get("cells", {})
    return 1 if any(n for c in cells.values() for n in c["different"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())

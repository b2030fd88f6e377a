#!/usr/bin/env python3
"""peer.py - one query of W1 by one of the engines that weir is measured beside.

peer.py ENGINE QUERY FORMAT THREADS INPUT OUTPUT writes the result as CSV with a header line and
prints {"version": ..., "seconds": ...}: the seconds without the start of Python and its imports.
Settings are the fastest documented ones that we found, each tried on 2 M and 20 M rows:
  DuckDB      explicit column types, no sniffing, preserve_insertion_order=false
  Polars      lazy scan into the streaming engine's sink; time read as text and converted with a
              given format (five times faster than a Datetime in the schema)
  DataFusion  string views, target_partitions = threads, COPY straight from the plan
Threads are bounded twice: by the engine's own setting and by the processors bench.py allows.
"""
import json
import sys
import time

# Columns of each result, in order; compare.py reads them.
SQL = {
    "q1": "SELECT {minute} AS w, page, count(*) AS n, sum(price) AS s, max(price) AS m"
          " FROM {clicks} GROUP BY 1, 2",
    "q2": "SELECT {minute} AS w, user_id, count(*) AS n, sum(price) AS s FROM {clicks} GROUP BY 1, 2",
    "q4": "SELECT ts, user_id, page, price FROM {clicks} WHERE dur < 300",
}


def duckdb_run(query, fmt, threads, source, target):
    import duckdb
    columns = ("{'ts': 'TIMESTAMP', 'user_id': 'BIGINT', 'page': 'VARCHAR', 'action': 'VARCHAR',"
               " 'price': 'DOUBLE', 'country': 'VARCHAR', 'dur': 'INTEGER'}")
    if fmt == "csv":
        clicks = (f"read_csv('{source}', header=true, delim=',', quote='\"', escape='\"',"
                  f" auto_detect=false, columns={columns})")
    else:
        clicks = f"read_json('{source}', format='newline_delimited', columns={columns})"
    start = time.monotonic()
    db = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    sql = SQL[query].format(minute="date_trunc('minute', ts)", clicks=clicks)
    db.execute(f"COPY ({sql}) TO '{target}' (HEADER)")
    return duckdb.__version__, time.monotonic() - start


def polars_run(query, fmt, threads, source, target):
    import os
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl
    schema = {"ts": pl.String, "user_id": pl.Int64, "page": pl.String, "action": pl.String,
              "price": pl.Float64, "country": pl.String, "dur": pl.Int32}
    start = time.monotonic()
    scan = pl.scan_csv if fmt == "csv" else pl.scan_ndjson
    clicks = scan(source, schema=schema)
    ts = pl.col("ts").str.to_datetime("%Y-%m-%d %H:%M:%S%.3f", time_unit="ms")
    count, total = pl.len().alias("n"), pl.col("price").sum().alias("s")
    minute = ts.dt.truncate("1m").alias("w")
    result = {
        "q1": lambda: clicks.group_by(minute, "page").agg(count, total, pl.col("price").max().alias("m")),
        "q2": lambda: clicks.group_by(minute, "user_id").agg(count, total),
        "q4": lambda: clicks.filter(pl.col("dur") < 300).select(ts, "user_id", "page", "price"),
    }[query]()
    result.sink_csv(target, engine="streaming")
    return pl.__version__, time.monotonic() - start


def datafusion_run(query, fmt, threads, source, target):
    import datafusion
    import pyarrow as pa
    text = pa.string_view()
    schema = pa.schema([("ts", pa.timestamp("ms")), ("user_id", pa.int64()), ("page", text),
                        ("action", text), ("price", pa.float64()), ("country", text),
                        ("dur", pa.int32())])
    start = time.monotonic()
    context = datafusion.SessionContext(
        datafusion.SessionConfig().with_target_partitions(threads))
    if fmt == "csv":
        context.register_csv("clicks", source, schema=schema, has_header=True)
    else:
        context.register_json("clicks", source, schema=schema, file_extension=".jsonl")
    sql = SQL[query].format(minute="date_bin(INTERVAL '1 minute', ts)", clicks="clicks")
    context.sql(f"COPY ({sql}) TO '{target}' STORED AS CSV"
                " OPTIONS ('format.has_header' 'true')").collect()
    return datafusion.__version__, time.monotonic() - start


ENGINES = {"duckdb": duckdb_run, "polars": polars_run, "datafusion": datafusion_run}

if __name__ == "__main__":
    engine, query, fmt, threads, source, target = sys.argv[1:]
    version, seconds = ENGINES[engine](query, fmt, int(threads), source, target)
    print(json.dumps({"version": version, "seconds": seconds}))

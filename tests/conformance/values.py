"""values.py - values of the cases as SQL, and weir's results as the texts that the cases expect."""
import datetime
import decimal
import json


class NotYet(Exception):
    """The case needs a type that weir does not have yet."""


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def name(text):
    return "`" + text.replace("`", "``") + "`"


def sql_value(value, sql_type):
    """A literal of a case's value, cast to the column's type."""
    plain = sql_type.replace(" NOT NULL", "").strip()
    kind = plain.upper().split("(")[0].split("<")[0].strip()
    if kind in ("ARRAY", "MAP", "ROW", "MULTISET", "RAW") or plain.upper().endswith(" ARRAY"):
        raise NotYet(f"type {plain}")
    if value is None:
        return f"CAST(NULL AS {plain})"
    if isinstance(value, dict):
        if "hex" in value:
            return f"CAST(x'{value['hex']}' AS {plain})"
        if "interval_months" in value:
            return f"INTERVAL '{value['interval_months']}' MONTH"
        if "interval_millis" in value:
            ms = value["interval_millis"]
            sign = "-" if ms < 0 else ""
            return f"INTERVAL {sign}'{abs(ms) // 1000}.{abs(ms) % 1000:03d}' SECOND(3)"
        if "interval_days" in value:
            return f"INTERVAL '{value['interval_days']}' DAY"
        if "session_local" in value:
            return f"CAST({quote(value['session_local'])} AS {plain})"
        raise NotYet(f"value {json.dumps(value)[:40]}")
    if isinstance(value, list):
        raise NotYet("array value")
    if isinstance(value, bool):
        return f"CAST({str(value).upper()} AS {plain})"
    if isinstance(value, str):
        return f"CAST({quote(value)} AS {plain})"
    if isinstance(value, float):
        return f"CAST({quote(repr(value))} AS {plain})"
    return f"CAST({value} AS {plain})" if value >= 0 else f"CAST('{value}' AS {plain})"


def result_sets(text):
    """JSON arrays, one after the other, as Python lists; numbers stay exact."""
    sets, at = [], 0
    decoder = json.JSONDecoder(parse_float=decimal.Decimal, object_pairs_hook=lambda pairs: pairs)
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return sets
        rows, at = decoder.raw_decode(text, at)
        sets.append([[v for _, v in row] for row in rows])


def rows_with_types(sets):
    """A query's rows and the types of its columns: the script ran DESCRIBE on it last."""
    rows, described = sets[-2], sets[-1]
    return rows, [d[1] for d in described]


def iso_time(text):
    """'2020-10-10 00:00:01.500' as Java prints a LocalDateTime: seconds only if not zero."""
    date, _, clock = text.rstrip("Z").replace("T", " ").partition(" ")
    zulu = "Z" if text.endswith("Z") else ""
    if not clock:
        return date + zulu
    hm, _, seconds = clock.rpartition(":") if clock.count(":") == 2 else (clock, "", "00")
    whole, _, fraction = seconds.partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        fraction = "." + fraction.ljust((len(fraction) + 2) // 3 * 3, "0")
    tail = f":{whole}{fraction}" if whole != "00" or fraction or zulu else ""
    return f"{date}T{hm}{tail}{zulu}"


def iso_clock(text):
    hm, _, seconds = text.rpartition(":")
    whole, _, fraction = seconds.partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        fraction = "." + fraction.ljust((len(fraction) + 2) // 3 * 3, "0")
    return f"{hm}:{whole}{fraction}" if whole != "00" or fraction else hm


def java_double(d, single=False):
    f = float(d)
    if f != f or f in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(f)]
    text = repr(f)
    if single:
        import struct
        want = struct.pack("f", f)
        for digits in range(1, 10):
            text = f"{f:.{digits}g}"
            if struct.pack("f", float(text)) == want:
                break
    sign, digits, exponent = decimal.Decimal(text).as_tuple()
    digits = "".join(map(str, digits)).rstrip("0") or "0"
    if digits == "0":
        return "-0.0" if sign else "0.0"
    point = len("".join(map(str, decimal.Decimal(text).as_tuple().digits))) + exponent
    s = "-" if sign else ""
    if -3 < point <= 7:
        whole = digits[:max(point, 0)].ljust(point, "0") or "0"
        fraction = ("0" * max(-point, 0) + digits[max(point, 0):]) or "0"
        return f"{s}{whole}.{fraction}"
    return f"{s}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def flink_cell(value, sql_type):
    """A value as the stream cases write it."""
    kind = sql_type.upper().split("(")[0].split(" ")[0]
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind in ("DOUBLE", "FLOAT"):
        return java_double(value, kind == "FLOAT")
    if kind == "TIMESTAMP_LTZ":
        return iso_time(value if value.endswith("Z") else value)
    if kind == "TIMESTAMP":
        return iso_time(value)
    if kind == "TIME":
        return iso_clock(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)


def local_to_instant(text, zone):
    """A session-local time text as Instant prints it."""
    import zoneinfo
    date = text.replace("T", " ")
    whole, _, fraction = date.partition(".")
    local = datetime.datetime.fromisoformat(whole).replace(tzinfo=zoneinfo.ZoneInfo(zone))
    utc = local.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = fraction.rstrip("0")
    if fraction:
        fraction = "." + fraction.ljust((len(fraction) + 2) // 3 * 3, "0")
    return utc + fraction + "Z"

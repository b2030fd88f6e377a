/* cell.h - one value as text, by the shortest way for the common types. */
#pragma once
#include "weir.h"

/* How a column's values are written, chosen once per column. */
typedef enum CellKind {
    CELL_BOOL,
    CELL_I8,
    CELL_I16,
    CELL_I32,
    CELL_I64,
    CELL_F32,
    CELL_F64,
    CELL_DECIMAL,
    CELL_TEXT,
    CELL_BYTES,
    CELL_OTHER, /* weir_value_print: times and intervals */
} CellKind;

CellKind cell_kind(Type t);
bool cell_is_number(CellKind kind); /* right-aligned; a number in JSON */

/* Append a value that is not NULL as CAST(x AS STRING) has it. Bytes appear as x'6869'. */
void cell_print(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot);
/* The same with bytes in base64, as Flink's CSV and JSON formats write them. */
void cell_print_base64(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot);
/* A JSON value: numbers and booleans bare, everything else quoted; NaN and infinities quoted, for
 * JSON has no word for them. */
void cell_print_json(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void json_string(StrBuf *out, Str s);

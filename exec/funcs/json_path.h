/* json_path.h - checking JSON texts and finding a value in them by an SQL/JSON path. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/timezone.h"
#include "base/type.h"

/* Nesting deeper than this is not valid to us. */
enum { JSON_DEPTH_MAX = 256, JSON_STEPS_MAX = 64 };

typedef struct JsonStep {
    bool is_index;
    u32 index;
    Str key; /* unescaped */
} JsonStep;

typedef struct JsonPath {
    bool strict; /* a missing step is an error, not an empty result */
    u32 len;
    JsonStep at[JSON_STEPS_MAX];
} JsonPath;

/* [lax | strict] $ .key ."key" ['key'] [0]; without a mode it is strict, as in Flink. The keys are
 * views into a. W3004 if it is not of that form, W2001 for the parts of the path language that are
 * not read yet (wildcards, filters, methods). */
Status json_path_compile(Arena *a, Str text, u32 pos, JsonPath *ret, Err *err) MUST_USE;

/* The first character of the one value that the whole text is: { [ " t f n or a digit; 0 if the
 * text is not JSON (RFC 8259). */
char json_check(Str text);
/* The value that the path leads to, as it is written; the text must have passed json_check. False
 * if a step leads nowhere. Of equal keys the first counts. */
bool json_find(Str text, const JsonPath *path, Str *ret_value);
/* A string value ("..." as written) without quotes and escapes. */
void json_unescape(StrBuf *to, Str value);
/* What stands between the quotes; false at an escape that is none. */
bool json_unescape_inside(StrBuf *to, Str inside) MUST_USE;
/* Any value without white space. */
void json_compact(StrBuf *to, Str value);
/* "..." with what must be escaped escaped; ascii: everything beyond ASCII and / too. */
void json_quote(StrBuf *to, Str text, bool ascii);
/* Any value but NULL, as JSON_STRING gives it (fn_json.c). zone is for what CAST to text asks it.
 */
void json_print(StrBuf *to, Type t, const void *slot, const TimeZone *zone);

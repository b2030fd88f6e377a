/* fn_text.c - parts, lengths, places and case of texts.
 *
 * Positions count characters (code points) from 1. Parts of a text (SUBSTRING, LEFT, TRIM) are not
 * copied: the result's long slots point into the argument's heap. Case is utf8proc's simple
 * mapping; ASCII takes a loop of its own. */
#include "base/utf8.h"
#include "exec/funcs/funcs.h"

#include <utf8proc.h>

/* ---- case ----------------------------------------------------------------------------------- */

typedef enum CaseWay { CASE_UPPER, CASE_LOWER, CASE_INITCAP } CaseWay;

static bool
is_word_char(u32 c)
{
    if (c < 128) return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO;
}

static void
ascii_case(char *to, Str s, CaseWay way)
{
    bool inside = false; /* of a word */
    for (u32 i = 0; i < s.len; i++) {
        u8 c = (u8)s.ptr[i];
        if (way == CASE_UPPER)
            c = (u8)(c - ((u8)(c - 'a') < 26 ? 32 : 0));
        else if (way == CASE_LOWER)
            c = (u8)(c + ((u8)(c - 'A') < 26 ? 32 : 0));
        else {
            if (inside)
                c = (u8)(c + ((u8)(c - 'A') < 26 ? 32 : 0));
            else
                c = (u8)(c - ((u8)(c - 'a') < 26 ? 32 : 0));
            inside = is_word_char(c);
        }
        to[i] = (char)c;
    }
}

static void
unicode_case(StrBuf *to, Str s, CaseWay way)
{
    bool inside = false;
    for (u32 at = 0, bytes; at < s.len; at += bytes) {
        utf8proc_int32_t c = (utf8proc_int32_t)utf8_decode(s, at, &bytes);
        bool up = way == CASE_UPPER || (way == CASE_INITCAP && !inside);
        inside = is_word_char((u32)c);
        c = up ? utf8proc_toupper(c) : utf8proc_tolower(c);
        char *room = strbuf_room(to, 4);
        to->len += utf8_encode(room, (u32)c);
    }
}

void
text_lower(StrBuf *to, Str s)
{
    if (!utf8_ascii(s.ptr, s.len)) {
        unicode_case(to, s, CASE_LOWER);
        return;
    }
    ascii_case(strbuf_room(to, s.len), s, CASE_LOWER);
    to->len += s.len;
}

static Status
case_run(const EvalCtx *ctx, const Vector *arg, Vector *out, CaseWay way)
{
    StrBuf wide = {0};
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(arg, i);
        if (LIKELY(utf8_ascii(s.ptr, s.len))) {
            char *to = text_room(out, tmp, s.len);
            ascii_case(to, s, way);
            lane_borrow(out, i, (Str){to, s.len});
        } else {
            strbuf_clear(&wide);
            unicode_case(&wide, s, way);
            vector_set_str(out, i, wide.ptr, (u32)wide.len);
        }
    }
    strbuf_done(&wide);
    return ERR_OK;
}

static Status
upper_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return case_run(ctx, &args[0], out, CASE_UPPER);
}
static Status
lower_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return case_run(ctx, &args[0], out, CASE_LOWER);
}
static Status
initcap_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return case_run(ctx, &args[0], out, CASE_INITCAP);
}

/* ---- lengths and places --------------------------------------------------------------------- */

#define KERNEL char_length_kernel
#define BODY vector_data(out, i32)[i] = (i32)utf8_length(lane_str(&args[0], i))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL octet_length_kernel
#define BODY vector_data(out, i32)[i] = (i32)LANE(&args[0], StrView, i).len
#include "exec/kernels/lanes.tmpl.h"

/* Byte offset of needle at or behind `from`; UINT32_MAX if there is none. */
static u32
text_find(Str s, Str needle, u32 from)
{
    if (from > s.len) return UINT32_MAX;
    if (!needle.len) return from;
    const char *at = text_search((Str){s.ptr + from, s.len - from}, needle);
    return at ? (u32)(at - s.ptr) : UINT32_MAX;
}

static u32
text_find_back(Str s, Str needle, u32 from)
{
    for (u32 at = MIN(from, s.len) + 1; at-- > 0;) {
        if (needle.len <= s.len - at &&
            (!needle.len || !memcmp(s.ptr + at, needle.ptr, needle.len)))
            return at;
    }
    return UINT32_MAX;
}

/* Characters before byte `at`, counted from 1; 0 for "not found". */
static i32
text_place(Str s, u32 at)
{
    return at == UINT32_MAX ? 0 : (i32)utf8_length((Str){s.ptr, at}) + 1;
}

#define KERNEL position_kernel
#define BODY                                                                                       \
    Str s = lane_str(&args[1], i);                                                                 \
    i32 start = nargs > 2 ? LANE(&args[2], i32, i) : 1;                                            \
    u32 at = start < 1 ? UINT32_MAX                                                                \
                       : text_find(s, lane_str(&args[0], i), utf8_offset(s, (u32)start - 1));      \
    vector_data(out, i32)[i] = text_place(s, at)
#include "exec/kernels/lanes.tmpl.h"

/* start < 0 counts from the end and searches backwards; nth counts the places found. */
static i32
instr_lane(Str s, Str needle, i32 start, i32 nth)
{
    if (start == 0 || !needle.len) return needle.len ? 0 : 1;
    if (start > 0) {
        u32 at = utf8_offset(s, (u32)start - 1);
        for (;; at = utf8_next(s, at)) {
            at = text_find(s, needle, at);
            if (at == UINT32_MAX || --nth <= 0) return text_place(s, at);
        }
    }
    i64 chars = utf8_length(s), first = chars + start;
    if (first < 0) return 0;
    u32 at = utf8_offset(s, (u32)first);
    for (;; at = utf8_prev(s, at)) {
        at = text_find_back(s, needle, at);
        if (at == UINT32_MAX || --nth <= 0) return text_place(s, at);
        if (at == 0) return 0;
    }
}

#define KERNEL instr_kernel
#define BODY                                                                                       \
    i32 nth = nargs > 3 ? LANE(&args[3], i32, i) : 1;                                              \
    if (nth <= 0) {                                                                                \
        if (!eval_lane_counts(ctx, out, i)) continue;                                              \
        LANE_FAIL(W3006, "the occurrence that INSTR looks for must be positive, not %d", nth);     \
    }                                                                                              \
    vector_data(out, i32)[i] = instr_lane(lane_str(&args[0], i), lane_str(&args[1], i),            \
                                          nargs > 2 ? LANE(&args[2], i32, i) : 1, nth)
#include "exec/kernels/lanes.tmpl.h"

#define KERNEL starts_kernel
#define BODY vector_data(out, u8)[i] = str_starts(lane_str(&args[0], i), lane_str(&args[1], i))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL ends_kernel
#define BODY vector_data(out, u8)[i] = str_ends(lane_str(&args[0], i), lane_str(&args[1], i))
#include "exec/kernels/lanes.tmpl.h"

/* ---- parts ---------------------------------------------------------------------------------- */

/* Characters from..from+count of s; from is counted from 0. */
static Str
text_part(Str s, u32 from, u32 count)
{
    u32 start = utf8_offset(s, from);
    Str rest = {s.ptr + start, s.len - start};
    return (Str){rest.ptr, count >= rest.len ? rest.len : utf8_offset(rest, count)};
}

static Str
substring_lane(Str s, i32 start, i32 length)
{
    if (start > 0) return text_part(s, (u32)start - 1, (u32)length);
    if (start == 0) return text_part(s, 0, (u32)length);
    i64 from = (i64)utf8_length(s) + start;
    return from < 0 ? (Str){s.ptr, 0} : text_part(s, (u32)from, (u32)length);
}

static Status
substring_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        i32 length = nargs > 2 ? LANE(&args[2], i32, i) : INT32_MAX;
        if (length < 0)
            vector_set_null(out, i);
        else
            lane_borrow(out, i,
                        substring_lane(lane_str(&args[0], i), LANE(&args[1], i32, i), length));
    }
    return ERR_OK;
}

static Status
left_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows; i++) {
        i32 n = LANE(&args[1], i32, i);
        if (!vector_is_null(out, i))
            lane_borrow(out, i, text_part(lane_str(&args[0], i), 0, (u32)MAX(n, 0)));
    }
    return ERR_OK;
}

static Status
right_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        u32 n = (u32)MAX(LANE(&args[1], i32, i), 0), chars = utf8_length(s);
        lane_borrow(out, i, text_part(s, chars > n ? chars - n : 0, n));
    }
    return ERR_OK;
}

/* ---- TRIM ----------------------------------------------------------------------------------- */

typedef enum TrimEnds { TRIM_LEADING = 1, TRIM_TRAILING = 2, TRIM_BOTH = 3 } TrimEnds;

static bool
set_has(Str set, Str one)
{
    for (u32 at = 0; at < set.len; at = utf8_next(set, at)) {
        u32 len = utf8_next(set, at) - at;
        if (len == one.len && memcmp(set.ptr + at, one.ptr, len) == 0) return true;
    }
    return false;
}

static Str
trim_lane(Str s, Str set, TrimEnds ends)
{
    u32 from = 0, to = s.len;
    while (ends & TRIM_LEADING && from < to) {
        u32 next = utf8_next(s, from);
        if (!set_has(set, (Str){s.ptr + from, next - from})) break;
        from = next;
    }
    while (ends & TRIM_TRAILING && to > from) {
        u32 prev = utf8_prev(s, to);
        if (!set_has(set, (Str){s.ptr + prev, to - prev})) break;
        to = prev;
    }
    return (Str){s.ptr + from, to - from};
}

static Status
trim_run(const EvalCtx *ctx, const Vector *text, const Vector *set, Vector *out, TrimEnds ends)
{
    text_borrow(out, text);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str chars = set ? lane_str(set, i) : STR(" ");
        lane_borrow(out, i, trim_lane(lane_str(text, i), chars, ends));
    }
    return ERR_OK;
}

#define TRIM(name, ends)                                                                           \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)err;                                                                                 \
        return trim_run(ctx, &args[0], nargs > 1 ? &args[1] : NULL, out, ends);                    \
    }
TRIM(trim_kernel, TRIM_BOTH)
TRIM(ltrim_kernel, TRIM_LEADING)
TRIM(rtrim_kernel, TRIM_TRAILING)
#undef TRIM

/* TRIM('BOTH', set, text): data points to the ends. */
static Status
trim_ends_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    const TrimEnds *ends = ctx->data;
    return trim_run(ctx, &args[2], &args[1], out, *ends);
}

static Status
trim_bind(FuncCall *call, Err *err)
{
    TrimEnds *ends = arena_make(call->arena, TrimEnds);
    Str word;
    TRY(call_const_text(call, 0, &word, err));
    if (str_eq_nocase(word, STR("BOTH")))
        *ends = TRIM_BOTH;
    else if (str_eq_nocase(word, STR("LEADING")))
        *ends = TRIM_LEADING;
    else if (str_eq_nocase(word, STR("TRAILING")))
        *ends = TRIM_TRAILING;
    else
        return call_misfit(call, err);
    for (u32 i = 1; i < 3; i++) {
        if (call->arg_type[i].kind == TYPE_NULL) call->arg_type[i] = type_string();
        if (!type_is(call->arg_type[i], KIND_TEXT)) return call_misfit(call, err);
    }
    call->ret = type_string();
    call->kernel = trim_ends_kernel;
    call->data = ends;
    return ERR_OK;
}

/* ---- single characters ---------------------------------------------------------------------- */

#define KERNEL ascii_kernel
#define BODY                                                                                       \
    Str s = lane_str(&args[0], i);                                                                 \
    vector_data(out, i32)[i] = s.len ? (i8)s.ptr[0] : 0
#include "exec/kernels/lanes.tmpl.h"

#define KERNEL chr_kernel
#define BODY                                                                                       \
    i64 code = LANE(&args[0], i64, i);                                                             \
    char c[4];                                                                                     \
    vector_set_str(out, i, c, code < 0 ? 0 : utf8_encode(c, (u32)(code & 0xFF)))
#include "exec/kernels/lanes.tmpl.h"

#define ROW_TEXT(func, ret_kind, more, kernel_name, args_text, doc_text, example_text, ...)        \
    {                                                                                              \
        .name = func, .args = {__VA_ARGS__}, .ret = ret_kind, .flags = more,                       \
        .kernel = kernel_name, .category = "string", .syntax = func "(" args_text ")",             \
        .doc = doc_text, .example = example_text                                                   \
    }

const FuncDef funcs_text[] = {
    ROW_TEXT("UPPER", TYPE_VARCHAR, 0, upper_kernel, "text", "The text in upper case.",
             "UPPER('weir') -> WEIR", ARG_STRING),
    ROW_TEXT("LOWER", TYPE_VARCHAR, 0, lower_kernel, "text", "The text in lower case.",
             "LOWER('WEIR') -> weir", ARG_STRING),
    ROW_TEXT("INITCAP", TYPE_VARCHAR, 0, initcap_kernel, "text",
             "Each word with a capital first letter and small ones behind it.",
             "INITCAP('hello world') -> Hello World", ARG_STRING),
    ROW_TEXT("CHAR_LENGTH", TYPE_INT, 0, char_length_kernel, "text", "How many characters.",
             "CHAR_LENGTH('weir') -> 4", ARG_STRING),
    ROW_TEXT("CHARACTER_LENGTH", TYPE_INT, 0, char_length_kernel, "text", "How many characters.",
             "CHARACTER_LENGTH('weir') -> 4", ARG_STRING),
    ROW_TEXT("OCTET_LENGTH", TYPE_INT, 0, octet_length_kernel, "text", "How many bytes.",
             "OCTET_LENGTH('weir') -> 4", ARG_STRING),
    ROW_TEXT("OCTET_LENGTH", TYPE_INT, 0, octet_length_kernel, "bytes", "How many bytes.",
             "OCTET_LENGTH(x'0102') -> 2", TYPE_VARBINARY),
    ROW_TEXT("POSITION", TYPE_INT, 0, position_kernel, "part IN text",
             "Where the part first occurs, from 1; 0 if it does not.",
             "POSITION('ei' IN 'weir') -> 2", ARG_STRING, ARG_STRING),
    {.name = "LOCATE",
     .args = {ARG_STRING, ARG_STRING, TYPE_INT},
     .args_min = 2,
     .ret = TYPE_INT,
     .kernel = position_kernel,
     .category = "string",
     .syntax = "LOCATE(part, text [, start])",
     .doc = "Where the part first occurs at or behind start, from 1; 0 if it does not.",
     .example = "LOCATE('o', 'foo boo', 4) -> 6"},
    {.name = "INSTR",
     .args = {ARG_STRING, ARG_STRING, TYPE_INT, TYPE_INT},
     .args_min = 2,
     .ret = TYPE_INT,
     .flags = FUNC_CAN_FAIL,
     .kernel = instr_kernel,
     .category = "string",
     .syntax = "INSTR(text, part [, start [, nth]])",
     .doc = "Where the part occurs for the nth time from start on; a negative start counts from "
            "the end and searches backwards.",
     .example = "INSTR('Corporate Floor', 'or', -3, 2) -> 2"},
    ROW_TEXT("STARTSWITH", TYPE_BOOLEAN, 0, starts_kernel, "text, start",
             "True if the text begins with start.", "STARTSWITH('weir', 'we') -> TRUE", ARG_STRING,
             ARG_STRING),
    ROW_TEXT("STARTSWITH", TYPE_BOOLEAN, 0, starts_kernel, "bytes, start",
             "True if the bytes begin with start.", "STARTSWITH(x'0102', x'01') -> TRUE",
             TYPE_VARBINARY, TYPE_VARBINARY),
    ROW_TEXT("ENDSWITH", TYPE_BOOLEAN, 0, ends_kernel, "text, end",
             "True if the text ends with end.", "ENDSWITH('weir', 'ir') -> TRUE", ARG_STRING,
             ARG_STRING),
    ROW_TEXT("ENDSWITH", TYPE_BOOLEAN, 0, ends_kernel, "bytes, end",
             "True if the bytes end with end.", "ENDSWITH(x'0102', x'02') -> TRUE", TYPE_VARBINARY,
             TYPE_VARBINARY),
    {.name = "SUBSTRING",
     .args = {ARG_STRING, TYPE_INT, TYPE_INT},
     .args_min = 2,
     .ret = TYPE_VARCHAR,
     .flags = FUNC_NULLABLE,
     .kernel = substring_kernel,
     .category = "string",
     .syntax = "SUBSTRING(text, start [, length])",
     .doc = "The part from character start on (the first is 1, negative ones count from the end).",
     .example = "SUBSTRING('weir', 2, 2) -> ei"},
    {.name = "SUBSTR",
     .args = {ARG_STRING, TYPE_INT, TYPE_INT},
     .args_min = 2,
     .ret = TYPE_VARCHAR,
     .flags = FUNC_NULLABLE,
     .kernel = substring_kernel,
     .category = "string",
     .syntax = "SUBSTR(text, start [, length])",
     .doc = "The part from character start on (the first is 1, negative ones count from the end).",
     .example = "SUBSTR('weir', -2) -> ir"},
    ROW_TEXT("LEFT", TYPE_VARCHAR, 0, left_kernel, "text, n", "The first n characters.",
             "LEFT('weir', 2) -> we", ARG_STRING, TYPE_INT),
    ROW_TEXT("RIGHT", TYPE_VARCHAR, 0, right_kernel, "text, n", "The last n characters.",
             "RIGHT('weir', 2) -> ir", ARG_STRING, TYPE_INT),
    ROW_TEXT("TRIM", TYPE_VARCHAR, 0, trim_kernel, "text", "Without spaces at both ends.",
             "TRIM('  weir ') -> weir", ARG_STRING),
    {.name = "TRIM",
     .args_min = 3,
     .args_max = 3,
     .bind = trim_bind,
     .category = "string",
     .syntax = "TRIM([BOTH | LEADING | TRAILING] [characters] FROM text)",
     .doc = "Without any of the characters (spaces) at both ends, the start or the end.",
     .example = "TRIM(LEADING 'x' FROM 'xxweirx') -> weirx"},
    {.name = "LTRIM",
     .args = {ARG_STRING, ARG_STRING},
     .args_min = 1,
     .ret = TYPE_VARCHAR,
     .kernel = ltrim_kernel,
     .category = "string",
     .syntax = "LTRIM(text [, characters])",
     .doc = "Without any of the characters (spaces) at the start.",
     .example = "LTRIM('xyweir', 'xy') -> weir"},
    {.name = "RTRIM",
     .args = {ARG_STRING, ARG_STRING},
     .args_min = 1,
     .ret = TYPE_VARCHAR,
     .kernel = rtrim_kernel,
     .category = "string",
     .syntax = "RTRIM(text [, characters])",
     .doc = "Without any of the characters (spaces) at the end.",
     .example = "RTRIM('weirxy', 'xy') -> weir"},
    {.name = "BTRIM",
     .args = {ARG_STRING, ARG_STRING},
     .args_min = 1,
     .ret = TYPE_VARCHAR,
     .kernel = trim_kernel,
     .category = "string",
     .syntax = "BTRIM(text [, characters])",
     .doc = "Without any of the characters (spaces) at both ends.",
     .example = "BTRIM('xyweirxy', 'xy') -> weir"},
    ROW_TEXT("ASCII", TYPE_INT, 0, ascii_kernel, "text", "The code of the first character.",
             "ASCII('a') -> 97", ARG_STRING),
    ROW_TEXT("CHR", TYPE_VARCHAR, 0, chr_kernel, "code",
             "The character of a code, which is taken modulo 256.", "CHR(65) -> A", TYPE_BIGINT),
    {0},
};

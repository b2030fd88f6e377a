/* fn_edit.c - functions that build new texts: joining, replacing, padding, splitting.
 *
 * A result is written once, into the output's heap; its size is known or bounded before
 * (TEXT_LIMIT), since REPEAT and LPAD take it from the data. */
#include "base/utf8.h"
#include "exec/funcs/funcs.h"

/* ---- joining -------------------------------------------------------------------------------- */

static Status
concat_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        u64 bytes = 0;
        for (u32 k = 0; k < nargs; k++) bytes += LANE(&args[k], StrView, i).len;
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes), *at = to;
        for (u32 k = 0; k < nargs; k++) {
            Str s = lane_str(&args[k], i);
            if (s.len) memcpy(at, s.ptr, s.len);
            at += s.len;
        }
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

static Status
concat_ws_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    StrBuf text = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(&args[0], i)) {
            vector_set_null(out, i);
            continue;
        }
        strbuf_clear(&text);
        bool any = false;
        for (u32 k = 1; k < nargs; k++) {
            if (vector_is_null(&args[k], i)) continue;
            if (any) strbuf_str(&text, lane_str(&args[0], i));
            strbuf_str(&text, lane_str(&args[k], i));
            any = true;
        }
        if (text.len <= TEXT_MAX_BYTES)
            lane_set_text(out, i, strbuf_view(&text));
        else
            st = err_set(err, W7003, ctx->pos, "the text would be longer than 64 MiB");
    }
    strbuf_done(&text);
    return st;
}

/* ---- replacing ------------------------------------------------------------------------------ */

static u32
text_count(Str s, Str part)
{
    u32 count = 0;
    for (const char *at = s.ptr, *end = s.ptr + s.len; at < end; count++) {
        const char *hit = memmem(at, (size_t)(end - at), part.ptr, part.len);
        if (!hit) break;
        at = hit + part.len;
    }
    return count;
}

static void
text_replace(char *to, Str s, Str part, Str with)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    while (at < end) {
        const char *hit = memmem(at, (size_t)(end - at), part.ptr, part.len);
        size_t plain = (size_t)((hit ? hit : end) - at);
        memcpy(to, at, plain);
        to += plain;
        if (!hit) return;
        if (with.len) memcpy(to, with.ptr, with.len);
        to += with.len;
        at = hit + part.len;
    }
}

static Status
replace_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i), part = lane_str(&args[1], i), with = lane_str(&args[2], i);
        u32 count = part.len ? text_count(s, part) : 0;
        if (!count) {
            lane_set_text(out, i, s);
            continue;
        }
        u64 bytes = (u64)s.len + (u64)count * with.len - (u64)count * part.len;
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes);
        text_replace(to, s, part, with);
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

/* Flink: a start outside the text leaves it alone; a negative length replaces all the rest. */
static Status
overlay_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i), with = lane_str(&args[1], i);
        i64 start = LANE(&args[2], i32, i), chars = utf8_length(s);
        i64 length = nargs > 3 ? (i64)LANE(&args[3], i32, i) : (i64)utf8_length(with);
        if (start <= 0 || start > chars) {
            lane_set_text(out, i, s);
            continue;
        }
        u32 head = utf8_offset(s, (u32)start - 1), tail = s.len;
        if (length >= 0 && start - 1 + length < chars)
            tail = utf8_offset(s, (u32)(start - 1 + length));
        u64 bytes = (u64)head + with.len + (s.len - tail);
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes);
        memcpy(to, s.ptr, head);
        if (with.len) memcpy(to + head, with.ptr, with.len);
        memcpy(to + head + with.len, s.ptr + tail, s.len - tail);
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

static bool
char_same(Str a, u32 at, u32 len, Str b, u32 b_at)
{
    u32 b_len = utf8_next(b, b_at) - b_at;
    return len == b_len && memcmp(a.ptr + at, b.ptr + b_at, len) == 0;
}

/* Character by character; the first place in `from` decides, a missing partner deletes. */
static void
translate_lane(StrBuf *to, Str s, Str from, Str with)
{
    for (u32 at = 0, next; at < s.len; at = next) {
        next = utf8_next(s, at);
        u32 f = 0, w = 0;
        while (f < from.len && !char_same(s, at, next - at, from, f)) {
            f = utf8_next(from, f);
            if (w < with.len) w = utf8_next(with, w);
        }
        if (f >= from.len)
            strbuf_add(to, s.ptr + at, next - at);
        else if (w < with.len)
            strbuf_add(to, with.ptr + w, utf8_next(with, w) - w);
    }
}

static Status
translate_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(&args[0], i)) {
            vector_set_null(out, i);
            continue;
        }
        Str from = vector_is_null(&args[1], i) ? (Str){0} : lane_str(&args[1], i);
        Str with = vector_is_null(&args[2], i) ? (Str){0} : lane_str(&args[2], i);
        strbuf_clear(&text);
        translate_lane(&text, lane_str(&args[0], i), from, with);
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return ERR_OK;
}

/* ---- repeating and padding ------------------------------------------------------------------ */

static Status
repeat_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        u64 times = (u64)MAX(LANE(&args[1], i32, i), 0), bytes = s.len * times;
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes);
        for (u64 k = 0; k < bytes; k += s.len) memcpy(to + k, s.ptr, s.len);
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

static Status
space_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        u64 bytes = (u64)MAX(LANE(&args[0], i32, i), 0);
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes);
        memset(to, ' ', bytes);
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

/* s padded with whole and then cut copies of pad to `chars` characters, or cut to them. */
static void
pad_lane(StrBuf *to, Str s, Str pad, u32 chars, bool left)
{
    u32 have = utf8_length(s);
    if (have >= chars) {
        strbuf_add(to, s.ptr, utf8_offset(s, chars));
        return;
    }
    u32 missing = chars - have, each = utf8_length(pad);
    if (!left) strbuf_str(to, s);
    for (; missing >= each; missing -= each) strbuf_str(to, pad);
    strbuf_add(to, pad.ptr, utf8_offset(pad, missing));
    if (left) strbuf_str(to, s);
}

static Status
pad_run(const EvalCtx *ctx, const Vector *args, Vector *out, bool left, Err *err)
{
    StrBuf text = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(out, i)) continue;
        i32 chars = LANE(&args[1], i32, i);
        Str pad = lane_str(&args[2], i);
        if (chars < 0 || !pad.len) {
            vector_set_null(out, i);
            continue;
        }
        if ((u64)chars * 4 > TEXT_MAX_BYTES) {
            if (eval_lane_counts(ctx, out, i))
                st = err_set(err, W7003, ctx->pos, "a text of %d characters is too long", chars);
            continue;
        }
        strbuf_clear(&text);
        pad_lane(&text, lane_str(&args[0], i), pad, (u32)chars, left);
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return st;
}

static Status
lpad_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    return pad_run(ctx, args, out, true, err);
}
static Status
rpad_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    return pad_run(ctx, args, out, false, err);
}

static Status
reverse_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        char *to = text_room(out, tmp, s.len);
        for (u32 at = 0, next; at < s.len; at = next) {
            next = utf8_next(s, at);
            memcpy(to + s.len - next, s.ptr + at, next - at);
        }
        lane_borrow(out, i, (Str){to, s.len});
    }
    return ERR_OK;
}

/* ---- choosing and splitting ----------------------------------------------------------------- */

/* Part number n (from 0) of s between separators; false if there are fewer. */
static bool
split_part(Str s, Str separator, i32 n, Str *ret_part)
{
    if (n < 0 || !s.len || !separator.len) return false;
    const char *at = s.ptr, *end = s.ptr + s.len;
    for (;;) {
        const char *hit = memmem(at, (size_t)(end - at), separator.ptr, separator.len);
        if (n-- == 0) {
            *ret_part = (Str){at, (u32)((hit ? hit : end) - at)};
            return true;
        }
        if (!hit) return false;
        at = hit + separator.len;
    }
}

static Status
split_run(const EvalCtx *ctx, const Vector *args, Vector *out, bool by_code)
{
    text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        char one[4];
        Str separator, part;
        if (by_code) {
            i32 code = LANE(&args[1], i32, i);
            separator = (Str){one, code < 1 || code > 255 ? 0 : utf8_encode(one, (u32)code)};
        } else {
            separator = lane_str(&args[1], i);
        }
        if (split_part(lane_str(&args[0], i), separator, LANE(&args[2], i32, i), &part))
            lane_borrow(out, i, part);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

static Status
split_index_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return split_run(ctx, args, out, false);
}
static Status
split_code_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return split_run(ctx, args, out, true);
}

static Status
elt_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    for (u32 k = 1; k < nargs; k++) text_borrow(out, &args[k]);
    for (u32 i = 0; i < ctx->rows; i++) {
        i64 n = vector_is_null(&args[0], i) ? 0 : LANE(&args[0], i64, i);
        if (n < 1 || n >= nargs || vector_is_null(&args[n], i))
            vector_set_null(out, i);
        else
            lane_borrow(out, i, lane_str(&args[n], i));
    }
    return ERR_OK;
}

static Status
elt_bind(FuncCall *call, Err *err)
{
    Type index = call->arg_type[0];
    if (!type_is(index, KIND_INTEGER) && index.kind != TYPE_NULL) return call_misfit(call, err);
    const Vector *v = call->constant[0];
    call->arg_type[0] = type_nullable(type_of(TYPE_BIGINT), !index.not_null);
    if (v && !vector_is_null(v, 0)) {
        Vector n;
        TRY(const_cast_to(call, v, type_of(TYPE_BIGINT), &n, err));
        i64 value = LANE(&n, i64, 0);
        vector_done(&n);
        if (value < 0) {
            return err_set(err, W3006, call->arg_pos ? call->arg_pos[0] : call->pos,
                           "the index of ELT must not be negative");
        }
    }
    TRY(call_common_type(call, 1, &call->ret, err));
    if (!type_is(call->ret, KIND_TEXT | KIND_BYTES)) return call_misfit(call, err);
    return ERR_OK;
}

/* ---- questions ------------------------------------------------------------------------------ */

static bool
text_is_digits(Str s)
{
    for (u32 i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    }
    return s.len > 0;
}

static bool
text_is_alpha(Str s)
{
    for (u32 i = 0; i < s.len; i++) {
        if (((u8)s.ptr[i] | 32) < 'a' || ((u8)s.ptr[i] | 32) > 'z') return false;
    }
    return s.len > 0;
}

static bool
text_is_decimal(Str s)
{
    f64 ignored;
    bool number =
        s.len && (s.ptr[s.len - 1] == '.' || (s.ptr[s.len - 1] >= '0' && s.ptr[s.len - 1] <= '9'));
    return number && f64_parse(s.ptr, s.len, &ignored) == TEXT_OK;
}

#define QUESTION(name, test)                                                                       \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++)                                                        \
            vector_data(out, u8)[i] = !vector_is_null(&args[0], i) && test(lane_str(&args[0], i)); \
        return ERR_OK;                                                                             \
    }
QUESTION(is_digit_kernel, text_is_digits)
QUESTION(is_alpha_kernel, text_is_alpha)
QUESTION(is_decimal_kernel, text_is_decimal)
#undef QUESTION

/* Java's String.hashCode: over UTF-16 units. */
static i32
java_hash(Str s)
{
    u32 h = 0;
    for (u32 at = 0, bytes; at < s.len; at += bytes) {
        u32 c = utf8_decode(s, at, &bytes);
        if (c < 0x10000) {
            h = h * 31 + c;
            continue;
        }
        h = h * 31 + (0xD7C0 + (c >> 10));
        h = h * 31 + (0xDC00 + (c & 0x3FF));
    }
    return (i32)h;
}
#define KERNEL hash_code_kernel
#define BODY vector_data(out, i32)[i] = java_hash(lane_str(&args[0], i))
#include "exec/kernels/lanes.tmpl.h"

#define ROW_EDIT(func, ret_kind, more, kernel_name, args_text, doc_text, example_text, ...)        \
    {                                                                                              \
        .name = func, .args = {__VA_ARGS__}, .ret = ret_kind, .flags = more,                       \
        .kernel = kernel_name, .category = "string", .syntax = func "(" args_text ")",             \
        .doc = doc_text, .example = example_text                                                   \
    }

const FuncDef funcs_edit[] = {
    {.name = "||",
     .args = {ARG_STRING, ARG_STRING},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_OPERATOR | FUNC_CAN_FAIL,
     .kernel = concat_kernel,
     .category = "string",
     .syntax = "a || b",
     .doc = "Both texts, one behind the other.",
     .example = "'we' || 'ir' -> weir"},
    {.name = "||",
     .args = {TYPE_VARBINARY, TYPE_VARBINARY},
     .ret = TYPE_VARBINARY,
     .flags = FUNC_OPERATOR | FUNC_CAN_FAIL,
     .kernel = concat_kernel,
     .category = "string",
     .syntax = "a || b",
     .doc = "Both runs of bytes, one behind the other.",
     .example = "HEX(CAST(x'41' || x'42' AS STRING)) -> 4142"},
    ROW_EDIT("CONCAT", TYPE_VARCHAR, FUNC_VARIADIC | FUNC_CAN_FAIL, concat_kernel, "text, ...",
             "The texts, one behind the other; NULL if one is NULL.",
             "CONCAT('a', 'b', 'c') -> abc", ARG_STRING),
    {.name = "CONCAT_WS",
     .args = {ARG_STRING, ARG_STRING},
     .args_min = 1,
     .ret = TYPE_VARCHAR,
     .flags = FUNC_VARIADIC | FUNC_NULLS | FUNC_CAN_FAIL,
     .kernel = concat_ws_kernel,
     .category = "string",
     .syntax = "CONCAT_WS(separator, text, ...)",
     .doc = "The texts that are not NULL with the separator between them.",
     .example = "CONCAT_WS('-', 'a', 'b') -> a-b"},
    ROW_EDIT("REPLACE", TYPE_VARCHAR, FUNC_CAN_FAIL, replace_kernel, "text, part, with",
             "The text with every occurrence of the part replaced.",
             "REPLACE('hello world', 'world', 'flink') -> hello flink", ARG_STRING, ARG_STRING,
             ARG_STRING),
    {.name = "OVERLAY",
     .args = {ARG_STRING, ARG_STRING, TYPE_INT, TYPE_INT},
     .args_min = 3,
     .ret = TYPE_VARCHAR,
     .flags = FUNC_CAN_FAIL,
     .kernel = overlay_kernel,
     .category = "string",
     .syntax = "OVERLAY(text PLACING part FROM start [FOR length])",
     .doc = "The text with `length` characters from start on replaced by the part.",
     .example = "OVERLAY('abcdefghi' PLACING 'XX' FROM 2 FOR 3) -> aXXefghi"},
    ROW_EDIT("TRANSLATE", TYPE_VARCHAR, FUNC_NULLS, translate_kernel, "text, from, to",
             "Each character of `from` replaced by the one at the same place of `to`, or dropped.",
             "TRANSLATE('www.apache.org', 'abc', '12') -> www.1p1he.org", ARG_STRING, ARG_STRING,
             ARG_STRING),
    ROW_EDIT("REPEAT", TYPE_VARCHAR, FUNC_CAN_FAIL, repeat_kernel, "text, n", "The text n times.",
             "REPEAT('ab', 3) -> ababab", ARG_STRING, TYPE_INT),
    ROW_EDIT("SPACE", TYPE_VARCHAR, FUNC_CAN_FAIL, space_kernel, "n", "n spaces.",
             "CHAR_LENGTH(SPACE(3)) -> 3", TYPE_INT),
    ROW_EDIT("REVERSE", TYPE_VARCHAR, 0, reverse_kernel, "text", "The characters backwards.",
             "REVERSE('weir') -> riew", ARG_STRING),
    ROW_EDIT("LPAD", TYPE_VARCHAR, FUNC_NULLABLE | FUNC_CAN_FAIL, lpad_kernel, "text, n, pad",
             "The text filled up at the left, or cut, to n characters.",
             "LPAD('hi', 5, '?!') -> ?!?hi", ARG_STRING, TYPE_INT, ARG_STRING),
    ROW_EDIT("RPAD", TYPE_VARCHAR, FUNC_NULLABLE | FUNC_CAN_FAIL, rpad_kernel, "text, n, pad",
             "The text filled up at the right, or cut, to n characters.",
             "RPAD('hi', 5, '?!') -> hi?!?", ARG_STRING, TYPE_INT, ARG_STRING),
    ROW_EDIT("SPLIT_INDEX", TYPE_VARCHAR, FUNC_NULLABLE, split_index_kernel, "text, separator, n",
             "Part n (from 0) between the separators; NULL if there are fewer.",
             "SPLIT_INDEX('a,b,c', ',', 1) -> b", ARG_STRING, ARG_STRING, TYPE_INT),
    ROW_EDIT("SPLIT_INDEX", TYPE_VARCHAR, FUNC_NULLABLE, split_code_kernel, "text, code, n",
             "The same with the separator's character code.", "SPLIT_INDEX('a,b,c', 44, 2) -> c",
             ARG_STRING, TYPE_INT, TYPE_INT),
    {.name = "ELT",
     .args_min = 2,
     .args_max = 255,
     .flags = FUNC_NULLS,
     .kernel = elt_kernel,
     .bind = elt_bind,
     .category = "string",
     .syntax = "ELT(n, text, ...)",
     .doc = "Argument n (from 1) of the texts; NULL if there are fewer.",
     .example = "ELT(2, 'a', 'b', 'c') -> b"},
    ROW_EDIT("IS_DIGIT", TYPE_BOOLEAN, FUNC_NULLS | FUNC_NOT_NULL, is_digit_kernel, "text",
             "True if all characters are digits.", "IS_DIGIT('123') -> TRUE", ARG_STRING),
    ROW_EDIT("IS_ALPHA", TYPE_BOOLEAN, FUNC_NULLS | FUNC_NOT_NULL, is_alpha_kernel, "text",
             "True if all characters are letters.", "IS_ALPHA('abc') -> TRUE", ARG_STRING),
    ROW_EDIT("IS_DECIMAL", TYPE_BOOLEAN, FUNC_NULLS | FUNC_NOT_NULL, is_decimal_kernel, "text",
             "True if the text is a number.", "IS_DECIMAL('11.44') -> TRUE", ARG_STRING),
    ROW_EDIT("HASH_CODE", TYPE_INT, 0, hash_code_kernel, "text", "Java's hash of the text.",
             "HASH_CODE('abc') -> 96354", ARG_STRING),
    {0},
};

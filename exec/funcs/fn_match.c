/* fn_match.c - LIKE and ILIKE.
 *
 * A pattern is cut at its % into segments: the first is held against the start of the text, the
 * last against its end, those between are searched for from left to right, which is enough because
 * the leftmost place leaves most room for the rest. So 'abc%', '%abc' and '%abc%' are a memcmp or a
 * memmem. In a segment the byte 0xFF, which no UTF-8 holds, stands for _ (one character).
 *
 * The escape character is \ unless ESCAPE names another. A named one must stand before %, _ or
 * itself; \ before anything else is a plain \. */
#include "base/mem.h"
#include "base/utf8.h"
#include "exec/funcs/funcs.h"

enum { ANY_CHAR = 0xFF };

typedef struct LikeSegment {
    u32 from, len; /* in bytes */
    bool has_any;
} LikeSegment;

typedef struct LikePattern {
    u8 *bytes;
    LikeSegment *at;
    u32 len; /* segments, at least one */
    bool nocase;
} LikePattern;

/* Room: bytes for the pattern's length, segments for one more. */
static Status
like_compile(LikePattern *p, Str pattern, Str escape, bool named, u32 pos, Err *err)
{
    u32 out = 0;
    p->len = 1;
    p->at[0] = (LikeSegment){0};
    for (u32 i = 0; i < pattern.len;) {
        LikeSegment *seg = &p->at[p->len - 1];
        Str rest = {pattern.ptr + i, pattern.len - i};
        if (escape.len && str_starts(rest, escape)) {
            Str after = {rest.ptr + escape.len, rest.len - escape.len};
            bool special = after.len && (after.ptr[0] == '%' || after.ptr[0] == '_');
            if (special || (after.len && str_starts(after, escape))) {
                u32 n = special ? 1 : escape.len;
                memcpy(p->bytes + out, after.ptr, n);
                out += n, seg->len += n, i += escape.len + n;
                continue;
            }
            if (named) {
                return err_set(err, W3004, pos,
                               "in the pattern '%.*s' the escape character stands before none of "
                               "%%, _ and itself",
                               STR_ARG(pattern));
            }
        }
        if (rest.ptr[0] == '%') {
            if (seg->len || p->len == 1) p->at[p->len++] = (LikeSegment){.from = out};
        } else {
            bool any = rest.ptr[0] == '_';
            p->bytes[out++] = any ? ANY_CHAR : (u8)rest.ptr[0];
            seg->has_any |= any;
            seg->len++;
        }
        i++;
    }
    return ERR_OK;
}

/* Does the segment stand at the start of s? *ret_bytes: how much of s it takes. */
static bool
segment_at(const LikePattern *p, const LikeSegment *seg, Str s, u32 *ret_bytes)
{
    const u8 *want = p->bytes + seg->from;
    if (!seg->has_any) {
        *ret_bytes = seg->len;
        return s.len >= seg->len && memcmp(s.ptr, want, seg->len) == 0;
    }
    u32 at = 0;
    for (u32 k = 0; k < seg->len; k++) {
        if (at >= s.len) return false;
        if (want[k] == ANY_CHAR)
            at = utf8_next(s, at);
        else if (want[k] != (u8)s.ptr[at++])
            return false;
    }
    *ret_bytes = at;
    return true;
}

static Str
str_from_byte(Str s, u32 at)
{
    return (Str){s.ptr + at, s.len - at};
}

/* The leftmost place of the segment; *ret_end is behind it. */
static bool
segment_find(const LikePattern *p, const LikeSegment *seg, Str s, u32 *ret_end)
{
    if (!seg->has_any) {
        Str part = {(const char *)p->bytes + seg->from, seg->len};
        const char *hit = seg->len ? text_search(s, part) : s.ptr;
        if (!hit) return false;
        *ret_end = (u32)(hit - s.ptr) + seg->len;
        return true;
    }
    for (u32 at = 0; at < s.len; at = utf8_next(s, at)) {
        u32 bytes;
        if (!segment_at(p, seg, str_from_byte(s, at), &bytes)) continue;
        *ret_end = at + bytes;
        return true;
    }
    return false;
}

/* Does the segment stand at the end of s? One with _ takes varying bytes, so walk back over as many
 * characters as it has. */
static bool
segment_ends(const LikePattern *p, const LikeSegment *seg, Str s)
{
    u32 bytes;
    if (!seg->has_any) {
        return s.len >= seg->len && segment_at(p, seg, str_from_byte(s, s.len - seg->len), &bytes);
    }
    u32 chars = 0, at = s.len;
    for (u32 k = 0; k < seg->len; k++) {
        u8 b = p->bytes[seg->from + k];
        chars += b == ANY_CHAR || (b & 0xC0) != 0x80;
    }
    for (; chars; chars--) {
        if (at == 0) return false;
        at = utf8_prev(s, at);
    }
    return segment_at(p, seg, str_from_byte(s, at), &bytes) && at + bytes == s.len;
}

static bool
like_matches(const LikePattern *p, Str s)
{
    u32 bytes;
    if (!segment_at(p, &p->at[0], s, &bytes)) return false;
    if (p->len == 1) return bytes == s.len;
    Str rest = str_from_byte(s, bytes);
    for (u32 k = 1; k + 1 < p->len; k++) {
        if (!segment_find(p, &p->at[k], rest, &bytes)) return false;
        rest = str_from_byte(rest, bytes);
    }
    return segment_ends(p, &p->at[p->len - 1], rest);
}

static void
like_lanes(const EvalCtx *ctx, const LikePattern *p, const Vector *text, Vector *out)
{
    StrBuf lower = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        Str s = lane_str(text, i);
        if (p->nocase) {
            strbuf_clear(&lower);
            text_lower(&lower, s);
            s = (Str){lower.ptr ? lower.ptr : "", (u32)lower.len};
        }
        vector_data(out, u8)[i] = like_matches(p, s);
    }
    strbuf_done(&lower);
}

/* ---- a constant pattern --------------------------------------------------------------------- */

static Status
like_const_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    like_lanes(ctx, ctx->data, &args[0], out);
    return ERR_OK;
}

static bool
is_nocase(const FuncCall *call)
{
    return call->def->name[0] == 'I';
}

static Status
escape_check(Str escape, u32 pos, Err *err)
{
    if (escape.len && utf8_next(escape, 0) == escape.len) return ERR_OK;
    return err_set(err, W3004, pos, "the escape '%.*s' is not one character", STR_ARG(escape));
}

static Status
like_args_bind(FuncCall *call, Err *err)
{
    call->ret = type_of(TYPE_BOOLEAN);
    for (u32 i = 0; i < call->nargs; i++) {
        if (call->arg_type[i].kind == TYPE_NULL) call->arg_type[i] = type_string();
        if (!type_is(call->arg_type[i], KIND_TEXT)) return call_misfit(call, err);
    }
    return ERR_OK;
}

static Status
like_const_bind(FuncCall *call, Err *err)
{
    TRY(like_args_bind(call, err));
    Str pattern, escape = STR("\\"), wanted;
    StrBuf lower = {0};
    TRY(call_const_text(call, 1, &pattern, err));
    if (call->nargs > 2) {
        TRY(call_const_text(call, 2, &escape, err));
        TRY(escape_check(escape, call->arg_pos ? call->arg_pos[2] : call->pos, err));
    }
    LikePattern *p = arena_make(call->arena, LikePattern);
    p->nocase = is_nocase(call);
    p->bytes = arena_array(call->arena, u8, pattern.len + 1);
    p->at = arena_array(call->arena, LikeSegment, pattern.len + 2);
    wanted = pattern;
    if (p->nocase) {
        text_lower(&lower, pattern);
        /* A few letters grow when their case changes. */
        p->bytes = arena_array(call->arena, u8, lower.len + 1);
        p->at = arena_array(call->arena, LikeSegment, lower.len + 2);
        wanted = (Str){lower.ptr ? lower.ptr : "", (u32)lower.len};
    }
    Status st = like_compile(p, wanted, escape, call->nargs > 2,
                             call->arg_pos ? call->arg_pos[1] : call->pos, err);
    strbuf_done(&lower);
    call->kernel = like_const_kernel;
    call->data = p;
    return st;
}

/* ---- a pattern per row ---------------------------------------------------------------------- */

/* Compile lane i's pattern into p, whose room grows in bytes and segments. */
static Status
like_lane(const EvalCtx *ctx, const Vector *args, u32 nargs, u32 i, LikePattern *p, bool *ret_hit,
          Err *err)
{
    Str s = lane_str(&args[0], i), pattern = lane_str(&args[1], i), escape = STR("\\");
    if (nargs > 2) {
        escape = lane_str(&args[2], i);
        TRY(escape_check(escape, ctx->pos, err));
    }
    StrBuf text = {0}, wanted = {0};
    if (p->nocase) {
        text_lower(&text, s);
        text_lower(&wanted, pattern);
        s = (Str){text.ptr ? text.ptr : "", (u32)text.len};
        pattern = (Str){wanted.ptr ? wanted.ptr : "", (u32)wanted.len};
    }
    p->bytes = mem_realloc(p->bytes, pattern.len + 1);
    p->at = mem_realloc(p->at, (pattern.len + 2) * sizeof *p->at);
    Status st = like_compile(p, pattern, escape, nargs > 2, ctx->pos, err);
    if (!st) *ret_hit = like_matches(p, s);
    strbuf_done(&text);
    strbuf_done(&wanted);
    return st;
}

static Status
like_varying_run(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, bool nocase,
                 Err *err)
{
    LikePattern p = {.nocase = nocase};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        bool hit = false;
        if (eval_lane_counts(ctx, out, i)) st = like_lane(ctx, args, nargs, i, &p, &hit, err);
        vector_data(out, u8)[i] = hit;
    }
    mem_free(p.bytes);
    mem_free(p.at);
    return st;
}

static Status
like_varying_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    return like_varying_run(ctx, args, nargs, out, false, err);
}
static Status
ilike_varying_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    return like_varying_run(ctx, args, nargs, out, true, err);
}

static Status
like_varying_bind(FuncCall *call, Err *err)
{
    TRY(like_args_bind(call, err));
    bool constant = call->constant[1] && (call->nargs < 3 || call->constant[2]);
    bool null = call->constant[1] && vector_is_null(call->constant[1], 0);
    null |= call->nargs > 2 && call->constant[2] && vector_is_null(call->constant[2], 0);
    if (constant && !null) return call_misfit(call, err); /* the other row has said why */
    call->kernel = is_nocase(call) ? ilike_varying_kernel : like_varying_kernel;
    return ERR_OK;
}

#define LIKE_ROWS(func, doc_text, example_text)                                                    \
    {.name = func,                                                                                 \
     .args_min = 2,                                                                                \
     .args_max = 3,                                                                                \
     .flags = FUNC_OPERATOR,                                                                       \
     .bind = like_const_bind,                                                                      \
     .category = "string",                                                                         \
     .syntax = "text " func " pattern [ESCAPE 'c']",                                               \
     .doc = doc_text,                                                                              \
     .example = example_text},                                                                     \
    {                                                                                              \
        .name = func, .args_min = 2, .args_max = 3, .flags = FUNC_OPERATOR | FUNC_CAN_FAIL,        \
        .bind = like_varying_bind, .category = "string",                                           \
        .syntax = "text " func " pattern [ESCAPE 'c']",                                            \
        .doc = doc_text " The pattern may differ from row to row.", .example = example_text        \
    }

const FuncDef funcs_match[] = {
    LIKE_ROWS("LIKE",
              "True if the whole text fits the pattern: % is any run of characters, _ is one.",
              "'weir' LIKE 'w%r' -> TRUE"),
    LIKE_ROWS("ILIKE", "As LIKE, without regard to upper and lower case.",
              "'Weir' ILIKE 'w__R' -> TRUE"),
    {0},
};

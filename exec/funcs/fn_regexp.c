/* fn_regexp.c - regular expressions: REGEXP and its family, SIMILAR TO.
 *
 * PCRE2 reads nearly all of Java's syntax. A call compiles its pattern when it first meets it and
 * keeps it (with JIT code) in its EvalScratch until another pattern comes, so constant patterns are
 * compiled once per operator instance. Backtracking is bounded by MATCH_LIMIT: a pattern that needs
 * more fails instead of hanging. Texts are checked to be UTF-8 once, by our own fast check. */
#include "base/mem.h"
#include "base/utf8.h"
#include "exec/funcs/funcs.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of PCRE2's matcher before it gives up; 10 ms or so. */
enum { MATCH_LIMIT = 1000000, PATTERN_BYTES_MAX = 64 * 1024 };

typedef struct Regex {
    char *pattern; /* as given; NULL: none compiled yet */
    u32 pattern_len;
    pcre2_code *code; /* NULL: the pattern is not valid */
    pcre2_match_data *match;
    pcre2_match_context *limits;
    char error[128];
} Regex;

static void
regex_clear(Regex *r)
{
    pcre2_code_free(r->code);
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->limits);
    mem_free(r->pattern);
    *r = (Regex){0};
}

static void
regex_free(void *ptr)
{
    regex_clear(ptr);
    mem_free(ptr);
}

static void
regex_compile(Regex *r, Str pattern, u32 options)
{
    regex_clear(r);
    r->pattern = mem_strdup(pattern.ptr, pattern.len);
    r->pattern_len = pattern.len;
    int code = 0;
    size_t at = 0;
    if (pattern.len > PATTERN_BYTES_MAX) {
        memcpy(r->error, "pattern is too long", sizeof "pattern is too long");
        return;
    }
    r->code =
        pcre2_compile((PCRE2_SPTR)r->pattern, pattern.len, PCRE2_UTF | options, &code, &at, NULL);
    if (!r->code) {
        (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)r->error, sizeof r->error);
        return;
    }
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without JIT it is only slower */
    r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
    r->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(r->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(r->limits, MATCH_LIMIT);
}

/* The call's Regex for this pattern; `own` serves where there is no scratch. */
static Regex *
regex_for(const EvalCtx *ctx, Regex *own, Str pattern, u32 options)
{
    Regex *r = own;
    if (ctx->scratch) {
        if (!ctx->scratch->ptr) *ctx->scratch = (EvalScratch){mem_make(Regex), regex_free};
        r = ctx->scratch->ptr;
    }
    bool same = r->pattern && r->pattern_len == pattern.len &&
                memcmp(r->pattern, pattern.ptr, pattern.len) == 0;
    if (!same) regex_compile(r, pattern, options);
    return r;
}

typedef enum RegexHit { REGEX_MISS, REGEX_HIT, REGEX_LIMIT } RegexHit;

/* Search s from byte `from`; places are in pcre2_get_ovector_pointer(r->match). */
static RegexHit
regex_search(Regex *r, Str s, size_t from, u32 options)
{
    const char *text = s.len ? s.ptr : "";
    int rc = pcre2_match(r->code, (PCRE2_SPTR)text, s.len, from, options | PCRE2_NO_UTF_CHECK,
                         r->match, r->limits);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
        rc = pcre2_match(r->code, (PCRE2_SPTR)text, s.len, from,
                         options | PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, r->match, r->limits);
    }
    if (rc >= 0) return REGEX_HIT;
    return rc == PCRE2_ERROR_NOMATCH ? REGEX_MISS : REGEX_LIMIT;
}

static Status
regex_too_hard(const EvalCtx *ctx, const Regex *r, Err *err)
{
    LANE_FAIL(W3004, "the pattern '%.*s' needs too many steps", (int)MIN(r->pattern_len, 60u),
              r->pattern);
}

static Status
regex_not_valid(const EvalCtx *ctx, const Regex *r, Err *err)
{
    LANE_FAIL(W3004, "the pattern '%.*s' is not valid: %s", (int)MIN(r->pattern_len, 60u),
              r->pattern, r->error);
}

/* ---- one search per lane -------------------------------------------------------------------- */

typedef enum RegexWant { WANT_BOOL, WANT_PLACE, WANT_TEXT, WANT_COUNT } RegexWant;

static bool
regex_group(const Regex *r, Str s, i32 group, Str *ret)
{
    if (group < 0 || (u32)group >= pcre2_get_ovector_count(r->match)) return false;
    const size_t *o = pcre2_get_ovector_pointer(r->match);
    if (o[2 * group] == PCRE2_UNSET) return false;
    *ret = (Str){s.ptr + o[2 * group], (u32)(o[2 * group + 1] - o[2 * group])};
    return true;
}

/* Where to go on after a hit: behind it, and one character further when it is empty. */
static size_t
regex_after(const Regex *r, Str s)
{
    const size_t *o = pcre2_get_ovector_pointer(r->match);
    if (o[1] > o[0]) return o[1];
    return o[1] < s.len ? utf8_next(s, (u32)o[1]) : (size_t)s.len + 1;
}

static RegexHit
regex_count(Regex *r, Str s, i32 *ret_count)
{
    *ret_count = 0;
    for (size_t at = 0; at <= s.len; at = regex_after(r, s)) {
        RegexHit hit = regex_search(r, s, at, 0);
        if (hit == REGEX_LIMIT) return hit;
        if (hit == REGEX_MISS) break;
        ++*ret_count;
    }
    return REGEX_HIT;
}

static RegexHit
regex_lane(Regex *r, Str s, i32 group, RegexWant want, Vector *out, u32 i)
{
    if (want == WANT_COUNT) return regex_count(r, s, &vector_data(out, i32)[i]);
    RegexHit hit = regex_search(r, s, 0, 0);
    if (hit == REGEX_LIMIT) return hit;
    if (want == WANT_BOOL) {
        vector_data(out, u8)[i] = hit == REGEX_HIT;
    } else if (want == WANT_PLACE) {
        u32 at = hit == REGEX_HIT ? (u32)pcre2_get_ovector_pointer(r->match)[0] : 0;
        vector_data(out, i32)[i] = hit == REGEX_HIT ? (i32)utf8_length((Str){s.ptr, at}) + 1 : 0;
    } else {
        Str part;
        if (hit == REGEX_HIT && regex_group(r, s, group, &part))
            lane_borrow(out, i, part);
        else
            vector_set_null(out, i);
    }
    return hit;
}

/* bad_is_null: a pattern that is not valid makes NULL (Flink's newer functions), not an error. */
static Status
regex_run(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, RegexWant want,
          bool bad_is_null, u32 options, Err *err)
{
    Regex own = {0};
    Status st = ERR_OK;
    if (want == WANT_TEXT) text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        Regex *r = regex_for(ctx, &own, lane_str(&args[1], i), options);
        bool bad = !r->code;
        if (bad && !bad_is_null && eval_lane_counts(ctx, out, i)) {
            st = regex_not_valid(ctx, r, err);
        } else if (bad || !utf8_valid(s.ptr, s.len)) {
            vector_set_null(out, i);
        } else {
            i32 group = nargs > 2 ? LANE(&args[2], i32, i) : 0;
            RegexHit hit = regex_lane(r, s, group, want, out, i);
            if (hit != REGEX_LIMIT) continue;
            if (eval_lane_counts(ctx, out, i))
                st = regex_too_hard(ctx, r, err);
            else
                vector_set_null(out, i);
        }
    }
    regex_clear(&own);
    return st;
}

#define REGEX(name, want, bad_is_null)                                                             \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        return regex_run(ctx, args, nargs, out, want, bad_is_null, 0, err);                        \
    }
REGEX(regexp_kernel, WANT_BOOL, false)
REGEX(regexp_instr_kernel, WANT_PLACE, true)
REGEX(regexp_extract_kernel, WANT_TEXT, true)
REGEX(regexp_count_kernel, WANT_COUNT, true)
#undef REGEX

/* ---- REGEXP_REPLACE ------------------------------------------------------------------------- */

static RegexHit
regex_replace_all(Regex *r, Str s, Str with, StrBuf *to)
{
    size_t copied = 0, at = 0;
    while (at <= s.len) {
        RegexHit hit = regex_search(r, s, at, 0);
        if (hit == REGEX_LIMIT) return hit;
        if (hit == REGEX_MISS) break;
        const size_t *o = pcre2_get_ovector_pointer(r->match);
        /* \K and look-behind may begin before what is copied already. */
        if (o[0] < copied || o[1] < o[0]) break;
        strbuf_add(to, s.ptr + copied, o[0] - copied);
        strbuf_str(to, with);
        if (to->len > TEXT_MAX_BYTES) return REGEX_LIMIT;
        copied = o[1];
        at = regex_after(r, s);
    }
    strbuf_add(to, s.ptr + copied, s.len - copied);
    return REGEX_HIT;
}

static Status
regexp_replace_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    Regex own = {0};
    StrBuf text = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        Regex *r = regex_for(ctx, &own, lane_str(&args[1], i), 0);
        strbuf_clear(&text);
        if (!r->code || !utf8_valid(s.ptr, s.len)) {
            vector_set_null(out, i);
        } else if (regex_replace_all(r, s, lane_str(&args[2], i), &text) == REGEX_HIT) {
            lane_set_text(out, i, strbuf_view(&text));
        } else if (eval_lane_counts(ctx, out, i)) {
            st = regex_too_hard(ctx, r, err);
        } else {
            vector_set_null(out, i);
        }
    }
    strbuf_done(&text);
    regex_clear(&own);
    return st;
}

/* ---- SIMILAR TO ----------------------------------------------------------------------------- */

static bool
is_ascii_word(u8 c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* SQL's pattern as PCRE2's: % is .*, _ is ., an escaped character stands for itself; the rest
 * (| * + ? {} () [] .) means the same in both, as Flink has it. */
static void
similar_translate(StrBuf *to, Str pattern, Str escape)
{
    bool in_class = false;
    for (u32 i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        Str rest = {pattern.ptr + i, pattern.len - i};
        if (escape.len && str_starts(rest, escape) && rest.len > escape.len) {
            i += escape.len;
            u8 next = (u8)pattern.ptr[i];
            if (next < 128 && !is_ascii_word(next)) strbuf_char(to, '\\');
            strbuf_char(to, (char)next);
            continue;
        }
        if (c == '[') in_class = true;
        if (c == ']') in_class = false;
        if (c == '%' && !in_class)
            strbuf_add(to, ".*", 2);
        else if (c == '_' && !in_class)
            strbuf_char(to, '.');
        else if (c == '\\' || c == '^' || c == '$') {
            if (!(c == '^' && in_class)) strbuf_char(to, '\\');
            strbuf_char(to, c);
        } else {
            strbuf_char(to, c);
        }
    }
}

static Status
similar_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    Regex own = {0};
    StrBuf wanted = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(out, i)) continue;
        if (i == 0 || args[1].form == VEC_FLAT || !wanted.len) {
            strbuf_clear(&wanted);
            similar_translate(&wanted, lane_str(&args[1], i),
                              nargs > 2 ? lane_str(&args[2], i) : (Str){0});
        }
        Str s = lane_str(&args[0], i);
        u32 options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL;
        Regex *r = regex_for(ctx, &own, strbuf_view(&wanted), options);
        RegexHit hit = REGEX_MISS;
        if (!r->code && eval_lane_counts(ctx, out, i))
            st = regex_not_valid(ctx, r, err);
        else if (r->code && utf8_valid(s.ptr, s.len))
            hit = regex_search(r, s, 0, 0);
        if (hit == REGEX_LIMIT && eval_lane_counts(ctx, out, i)) st = regex_too_hard(ctx, r, err);
        vector_data(out, u8)[i] = hit == REGEX_HIT;
    }
    strbuf_done(&wanted);
    regex_clear(&own);
    return st;
}

#define ROW_REGEXP(func, args_text, ret_kind, more, kernel_name, doc_text, example_text, ...)      \
    {                                                                                              \
        .name = func, .args = {__VA_ARGS__}, .args_min = 2, .ret = ret_kind,                       \
        .flags = FUNC_CAN_FAIL | (more), .kernel = kernel_name, .category = "string",              \
        .syntax = func "(" args_text ")", .doc = doc_text, .example = example_text                 \
    }

const FuncDef funcs_regexp[] = {
    ROW_REGEXP("REGEXP", "text, pattern", TYPE_BOOLEAN, 0, regexp_kernel,
               "True if the pattern fits a part of the text.",
               "REGEXP('100-200', '(\\d+)') -> TRUE", ARG_STRING, ARG_STRING),
    {.name = "REGEXP_REPLACE",
     .args = {ARG_STRING, ARG_STRING, ARG_STRING},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_CAN_FAIL | FUNC_NULLABLE,
     .kernel = regexp_replace_kernel,
     .category = "string",
     .syntax = "REGEXP_REPLACE(text, pattern, with)",
     .doc = "The text with every part that the pattern fits replaced; `with` is taken literally.",
     .example = "REGEXP_REPLACE('foobar', 'oo|ar', '') -> fb"},
    ROW_REGEXP("REGEXP_EXTRACT", "text, pattern [, group]", TYPE_VARCHAR, FUNC_NULLABLE,
               regexp_extract_kernel,
               "The part that the pattern (0) or its group fits; NULL if there is none.",
               "REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2) -> bar", ARG_STRING, ARG_STRING,
               TYPE_INT),
    ROW_REGEXP("REGEXP_SUBSTR", "text, pattern", TYPE_VARCHAR, FUNC_NULLABLE, regexp_extract_kernel,
               "The first part that the pattern fits; NULL if there is none.",
               "REGEXP_SUBSTR('100-200', '\\d+') -> 100", ARG_STRING, ARG_STRING),
    ROW_REGEXP("REGEXP_INSTR", "text, pattern", TYPE_INT, FUNC_NULLABLE, regexp_instr_kernel,
               "Where the pattern first fits, from 1; 0 if it does not.",
               "REGEXP_INSTR('abc123', '\\d') -> 4", ARG_STRING, ARG_STRING),
    ROW_REGEXP("REGEXP_COUNT", "text, pattern", TYPE_INT, FUNC_NULLABLE, regexp_count_kernel,
               "How often the pattern fits.", "REGEXP_COUNT('a*b*c', '\\*') -> 2", ARG_STRING,
               ARG_STRING),
    {.name = "SIMILAR TO",
     .args = {ARG_STRING, ARG_STRING, ARG_STRING},
     .args_min = 2,
     .ret = TYPE_BOOLEAN,
     .flags = FUNC_OPERATOR | FUNC_CAN_FAIL,
     .kernel = similar_kernel,
     .category = "string",
     .syntax = "text SIMILAR TO pattern [ESCAPE 'c']",
     .doc = "True if the whole text fits SQL's regular expression, where % and _ are LIKE's.",
     .example = "'weir' SIMILAR TO 'w(e|i)+r' -> TRUE"},
    {0},
};

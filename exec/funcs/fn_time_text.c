/* fn_time_text.c - dates and times to text and back: DATE_FORMAT, TO_TIMESTAMP and their kin.
 *
 * Constant patterns are compiled when the call is bound and live in the plan's arena; others are
 * compiled when a lane brings a new one and kept in the call's EvalScratch, as are the zones that
 * CONVERT_TZ names. A text that does not fit its pattern gives NULL, as in Flink. */
#include "base/mem.h"
#include "base/time_pattern.h"
#include "exec/funcs/funcs.h"

static const Str default_pattern = {"yyyy-MM-dd HH:mm:ss", 19};

/* The pattern and zones that lanes brought last. */
typedef struct TimeKeep {
    Arena *arena; /* of pattern; NULL: none yet */
    char *text;
    u32 text_len;
    TimePattern *pattern;
    char *zone_name[2];
    TimeZone *zone[2];
} TimeKeep;

static void
keep_clear(TimeKeep *k)
{
    arena_free(k->arena);
    mem_free(k->text);
    for (u32 i = 0; i < 2; i++) {
        timezone_free(k->zone[i]);
        mem_free(k->zone_name[i]);
    }
    *k = (TimeKeep){0};
}

static void
keep_free(void *ptr)
{
    keep_clear(ptr);
    mem_free(ptr);
}

static TimeKeep *
keep_for(const EvalCtx *ctx, TimeKeep *own)
{
    if (!ctx->scratch) return own;
    if (!ctx->scratch->ptr) *ctx->scratch = (EvalScratch){mem_make(TimeKeep), keep_free};
    return ctx->scratch->ptr;
}

/* The pattern of lane i: bound, or compiled now. NULL and no error: lane without one. */
static Status
keep_pattern(const EvalCtx *ctx, TimeKeep *k, Str text, const TimePattern **ret, Err *err)
{
    if (ctx->data) {
        *ret = ctx->data;
        return ERR_OK;
    }
    bool same = k->text && k->text_len == text.len && memcmp(k->text, text.ptr, text.len) == 0;
    if (!same) {
        arena_free(k->arena);
        mem_free(k->text);
        k->arena = arena_new();
        k->text = NULL;
        Status st = time_pattern_compile(k->arena, text, &k->pattern, err);
        if (st) {
            err->pos = ctx->pos, err->width = ctx->width;
            return st;
        }
        k->text = mem_strdup(text.ptr, text.len);
        k->text_len = text.len;
    }
    *ret = k->pattern;
    return ERR_OK;
}

/* What a function does with one lane; pattern is NULL where the call has none. */
typedef struct TimeLane {
    const EvalCtx *ctx;
    const Vector *args;
    u32 nargs, i;
    const TimePattern *pattern;
    ZoneCursor zone;
    StrBuf text;
} TimeLane;
typedef void (*TimeLaneFn)(TimeLane *l, Vector *out);

/* pattern_arg: which argument is the pattern; at or past nargs there is none. */
static Status
time_lanes(const EvalCtx *ctx, const Vector *args, u32 nargs, u32 pattern_arg, TimeLaneFn fn,
           Vector *out, Err *err)
{
    TimeKeep own = {0}, *k = keep_for(ctx, &own);
    TimeLane l = {.ctx = ctx, .args = args, .nargs = nargs, .zone = timezone_cursor(ctx_zone(ctx))};
    Status st = ERR_OK;
    memset(out->data->bytes, 0, (size_t)ctx->rows * type_slot_bytes[out->type.kind]);
    for (l.i = 0; l.i < ctx->rows; l.i++) {
        if (vector_is_null(out, l.i)) continue;
        l.pattern = NULL;
        Str text = pattern_arg < nargs ? lane_str(&args[pattern_arg], l.i) : default_pattern;
        if (pattern_arg < nargs || ctx->data) st = keep_pattern(ctx, k, text, &l.pattern, err);
        if (st && !eval_lane_counts(ctx, out, l.i)) {
            st = ERR_OK;
            vector_set_null(out, l.i);
            continue;
        }
        if (st) break;
        fn(&l, out);
    }
    strbuf_done(&l.text);
    keep_clear(&own);
    return st;
}

/* Compile a constant pattern, argument number arg; without the argument the default one. */
static Status
pattern_bind(FuncCall *call, u32 arg, bool always, Err *err)
{
    const Vector *v = arg < call->nargs ? call->constant[arg] : NULL;
    if (arg < call->nargs) {
        if (call->arg_type[arg].kind == TYPE_NULL) call->arg_type[arg] = type_string();
        if (!type_is(call->arg_type[arg], KIND_TEXT)) return call_misfit(call, err);
    }
    if (arg < call->nargs ? !v || vector_is_null(v, 0) : !always) return ERR_OK;
    TimePattern *p;
    Status st = time_pattern_compile(call->arena, v ? lane_str(v, 0) : default_pattern, &p, err);
    if (st) {
        err->pos = call->arg_pos && arg < call->nargs ? call->arg_pos[arg] : call->pos;
        return st;
    }
    call->data = p;
    return ERR_OK;
}

/* ---- to text -------------------------------------------------------------------------------- */

static void
lane_format(TimeLane *l, Vector *out, i64 local_us, i32 offset_s)
{
    strbuf_clear(&l->text);
    time_pattern_print(l->pattern, local_us, offset_s, &l->text);
    lane_set_text(out, l->i, strbuf_view(&l->text));
}

static void
date_format_lane(TimeLane *l, Vector *out)
{
    const Vector *v = &l->args[0];
    i64 us = 0;
    i32 offset_s = 0;
    if (type_is(v->type, KIND_TEXT)) {
        Str s = str_trim(lane_str(v, l->i));
        if (timestamp_parse(s.ptr, s.len, &us) != TEXT_OK) {
            vector_set_null(out, l->i);
            return;
        }
    } else if (v->type.kind == TYPE_DATE) {
        us = timestamp_of_date(LANE(v, i32, l->i));
    } else {
        us = LANE(v, i64, l->i);
        if (v->type.kind == TYPE_TIMESTAMP_LTZ) {
            i64 local = timezone_cursor_to_local(&l->zone, us);
            offset_s = (i32)((local - us) / US_PER_SECOND);
            us = local;
        }
    }
    lane_format(l, out, us, offset_s);
}

static Status
date_format_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    return time_lanes(ctx, args, nargs, 1, date_format_lane, out, err);
}

static Status
date_format_bind(FuncCall *call, Err *err)
{
    Type *t = &call->arg_type[0];
    if (t->kind == TYPE_NULL) *t = type_of(TYPE_TIMESTAMP);
    if (!type_is(*t, KIND_TIME | KIND_TEXT)) return call_misfit(call, err);
    call->ret = type_string();
    return pattern_bind(call, 1, false, err);
}

static void
from_unixtime_lane(TimeLane *l, Vector *out)
{
    i64 seconds = LANE(&l->args[0], i64, l->i), us;
    if (__builtin_mul_overflow(seconds, US_PER_SECOND, &us) || us < TIMESTAMP_MIN_US ||
        us > TIMESTAMP_MAX_US) {
        vector_set_null(out, l->i);
        return;
    }
    i64 local = timezone_cursor_to_local(&l->zone, us);
    lane_format(l, out, local, (i32)((local - us) / US_PER_SECOND));
}

static Status
from_unixtime_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    return time_lanes(ctx, args, nargs, 1, from_unixtime_lane, out, err);
}

static Status
from_unixtime_bind(FuncCall *call, Err *err)
{
    Type *t = &call->arg_type[0];
    if (!type_is(*t, KIND_NUMERIC) && t->kind != TYPE_NULL) return call_misfit(call, err);
    *t = type_nullable(type_of(TYPE_BIGINT), !t->not_null);
    call->ret = type_string();
    return pattern_bind(call, 1, true, err);
}

/* ---- from text ------------------------------------------------------------------------------ */

/* The lane's text by the pattern, or in the standard form. Local time as written. */
static bool
lane_parse(TimeLane *l, i64 *ret_us)
{
    Str s = str_trim(lane_str(&l->args[0], l->i));
    if (l->pattern) return time_pattern_parse(l->pattern, s, ret_us, NULL) == TEXT_OK;
    return timestamp_parse(s.ptr, s.len, ret_us) == TEXT_OK;
}

static void
to_timestamp_lane(TimeLane *l, Vector *out)
{
    i64 us;
    if (lane_parse(l, &us))
        vector_data(out, i64)[l->i] = timestamp_cut(us, out->type.scale);
    else
        vector_set_null(out, l->i);
}
static void
to_ltz_lane(TimeLane *l, Vector *out)
{
    i64 us;
    bool has_offset = false;
    Str s = str_trim(lane_str(&l->args[0], l->i));
    bool ok = l->pattern ? time_pattern_parse(l->pattern, s, &us, &has_offset) == TEXT_OK
                         : timestamp_ltz_parse(s.ptr, s.len, l->zone.zone, &us) == TEXT_OK;
    if (!ok) {
        vector_set_null(out, l->i);
        return;
    }
    if (l->pattern && !has_offset) us = timezone_cursor_from_local(&l->zone, us);
    vector_data(out, i64)[l->i] = timestamp_cut(us, out->type.scale);
}
static void
to_date_lane(TimeLane *l, Vector *out)
{
    i64 us = 0;
    i32 days = 0;
    Str s = str_trim(lane_str(&l->args[0], l->i));
    bool ok = l->pattern ? lane_parse(l, &us) : date_parse(s.ptr, s.len, &days) == TEXT_OK;
    if (!ok)
        vector_set_null(out, l->i);
    else
        vector_data(out, i32)[l->i] = l->pattern ? timestamp_days(us) : days;
}
static void
unix_timestamp_lane(TimeLane *l, Vector *out)
{
    i64 us;
    if (lane_parse(l, &us)) {
        us = timezone_cursor_from_local(&l->zone, us);
        vector_data(out, i64)[l->i] = timestamp_field(CAL_EPOCH, us);
    } else {
        vector_set_null(out, l->i);
    }
}

#define FROM_TEXT(name, lane)                                                                      \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        return time_lanes(ctx, args, nargs, 1, lane, out, err);                                    \
    }
FROM_TEXT(to_timestamp_kernel, to_timestamp_lane)
FROM_TEXT(to_ltz_text_kernel, to_ltz_lane)
FROM_TEXT(to_date_kernel, to_date_lane)
FROM_TEXT(unix_timestamp_kernel, unix_timestamp_lane)
#undef FROM_TEXT

/* All of them take a text and maybe a pattern; the row's ret is the result, TIMESTAMPs of (3). */
static Status
from_text_bind(FuncCall *call, Err *err)
{
    Type *t = &call->arg_type[0];
    if (t->kind == TYPE_NULL) *t = type_string();
    if (!type_is(*t, KIND_TEXT)) return call_misfit(call, err);
    TypeKind kind = (TypeKind)call->def->ret;
    bool stamped = kind == TYPE_TIMESTAMP || kind == TYPE_TIMESTAMP_LTZ;
    call->ret = stamped ? type_timestamp(kind, 3) : type_of(kind);
    return pattern_bind(call, 1, false, err);
}

/* ---- TO_TIMESTAMP_LTZ(number, precision) ---------------------------------------------------- */

/* 0000-01-01 and the end of 9999, in milliseconds. */
#define EPOCH_MIN_MS (-62167219200000LL)
#define EPOCH_MAX_MS 253402300799999LL

static void
to_ltz_number_lane(Vector *out, u32 i, bool in_range, i64 ms)
{
    if (in_range && ms >= EPOCH_MIN_MS && ms <= EPOCH_MAX_MS)
        vector_data(out, i64)[i] = ms * US_PER_MS;
    else
        vector_set_null(out, i);
}

#define KERNEL to_ltz_integer_kernel
#define BODY                                                                                       \
    i64 ms, v = LANE(&args[0], i64, i);                                                            \
    bool fits = !__builtin_mul_overflow(v, LANE(&args[1], i32, i) == 0 ? 1000 : 1, &ms);           \
    to_ltz_number_lane(out, i, fits, ms)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL to_ltz_real_kernel
#define BODY                                                                                       \
    f64 ms = LANE(&args[0], f64, i) * (LANE(&args[1], i32, i) == 0 ? 1000 : 1);                    \
    to_ltz_number_lane(out, i, ms > -1e15 && ms < 1e15, f64_to_i64(ms))
#include "exec/kernels/lanes.tmpl.h"

static Status
to_ltz_number_bind(FuncCall *call, Err *err)
{
    Type *t = &call->arg_type[0], *p = &call->arg_type[1];
    bool integer = type_is(*t, KIND_INTEGER) || t->kind == TYPE_NULL;
    if (!integer && !type_is(*t, KIND_NUMERIC)) return call_misfit(call, err);
    if (!type_is(*p, KIND_INTEGER) && p->kind != TYPE_NULL) return call_misfit(call, err);
    *t = type_nullable(type_of(integer ? TYPE_BIGINT : TYPE_DOUBLE), !t->not_null);
    *p = type_nullable(type_of(TYPE_INT), !p->not_null);
    const Vector *v = call->constant[1];
    if (!v) return call_misfit(call, err);
    if (!vector_is_null(v, 0)) {
        Vector n;
        TRY(const_cast_to(call, v, *p, &n, err));
        i32 precision = LANE(&n, i32, 0);
        vector_done(&n);
        if (precision != 0 && precision != 3) {
            return err_set(err, W3006, call->arg_pos ? call->arg_pos[1] : call->pos,
                           "the precision of TO_TIMESTAMP_LTZ must be 0 (seconds) or 3 "
                           "(milliseconds), not %d",
                           precision);
        }
    }
    call->ret = type_timestamp(TYPE_TIMESTAMP_LTZ, 3);
    call->kernel = integer ? to_ltz_integer_kernel : to_ltz_real_kernel;
    return ERR_OK;
}

/* ---- CONVERT_TZ ----------------------------------------------------------------------------- */

/* Zone number n (0 from, 1 to) by name, kept. */
static Status
keep_zone(const EvalCtx *ctx, TimeKeep *k, u32 n, Str name, Err *err)
{
    if (k->zone_name[n] && str_eq(str_from(k->zone_name[n]), name)) return ERR_OK;
    timezone_free(k->zone[n]);
    mem_free(k->zone_name[n]);
    k->zone[n] = NULL;
    k->zone_name[n] = mem_strdup(name.ptr ? name.ptr : "", name.len);
    Status st = timezone_find(k->zone_name[n], &k->zone[n], err);
    if (!st) return ERR_OK;
    mem_free(k->zone_name[n]);
    k->zone_name[n] = NULL;
    k->zone[n] = NULL;
    err->pos = ctx->pos, err->width = ctx->width;
    return st;
}

static Status
convert_tz_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    TimeKeep own = {0}, *k = keep_for(ctx, &own);
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        i64 us;
        if (vector_is_null(out, i)) continue;
        Str s = str_trim(lane_str(&args[0], i));
        if (timestamp_parse(s.ptr, s.len, &us) != TEXT_OK || !eval_lane_counts(ctx, out, i)) {
            vector_set_null(out, i);
            continue;
        }
        for (u32 n = 0; n < 2 && !st; n++)
            st = keep_zone(ctx, k, n, lane_str(&args[1 + n], i), err);
        if (st) break;
        char text[DATETIME_TEXT_MAX];
        us = timezone_to_local(k->zone[1], timezone_from_local(k->zone[0], us));
        vector_set_str(out, i, text, timestamp_print(text, us, 0));
    }
    keep_clear(&own);
    return st;
}

#define TEXT_TO(func, type, kernel_name, doc_text, example_text)                                   \
    {                                                                                              \
        .name = func, .args_min = 1, .args_max = 2, .ret = type,                                   \
        .flags = FUNC_NULLABLE | FUNC_CAN_FAIL, .kernel = kernel_name, .bind = from_text_bind,     \
        .category = "temporal", .syntax = func "(text [, pattern])", .doc = doc_text,              \
        .example = example_text                                                                    \
    }

const FuncDef funcs_time_text[] = {
    {.name = "DATE_FORMAT",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_NULLABLE | FUNC_CAN_FAIL,
     .kernel = date_format_kernel,
     .bind = date_format_bind,
     .category = "temporal",
     .syntax = "DATE_FORMAT(time, pattern)",
     .doc = "The timestamp, or a text of one, by a pattern of Java's DateTimeFormatter.",
     .example = "DATE_FORMAT(TIMESTAMP '2018-03-14 01:02:03', 'yyyy/MM/dd HH') -> 2018/03/14 01"},
    {.name = "FROM_UNIXTIME",
     .args_min = 1,
     .args_max = 2,
     .flags = FUNC_NULLABLE | FUNC_CAN_FAIL,
     .kernel = from_unixtime_kernel,
     .bind = from_unixtime_bind,
     .category = "temporal",
     .syntax = "FROM_UNIXTIME(seconds [, pattern])",
     .doc = "Seconds from 1970 as a text in the session's zone, 'yyyy-MM-dd HH:mm:ss'.",
     .example = "FROM_UNIXTIME(44) -> 1970-01-01 00:00:44"},
    TEXT_TO("TO_TIMESTAMP", TYPE_TIMESTAMP, to_timestamp_kernel,
            "The timestamp that a text names; NULL if it does not fit the pattern.",
            "TO_TIMESTAMP('20170915000000', 'yyyyMMddHHmmss') -> 2017-09-15 00:00:00.000"),
    TEXT_TO("TO_DATE", TYPE_DATE, to_date_kernel,
            "The date that a text names; NULL if it does not fit the pattern.",
            "TO_DATE('2017-09-15') -> 2017-09-15"),
    TEXT_TO("UNIX_TIMESTAMP", TYPE_BIGINT, unix_timestamp_kernel,
            "Seconds from 1970 to the time that a text names in the session's zone; NULL if it "
            "does not fit the pattern.",
            "UNIX_TIMESTAMP('1970-01-01 00:01:00') -> 60"),
    {.name = "TO_TIMESTAMP_LTZ",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_NULLABLE,
     .bind = to_ltz_number_bind,
     .category = "temporal",
     .syntax = "TO_TIMESTAMP_LTZ(number, 0 or 3)",
     .doc = "The moment so many seconds (0) or milliseconds (3) after 1970.",
     .example = "TO_TIMESTAMP_LTZ(100, 0) -> 1970-01-01 00:01:40.000"},
    TEXT_TO("TO_TIMESTAMP_LTZ", TYPE_TIMESTAMP_LTZ, to_ltz_text_kernel,
            "The moment that a text names in the session's zone, unless it has an offset.",
            "TO_TIMESTAMP_LTZ('1970-01-01 00:01:40', 'yyyy-MM-dd HH:mm:ss') -> 1970-01-01 "
            "00:01:40.000"),
    {.name = "CONVERT_TZ",
     .args = {ARG_STRING, ARG_STRING, ARG_STRING},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_NULLABLE | FUNC_CAN_FAIL,
     .kernel = convert_tz_kernel,
     .category = "temporal",
     .syntax = "CONVERT_TZ(text, from, to)",
     .doc = "A local time of one zone as the local time of another.",
     .example = "CONVERT_TZ('2018-03-14 11:00:00', 'UTC', 'Asia/Shanghai') -> 2018-03-14 19:00:00"},
    {0},
};

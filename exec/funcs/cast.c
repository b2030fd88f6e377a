/* cast.c - CAST and TRY_CAST.
 *
 *   kernel by physical kind of both sides   numbers among numbers (C's conversions, wrapping as
 *                                           Java's), BOOLEAN to numbers and back
 *   parse                                   text to anything: value_text.h
 *   print                                   anything to text
 *   times                                   DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ among themselves
 *   fit                                     texts and bytes to other lengths
 *
 * CAST of a text that is no value of the type fails (W3002), TRY_CAST gives NULL. A number that
 * does not fit a DECIMAL is NULL in both, as in Flink. Which pairs exist is cast_bind's, at the
 * end. */
#include "exec/funcs/cast.h"

#include "base/decimal.h"
#include "base/value_text.h"
#include "exec/funcs/funcs.h"

typedef struct CastData {
    bool try_cast;
    u8 from_scale;
} CastData;

/* ---- numbers -------------------------------------------------------------------------------- */

#define INTEGER_CAST(FROM, TO)                                                                     \
    static Status cast_##FROM##_##TO(const EvalCtx *ctx, const Vector *args, u32 nargs,            \
                                     Vector *out, Err *err)                                        \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++) vector_data(out, TO)[i] = (TO)LANE(&args[0], FROM, i); \
        return ERR_OK;                                                                             \
    }
#define INTEGER_CASTS(FROM)                                                                        \
    INTEGER_CAST(FROM, i8)                                                                         \
    INTEGER_CAST(FROM, i16)                                                                        \
    INTEGER_CAST(FROM, i32)                                                                        \
    INTEGER_CAST(FROM, i64)                                                                        \
    INTEGER_CAST(FROM, f32)                                                                        \
    INTEGER_CAST(FROM, f64)
INTEGER_CASTS(u8)
INTEGER_CASTS(i8)
INTEGER_CASTS(i16)
INTEGER_CASTS(i32)
INTEGER_CASTS(i64)
INTEGER_CAST(f32, f64)
INTEGER_CAST(f64, f32)
INTEGER_CAST(f32, f32)
INTEGER_CAST(f64, f64)

/* Java: to INT and BIGINT by clamping, to SMALLINT and TINYINT by way of INT. */
#define REAL_CAST(FROM, TO, EXPRESSION)                                                            \
    static Status cast_##FROM##_##TO(const EvalCtx *ctx, const Vector *args, u32 nargs,            \
                                     Vector *out, Err *err)                                        \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++) {                                                      \
            FROM x = LANE(&args[0], FROM, i);                                                      \
            vector_data(out, TO)[i] = (TO)(EXPRESSION);                                            \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }
#define REAL_CASTS(FROM)                                                                           \
    REAL_CAST(FROM, i8, f64_to_i32(x))                                                             \
    REAL_CAST(FROM, i16, f64_to_i32(x))                                                            \
    REAL_CAST(FROM, i32, f64_to_i32(x))                                                            \
    REAL_CAST(FROM, i64, f64_to_i64(x))
REAL_CASTS(f32)
REAL_CASTS(f64)

static const FuncKernel number_casts[PHYS_COUNT][PHYS_COUNT] = {
#define ROW(F)                                                                                     \
    {                                                                                              \
        [PHYS_I8] = cast_##F##_i8, [PHYS_I16] = cast_##F##_i16, [PHYS_I32] = cast_##F##_i32,       \
        [PHYS_I64] = cast_##F##_i64, [PHYS_F32] = cast_##F##_f32, [PHYS_F64] = cast_##F##_f64      \
    }
    [PHYS_U8] = ROW(u8),   [PHYS_I8] = ROW(i8),   [PHYS_I16] = ROW(i16), [PHYS_I32] = ROW(i32),
    [PHYS_I64] = ROW(i64), [PHYS_F32] = ROW(f32), [PHYS_F64] = ROW(f64),
#undef ROW
};

static i64
integer_lane(const Vector *v, u32 i)
{
    switch (type_slot_bytes[v->type.kind]) {
    case 1:
        return v->type.kind == TYPE_BOOLEAN ? LANE(v, u8, i) != 0 : LANE(v, i8, i);
    case 2:
        return LANE(v, i16, i);
    case 4:
        return LANE(v, i32, i);
    default:
        return LANE(v, i64, i);
    }
}

#define KERNEL cast_integer_bool
#define BODY vector_data(out, u8)[i] = integer_lane(&args[0], i) != 0
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_f32_bool
#define BODY vector_data(out, u8)[i] = LANE(&args[0], f32, i) != 0
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_f64_bool
#define BODY vector_data(out, u8)[i] = LANE(&args[0], f64, i) != 0
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_decimal_bool
#define BODY vector_data(out, u8)[i] = LANE(&args[0], i128, i) != 0
#include "exec/kernels/lanes.tmpl.h"

/* ---- DECIMAL -------------------------------------------------------------------------------- */

#define TO_DECIMAL(CALL)                                                                           \
    Type t = out->type;                                                                            \
    i128 v = 0;                                                                                    \
    if (CALL)                                                                                      \
        vector_data(out, i128)[i] = v;                                                             \
    else                                                                                           \
        vector_set_null(out, i)

#define KERNEL cast_integer_decimal
#define BODY TO_DECIMAL(decimal_from_i64(integer_lane(&args[0], i), t.precision, t.scale, &v))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_f32_decimal
#define BODY                                                                                       \
    /* Through FLOAT's own shortest digits, not the longer ones of the double. */                  \
    char text[F64_TEXT_MAX];                                                                       \
    u32 len = f32_print(text, LANE(&args[0], f32, i));                                             \
    TO_DECIMAL(decimal_parse(text, len, t.precision, t.scale, &v) == TEXT_OK)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_f64_decimal
#define BODY TO_DECIMAL(decimal_from_f64(LANE(&args[0], f64, i), t.precision, t.scale, &v))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_decimal_decimal
#define BODY                                                                                       \
    TO_DECIMAL(                                                                                    \
        decimal_rescale(LANE(&args[0], i128, i), args[0].type.scale, t.scale, t.precision, &v))
#include "exec/kernels/lanes.tmpl.h"

/* The whole part; too large ones wrap around, as Java's intValue does. */
#define KERNEL cast_decimal_integer
#define BODY                                                                                       \
    i128 whole = decimal_whole(LANE(&args[0], i128, i), args[0].type.scale);                       \
    switch (type_slot_bytes[out->type.kind]) {                                                     \
    case 1:                                                                                        \
        vector_data(out, i8)[i] = (i8)whole;                                                       \
        break;                                                                                     \
    case 2:                                                                                        \
        vector_data(out, i16)[i] = (i16)whole;                                                     \
        break;                                                                                     \
    case 4:                                                                                        \
        vector_data(out, i32)[i] = (i32)whole;                                                     \
        break;                                                                                     \
    default:                                                                                       \
        vector_data(out, i64)[i] = (i64)whole;                                                     \
        break;                                                                                     \
    }
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_decimal_f32
#define BODY                                                                                       \
    vector_data(out, f32)[i] = (f32)decimal_to_f64(LANE(&args[0], i128, i), args[0].type.scale)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_decimal_f64
#define BODY vector_data(out, f64)[i] = decimal_to_f64(LANE(&args[0], i128, i), args[0].type.scale)
#include "exec/kernels/lanes.tmpl.h"

/* ---- text ----------------------------------------------------------------------------------- */

enum { QUOTE_MAX = 60 }; /* bytes of the bad text that the message shows */

static Status
text_not_converted(const EvalCtx *ctx, Str text, Type to, TextResult why, Err *err)
{
    StrBuf type = {0};
    type_print(&type, type_nullable(to, true));
    Status st = err_set(err, W3002, ctx->pos, "text '%.*s%s' %s %.*s",
                        (int)MIN(text.len, QUOTE_MAX), text.ptr, text.len > QUOTE_MAX ? "..." : "",
                        why == TEXT_RANGE ? "is out of the range of" : "is no",
                        STR_ARG(strbuf_view(&type)));
    strbuf_done(&type);
    err->width = ctx->width;
    return err_hint(err, st, "TRY_CAST gives NULL where CAST fails.");
}

static Status
parse_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    const CastData *d = ctx->data;
    size_t slot = type_slot_bytes[out->type.kind];
    const TimeZone *zone = ctx_zone(ctx);
    memset(out->data->bytes, 0, ctx->rows * slot);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str text = lane_str(&args[0], i);
        TextResult r = value_parse(out->type, text, zone, VALUE_CAST, out->data->bytes + i * slot);
        if (LIKELY(r == TEXT_OK)) continue;
        if (!d->try_cast && eval_lane_counts(ctx, out, i))
            return text_not_converted(ctx, text, out->type, r, err);
        vector_set_null(out, i);
    }
    return ERR_OK;
}

static Status
print_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    size_t slot = type_slot_bytes[args[0].type.kind];
    const TimeZone *zone = ctx_zone(ctx);
    bool fits = out->type.kind == TYPE_VARCHAR && out->type.precision == TYPE_LEN_MAX;
    StrBuf text = {0}, scratch = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        strbuf_clear(&text);
        size_t at = args[0].form == VEC_CONST ? 0 : i * slot;
        value_print(&text, args[0].type, args[0].data->bytes + at, zone);
        Str s = strbuf_view(&text);
        lane_set_text(out, i, fits ? s : value_fit(out->type, s, &scratch));
    }
    strbuf_done(&text);
    strbuf_done(&scratch);
    return ERR_OK;
}

/* Bytes and texts to another length; what needs no change is shared. */
static Status
fit_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf scratch = {0};
    text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i), fit = value_fit(out->type, s, &scratch);
        bool borrowed = fit.ptr >= s.ptr && fit.ptr <= s.ptr + s.len;
        if (borrowed)
            lane_borrow(out, i, fit);
        else
            lane_set_text(out, i, fit);
    }
    strbuf_done(&scratch);
    return ERR_OK;
}

/* ---- times ---------------------------------------------------------------------------------- */

static i64
time_cut(i64 us, u32 digits)
{
    return timestamp_cut(us, digits);
}

#define KERNEL cast_date_timestamp
#define BODY vector_data(out, i64)[i] = timestamp_of_date(LANE(&args[0], i32, i))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_timestamp_date
#define BODY vector_data(out, i32)[i] = timestamp_days(LANE(&args[0], i64, i))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_timestamp_time
#define BODY                                                                                       \
    vector_data(out, i64)[i] = time_cut(timestamp_time_us(LANE(&args[0], i64, i)), out->type.scale)
#include "exec/kernels/lanes.tmpl.h"
/* TIMESTAMP and TIME to another number of digits; a TIME becomes a time of 1970-01-01. */
#define KERNEL cast_us_us
#define BODY vector_data(out, i64)[i] = time_cut(LANE(&args[0], i64, i), out->type.scale)
#include "exec/kernels/lanes.tmpl.h"

/* With a zone: from TIMESTAMP_LTZ to local civil time and back. */
#define ZONED(name, EXPRESSION)                                                                    \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        ZoneCursor zone = timezone_cursor(ctx_zone(ctx));                                          \
        memset(out->data->bytes, 0, ctx->rows *(size_t)type_slot_bytes[out->type.kind]);           \
        for (u32 i = 0; i < ctx->rows; i++) {                                                      \
            if (!vector_is_null(out, i)) EXPRESSION;                                               \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }
#define TO_LOCAL timezone_cursor_to_local(&zone, LANE(&args[0], i64, i))
#define SCALE out->type.scale
ZONED(cast_ltz_timestamp, vector_data(out, i64)[i] = time_cut(TO_LOCAL, SCALE))
ZONED(cast_ltz_date, vector_data(out, i32)[i] = timestamp_days(TO_LOCAL))
ZONED(cast_ltz_time, vector_data(out, i64)[i] = time_cut(timestamp_time_us(TO_LOCAL), SCALE))
ZONED(cast_timestamp_ltz,
      vector_data(out, i64)[i] = time_cut(timezone_cursor_from_local(&zone, LANE(&args[0], i64, i)),
                                          SCALE))
ZONED(cast_date_ltz,
      vector_data(out, i64)[i] = timezone_cursor_from_local(&zone, timestamp_of_date(LANE(&args[0],
                                                                                          i32, i))))
#undef ZONED
#undef TO_LOCAL
#undef SCALE

#define KERNEL cast_null
#define BODY vector_set_null(out, i)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL cast_same
#define BODY                                                                                       \
    size_t slot = type_slot_bytes[out->type.kind];                                                 \
    memcpy(out->data->bytes + i * slot,                                                            \
           args[0].data->bytes + (args[0].form == VEC_CONST ? 0 : i * slot), slot)
#include "exec/kernels/lanes.tmpl.h"

/* ---- which kernel --------------------------------------------------------------------------- */

static FuncKernel
cast_among_numbers(Type from, Type to)
{
    if (from.kind == TYPE_DECIMAL) {
        if (to.kind == TYPE_DECIMAL) return cast_decimal_decimal;
        if (to.kind == TYPE_BOOLEAN) return cast_decimal_bool;
        if (to.kind == TYPE_FLOAT) return cast_decimal_f32;
        return to.kind == TYPE_DOUBLE ? cast_decimal_f64 : cast_decimal_integer;
    }
    if (to.kind == TYPE_DECIMAL) {
        if (from.kind == TYPE_FLOAT) return cast_f32_decimal;
        return from.kind == TYPE_DOUBLE ? cast_f64_decimal : cast_integer_decimal;
    }
    if (to.kind == TYPE_BOOLEAN) {
        if (from.kind == TYPE_FLOAT) return cast_f32_bool;
        return from.kind == TYPE_DOUBLE ? cast_f64_bool : cast_integer_bool;
    }
    return number_casts[type_phys[from.kind]][type_phys[to.kind]];
}

static FuncKernel
cast_among_times(Type from, Type to)
{
    static const FuncKernel kernels[TYPE_COUNT][TYPE_COUNT] = {
        [TYPE_DATE] = {[TYPE_DATE] = cast_same,
                       [TYPE_TIMESTAMP] = cast_date_timestamp,
                       [TYPE_TIMESTAMP_LTZ] = cast_date_ltz},
        [TYPE_TIME] = {[TYPE_TIME] = cast_us_us,
                       [TYPE_TIMESTAMP] = cast_us_us,
                       [TYPE_TIMESTAMP_LTZ] = cast_timestamp_ltz},
        [TYPE_TIMESTAMP] = {[TYPE_DATE] = cast_timestamp_date,
                            [TYPE_TIME] = cast_timestamp_time,
                            [TYPE_TIMESTAMP] = cast_us_us,
                            [TYPE_TIMESTAMP_LTZ] = cast_timestamp_ltz},
        [TYPE_TIMESTAMP_LTZ] = {[TYPE_DATE] = cast_ltz_date,
                                [TYPE_TIME] = cast_ltz_time,
                                [TYPE_TIMESTAMP] = cast_ltz_timestamp,
                                [TYPE_TIMESTAMP_LTZ] = cast_us_us},
    };
    return kernels[from.kind][to.kind];
}

/* The kernel for a pair of types; NULL if Flink has no such cast. */
static FuncKernel
cast_choose(Type from, Type to)
{
    const u32 heap = KIND_TEXT | KIND_BYTES;
    bool numbers = type_is(from, KIND_NUMERIC) || from.kind == TYPE_BOOLEAN;
    if (to.kind == TYPE_NULL) return NULL;
    if (from.kind == TYPE_NULL) return cast_null;
    if (from.kind == TYPE_BOOLEAN && to.kind == TYPE_BOOLEAN) return cast_same;
    if (numbers && (type_is(to, KIND_NUMERIC) || to.kind == TYPE_BOOLEAN))
        return cast_among_numbers(from, to);
    if (type_is(from, heap) && type_is(to, heap)) return fit_kernel;
    if (type_is(to, KIND_TEXT)) return print_kernel;
    if (type_is(from, KIND_TEXT)) return parse_kernel;
    if (type_is(from, KIND_TIME) && type_is(to, KIND_TIME)) return cast_among_times(from, to);
    if (type_is(from, KIND_INTERVAL) && from.kind == to.kind) return cast_same;
    /* An interval of one field and an exact number count the same thing. */
    return NULL;
}

extern const FuncDef funcs_cast[];

static Status
cast_missing(const FuncCall *call, Type from, Type to, Err *err)
{
    StrBuf a = {0}, b = {0};
    type_print(&a, type_nullable(from, true));
    type_print(&b, type_nullable(to, true));
    Status st = err_set(err, W2006, call->pos, "%.*s cannot be cast to %.*s",
                        STR_ARG(strbuf_view(&a)), STR_ARG(strbuf_view(&b)));
    err->width = call->width;
    strbuf_done(&a);
    strbuf_done(&b);
    bool to_time = to.kind == TYPE_TIMESTAMP || to.kind == TYPE_TIMESTAMP_LTZ;
    bool from_time = from.kind == TYPE_TIMESTAMP || from.kind == TYPE_TIMESTAMP_LTZ;
    if (type_is(from, KIND_NUMERIC) && to_time)
        return err_hint(err, st, "Use TO_TIMESTAMP_LTZ(number, 0 or 3) or FROM_UNIXTIME.");
    if (from_time && type_is(to, KIND_NUMERIC))
        return err_hint(err, st, "Use EXTRACT(EPOCH FROM time) or UNIX_TIMESTAMP.");
    return st;
}

Status
cast_bind(FuncCall *call, Type to, bool try_cast, Err *err)
{
    Type from = call->arg_type[0];
    call->kernel = cast_choose(from, to);
    call->def = &funcs_cast[try_cast ? 1 : 0];
    if (!call->kernel) return cast_missing(call, from, to, err);
    CastData *d = arena_make(call->arena, CastData);
    *d = (CastData){.try_cast = try_cast, .from_scale = from.scale};
    call->data = d;
    call->ret = type_nullable(to, try_cast || !from.not_null);
    return ERR_OK;
}

/* CAST is written with a type, so it never comes through func_resolve(). */
static Status
cast_row_bind(FuncCall *call, Err *err)
{
    return call_misfit(call, err);
}

/* ---- TYPEOF --------------------------------------------------------------------------------- */

/* data: the type's text, made when the call was bound. */
static Status
typeof_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)args, (void)nargs, (void)err;
    const Str *text = ctx->data;
    for (u32 i = 0; i < ctx->rows; i++) lane_set_text(out, i, *text);
    return ERR_OK;
}

static Status
typeof_bind(FuncCall *call, Err *err)
{
    (void)err;
    StrBuf text = {0};
    Str *copy = arena_make(call->arena, Str);
    type_print(&text, call->arg_type[0]);
    *copy = (Str){arena_copy(call->arena, text.ptr, text.len), (u32)text.len};
    strbuf_done(&text);
    call->ret = type_string();
    call->data = copy;
    return ERR_OK;
}

#define CAST_ROW(row, more, doc_text, example_text)                                                \
    {                                                                                              \
        .name = row, .args_min = 2, .args_max = 2, .flags = FUNC_OPERATOR | (more),                \
        .bind = cast_row_bind, .category = "conversion", .syntax = row "(x AS TYPE)",              \
        .doc = doc_text, .example = example_text                                                   \
    }

const FuncDef funcs_cast[] = {
    CAST_ROW("CAST", FUNC_CAN_FAIL,
             "The value as another type. Integers wrap around, fractions are cut off, texts must "
             "be well formed.",
             "CAST('12' AS INT) -> 12"),
    CAST_ROW("TRY_CAST", 0, "As CAST, but NULL where the value cannot be converted.",
             "TRY_CAST('12' AS INT) -> 12"),
    {.name = "TYPEOF",
     .args_min = 1,
     .args_max = 1,
     .flags = FUNC_NULLS | FUNC_NOT_NULL,
     .kernel = typeof_kernel,
     .bind = typeof_bind,
     .category = "conversion",
     .syntax = "TYPEOF(x)",
     .doc = "The type of the value, as SQL writes it.",
     .example = "TYPEOF(CAST(NULL AS INT)) -> INT"},
    {0},
};

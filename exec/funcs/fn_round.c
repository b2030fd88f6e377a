/* fn_round.c - CEIL, FLOOR, ROUND, TRUNCATE of numbers and of dates and times.
 *
 * ROUND and TRUNCATE of floating point work on the shortest decimal digits of the number, as Flink
 * (BigDecimal.valueOf) does: ROUND(1.005, 2) is 1.01. Halves go away from zero. */
#include "base/decimal.h"
#include "exec/funcs/funcs.h"

#include <math.h>

/* ---- CEIL and FLOOR of numbers -------------------------------------------------------------- */

#define WHOLE(name, T, expression)                                                                 \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++) {                                                      \
            if (vector_is_null(out, i)) continue;                                                  \
            T x = LANE(&args[0], T, i);                                                            \
            vector_data(out, T)[i] = expression;                                                   \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }
WHOLE(ceil_f32, f32, ceilf(x))
WHOLE(ceil_f64, f64, ceil(x))
WHOLE(floor_f32, f32, floorf(x))
WHOLE(floor_f64, f64, floor(x))
WHOLE(ceil_decimal, i128, decimal_ceil(x, args[0].type.scale))
WHOLE(floor_decimal, i128, decimal_floor(x, args[0].type.scale))
#undef WHOLE

#define KERNEL copy_slots
#define BODY                                                                                       \
    size_t slot = type_slot_bytes[out->type.kind];                                                 \
    memcpy(out->data->bytes + i * slot,                                                            \
           args[0].data->bytes + (args[0].form == VEC_CONST ? 0 : i * slot), slot)
#include "exec/kernels/lanes.tmpl.h"

static bool
is_ceil(const FuncCall *call)
{
    return call->def->name[0] == 'C';
}

static Status
whole_bind(FuncCall *call, Err *err)
{
    Type t = call->arg_type[0];
    if (t.kind == TYPE_NULL) t = call->arg_type[0] = type_of(TYPE_INT);
    call->ret = type_nullable(t, true);
    if (t.kind == TYPE_DECIMAL) {
        call->ret = decimal_floor_type(t);
        call->kernel = is_ceil(call) ? ceil_decimal : floor_decimal;
    } else if (t.kind == TYPE_FLOAT) {
        call->kernel = is_ceil(call) ? ceil_f32 : floor_f32;
    } else if (t.kind == TYPE_DOUBLE) {
        call->kernel = is_ceil(call) ? ceil_f64 : floor_f64;
    } else if (type_is(t, KIND_INTEGER)) {
        call->kernel = copy_slots;
    } else {
        return call_misfit(call, err);
    }
    return ERR_OK;
}

/* ---- CEIL and FLOOR of times ---------------------------------------------------------------- */

typedef struct FloorData {
    CalendarUnit unit;
    bool ceil, monday; /* monday: DATE_TRUNC's weeks */
} FloorData;

static i64
time_to_unit(const FloorData *d, i64 us)
{
    if (d->ceil) return timestamp_ceil(d->unit, us);
    return d->monday ? timestamp_trunc(d->unit, us) : timestamp_floor(d->unit, us);
}

#define KERNEL floor_timestamp
#define BODY vector_data(out, i64)[i] = time_to_unit(ctx->data, LANE(&args[0], i64, i))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL floor_time
#define BODY                                                                                       \
    vector_data(out, i64)[i] = timestamp_time_us(time_to_unit(ctx->data, LANE(&args[0], i64, i)))
#include "exec/kernels/lanes.tmpl.h"

static i32
date_to_unit(const FloorData *d, i32 days)
{
    if (d->unit > CAL_DAY) return days;
    /* CEIL(DATE TO DAY) is the day after, as Flink answers. */
    if (d->unit == CAL_DAY && d->ceil) return days + 1;
    return timestamp_days(time_to_unit(d, timestamp_of_date(days)));
}
#define KERNEL floor_date
#define BODY vector_data(out, i32)[i] = date_to_unit(ctx->data, LANE(&args[0], i32, i))
#include "exec/kernels/lanes.tmpl.h"

static Status
floor_ltz(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    ZoneCursor zone = timezone_cursor(ctx_zone(ctx));
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        i64 local = timezone_cursor_to_local(&zone, LANE(&args[0], i64, i));
        vector_data(out, i64)[i] =
            timezone_cursor_from_local(&zone, time_to_unit(ctx->data, local));
    }
    return ERR_OK;
}

/* The unit is a constant text, argument number `unit_arg`; the time is the other one. */
static Status
floor_bind(FuncCall *call, u32 unit_arg, FloorData want, Err *err)
{
    FloorData *d = arena_make(call->arena, FloorData);
    *d = want;
    u32 time_arg = 1 - unit_arg;
    Str unit;
    TRY(call_const_text(call, unit_arg, &unit, err));
    if (!calendar_unit_find(unit, &d->unit) || d->unit >= CAL_EPOCH) {
        return err_set(err, W3006, call->arg_pos ? call->arg_pos[unit_arg] : call->pos,
                       "\"%.*s\" is not a unit that times can be cut to", STR_ARG(unit));
    }
    Type t = call->arg_type[time_arg];
    static const FuncKernel kernels[TYPE_COUNT] = {[TYPE_DATE] = floor_date,
                                                   [TYPE_TIME] = floor_time,
                                                   [TYPE_TIMESTAMP] = floor_timestamp,
                                                   [TYPE_TIMESTAMP_LTZ] = floor_ltz};
    call->kernel = kernels[t.kind];
    if (!call->kernel) return call_misfit(call, err);
    call->ret = type_nullable(t, true);
    call->data = d;
    return ERR_OK;
}

static Status
floor_to_bind(FuncCall *call, Err *err)
{
    return floor_bind(call, 1, (FloorData){.ceil = is_ceil(call)}, err);
}

/* DATE_TRUNC names the unit first; its kernels read the time as argument 0. */
#define SECOND_ARG(name, kernel)                                                                   \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        return kernel(ctx, args + 1, nargs - 1, out, err);                                         \
    }
SECOND_ARG(trunc_timestamp, floor_timestamp)
SECOND_ARG(trunc_time, floor_time)
SECOND_ARG(trunc_date, floor_date)
SECOND_ARG(trunc_ltz, floor_ltz)
#undef SECOND_ARG

static Status
date_trunc_bind(FuncCall *call, Err *err)
{
    TRY(floor_bind(call, 0, (FloorData){.monday = true}, err));
    call->kernel = call->kernel == floor_timestamp ? trunc_timestamp
                   : call->kernel == floor_time    ? trunc_time
                   : call->kernel == floor_date    ? trunc_date
                                                   : trunc_ltz;
    return ERR_OK;
}

/* ---- ROUND and TRUNCATE --------------------------------------------------------------------- */

typedef struct RoundData {
    bool truncate;
} RoundData;

static i32
round_digits(const Vector *args, u32 nargs, u32 i)
{
    return nargs > 1 ? LANE(&args[1], i32, i) : 0;
}

static const u64 pow10_u64[] = {1u,
                                10u,
                                100u,
                                1000u,
                                10000u,
                                100000u,
                                1000000u,
                                10000000u,
                                100000000u,
                                1000000000u,
                                10000000000u,
                                100000000000u,
                                1000000000000u,
                                10000000000000u,
                                100000000000000u,
                                1000000000000000u,
                                10000000000000000u,
                                100000000000000000u,
                                1000000000000000000u};

/* Drop the last `drop` decimal digits. */
static u64
digits_drop(u64 v, u32 drop, bool truncate)
{
    if (drop >= ARRAY_LEN(pow10_u64)) return 0; /* v has at most 18 digits, so below one half */
    u64 unit = pow10_u64[drop], rest = v % unit;
    return v / unit + (!truncate && rest >= unit - rest ? 1 : 0);
}

/* s.digits * 10^s.exponent rounded to `digits` behind the point; false: nothing to round. */
static bool
short_round(ShortDecimal s, i32 digits, bool truncate, char *text, u32 *ret_len)
{
    i64 drop = -((i64)s.exponent + digits);
    if (drop <= 0) return false;
    u64 kept = digits_drop(s.digits, (u32)MIN(drop, 100), truncate);
    u32 len = u64_print(text, kept);
    text[len++] = 'E';
    len += i64_print(text + len, kept ? s.exponent + drop : 0);
    *ret_len = len;
    return true;
}

static f64
round_f64(f64 x, i32 digits, bool truncate)
{
    char text[64];
    u32 len;
    f64 v;
    if (x == 0 || !isfinite(x)) return x;
    if (!short_round(f64_shortest(fabs(x)), digits, truncate, text, &len)) return x;
    if (f64_parse(text, len, &v) != TEXT_OK) return x;
    return x < 0 ? 0 - v : v;
}

static f32
round_f32(f32 x, i32 digits, bool truncate)
{
    char text[64];
    u32 len;
    f32 v;
    if (x == 0 || !isfinite(x)) return x;
    if (!short_round(f32_shortest(fabsf(x)), digits, truncate, text, &len)) return x;
    if (f32_parse(text, len, &v) != TEXT_OK) return x;
    return x < 0 ? 0 - v : v;
}

static i64
round_i64(i64 x, i32 digits, bool truncate)
{
    if (digits >= 0) return x;
    u64 v = x < 0 ? 0 - (u64)x : (u64)x;
    u32 drop = (u32)MIN(-(i64)digits, 100);
    if (drop == 19 && !truncate && v >= 5000000000000000000u) return 0; /* 10^19 leaves i64 */
    u64 kept = digits_drop(v, drop, truncate);
    u64 r = drop < ARRAY_LEN(pow10_u64) ? kept * pow10_u64[drop] : 0;
    return (i64)(x < 0 ? 0 - r : r);
}

#define ROUND(name, T, expression)                                                                 \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)err;                                                                                 \
        bool truncate = ((const RoundData *)ctx->data)->truncate;                                  \
        for (u32 i = 0; i < ctx->rows; i++) {                                                      \
            T x = LANE(&args[0], T, i);                                                            \
            vector_data(out, T)[i] = (T)expression(x, round_digits(args, nargs, i), truncate);     \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }
ROUND(round_i8_kernel, i8, round_i64)
ROUND(round_i16_kernel, i16, round_i64)
ROUND(round_i32_kernel, i32, round_i64)
ROUND(round_i64_kernel, i64, round_i64)
ROUND(round_f32_kernel, f32, round_f32)
ROUND(round_f64_kernel, f64, round_f64)
#undef ROUND

/* The result's scale was fixed by the constant digits when the call was bound. */
static void
round_decimal_lane(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, u32 i)
{
    bool truncate = ((const RoundData *)ctx->data)->truncate;
    i128 x = LANE(&args[0], i128, i), v = 0;
    u32 scale = args[0].type.scale;
    i32 digits = round_digits(args, nargs, i);
    if (digits >= (i32)scale)
        v = x;
    else if (truncate)
        v = decimal_truncate(x, scale, digits);
    else if (!decimal_round(x, scale, digits, out->type.precision, &v)) {
        vector_set_null(out, i);
        return;
    }
    vector_data(out, i128)[i] = v;
}
#define KERNEL round_decimal_kernel
#define BODY round_decimal_lane(ctx, args, nargs, out, i)
#include "exec/kernels/lanes.tmpl.h"

static Status
round_bind_decimal(FuncCall *call, bool truncate, Err *err)
{
    Type t = call->arg_type[0];
    i32 digits = 0;
    if (call->nargs > 1) {
        const Vector *v = call->constant[1];
        if (!v) {
            return err_set(err, W2015, call->arg_pos ? call->arg_pos[1] : call->pos,
                           "the digits of %s of a DECIMAL must be a constant", call->def->name);
        }
        Vector as_int;
        TRY(const_cast_to(call, v, type_of(TYPE_INT), &as_int, err));
        if (!vector_is_null(&as_int, 0)) digits = LANE(&as_int, i32, 0);
        vector_done(&as_int);
    }
    u32 scale = (u32)MAX(0, MIN(digits, (i32)t.scale));
    call->ret = truncate ? type_decimal(MAX(t.precision, 1), scale) : decimal_round_type(t, digits);
    call->kernel = round_decimal_kernel;
    return ERR_OK;
}

static Status
round_bind(FuncCall *call, Err *err)
{
    RoundData *d = arena_make(call->arena, RoundData);
    d->truncate = call->def->name[0] == 'T';
    call->data = d;
    Type t = call->arg_type[0];
    if (t.kind == TYPE_NULL) t = call->arg_type[0] = type_of(TYPE_INT);
    if (!type_is(t, KIND_NUMERIC)) return call_misfit(call, err);
    if (call->nargs > 1) {
        Type digits = call->arg_type[1];
        if (!type_is(digits, KIND_INTEGER) && digits.kind != TYPE_NULL)
            return call_misfit(call, err);
        call->arg_type[1] = type_nullable(type_of(TYPE_INT), !digits.not_null);
    }
    if (t.kind == TYPE_DECIMAL) return round_bind_decimal(call, d->truncate, err);
    static const FuncKernel kernels[PHYS_COUNT] = {
        [PHYS_I8] = round_i8_kernel,   [PHYS_I16] = round_i16_kernel,
        [PHYS_I32] = round_i32_kernel, [PHYS_I64] = round_i64_kernel,
        [PHYS_F32] = round_f32_kernel, [PHYS_F64] = round_f64_kernel};
    call->kernel = kernels[type_phys[t.kind]];
    call->ret = type_nullable(t, true);
    return ERR_OK;
}

#define NUMBER_OR_TIME(func, doc_text, example_text, doc_time, example_time)                       \
    {.name = func,                                                                                 \
     .args_min = 1,                                                                                \
     .args_max = 1,                                                                                \
     .bind = whole_bind,                                                                           \
     .category = "arithmetic",                                                                     \
     .syntax = func "(x)",                                                                         \
     .doc = doc_text,                                                                              \
     .example = example_text},                                                                     \
    {                                                                                              \
        .name = func, .args_min = 2, .args_max = 2, .bind = floor_to_bind, .category = "temporal", \
        .syntax = func "(time TO unit)", .doc = doc_time, .example = example_time                  \
    }
#define ROUNDING(func, doc_text, example_text)                                                     \
    {                                                                                              \
        .name = func, .args_min = 1, .args_max = 2, .bind = round_bind, .category = "arithmetic",  \
        .syntax = func "(x [, digits])", .doc = doc_text, .example = example_text                  \
    }

const FuncDef funcs_round[] = {
    NUMBER_OR_TIME("CEIL", "The smallest whole number that is not less than x.", "CEIL(2.5) -> 3",
                   "The time rounded up to whole units.",
                   "CEIL(TIME '12:44:31' TO MINUTE) -> 12:45:00"),
    NUMBER_OR_TIME("CEILING", "The smallest whole number that is not less than x.",
                   "CEILING(2.5) -> 3", "The time rounded up to whole units.",
                   "CEILING(TIME '12:44:31' TO HOUR) -> 13:00:00"),
    NUMBER_OR_TIME("FLOOR", "The greatest whole number that is not more than x.",
                   "FLOOR(-2.5) -> -3", "The time cut to whole units; weeks begin on Sunday.",
                   "FLOOR(DATE '2021-02-27' TO MONTH) -> 2021-02-01"),
    {.name = "DATE_TRUNC",
     .args_min = 2,
     .args_max = 2,
     .bind = date_trunc_bind,
     .category = "temporal",
     .syntax = "DATE_TRUNC('unit', time)",
     .doc = "The time cut to whole units; weeks begin on Monday.",
     .example = "DATE_TRUNC('month', DATE '2021-02-27') -> 2021-02-01"},
    ROUNDING("ROUND",
             "x rounded to so many digits behind the point (0), halves away from zero; negative "
             "digits round before the point.",
             "ROUND(-12.345, 2) -> -12.35"),
    ROUNDING("TRUNCATE", "x cut to so many digits behind the point (0).",
             "TRUNCATE(42.345, 2) -> 42.34"),
    {0},
};

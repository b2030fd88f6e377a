/* fn_arith.c - the operators + - * / % and MOD, ABS, SIGN, over numbers, times and intervals.
 *
 * Integers meet at the wider of both types and wrap around in it, as Flink's do; division by zero
 * is an error for every kind of number; DECIMAL results that need more than 38 digits are NULL.
 * A TIMESTAMP plus months keeps the day of the month where that exists. */
#include "base/decimal.h"
#include "exec/funcs/funcs.h"
#include "exec/kernels/kernels.h"

#include <math.h>

static Status
division_by_zero(const EvalCtx *ctx, Err *err)
{
    LANE_FAIL(W3001, "division by zero");
}

/* ---- integers and floating point ------------------------------------------------------------ */

/* A zero divisor in a lane that counts is an error; in one that does not, the result is 0.
 * Division by -1 is negation, which wraps, where the hardware would trap. */
#define DIVIDE(T, U)                                                                               \
    T l = LANE(&args[0], T, i), r = LANE(&args[1], T, i);                                          \
    if (UNLIKELY(r == 0)) {                                                                        \
        if (eval_lane_counts(ctx, out, i)) return division_by_zero(ctx, err);                      \
        vector_data(out, T)[i] = 0;                                                                \
        continue;                                                                                  \
    }                                                                                              \
    vector_data(out, T)[i] = (T)(r == -1 ? (T)(U)(0 - (U)l) : (T)(l / r))

#define KERNEL div_i8
#define BODY DIVIDE(i8, u8)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL div_i16
#define BODY DIVIDE(i16, u16)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL div_i32
#define BODY DIVIDE(i32, u32)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL div_i64
#define BODY DIVIDE(i64, u64)
#include "exec/kernels/lanes.tmpl.h"

#define DIVIDE_REAL(T)                                                                             \
    T r = LANE(&args[1], T, i);                                                                    \
    if (UNLIKELY(r == 0) && eval_lane_counts(ctx, out, i)) return division_by_zero(ctx, err);      \
    vector_data(out, T)[i] = LANE(&args[0], T, i) / r

#define KERNEL div_f32
#define BODY DIVIDE_REAL(f32)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL div_f64
#define BODY DIVIDE_REAL(f64)
#include "exec/kernels/lanes.tmpl.h"

/* The arguments are BIGINT; the result has the divisor's own type, which always holds it. */
#define KERNEL mod_integers
#define BODY                                                                                       \
    i64 l = LANE(&args[0], i64, i), r = LANE(&args[1], i64, i);                                    \
    if (UNLIKELY(r == 0)) {                                                                        \
        if (eval_lane_counts(ctx, out, i)) return division_by_zero(ctx, err);                      \
        continue;                                                                                  \
    }                                                                                              \
    vector_set_integer(out, i, r == -1 ? 0 : l % r)
#include "exec/kernels/lanes.tmpl.h"

#define KERNEL mod_f64
#define BODY vector_data(out, f64)[i] = fmod(LANE(&args[0], f64, i), LANE(&args[1], f64, i))
#include "exec/kernels/lanes.tmpl.h"

/* ---- decimals ------------------------------------------------------------------------------- */

typedef bool (*DecimalOp)(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value);
typedef struct DecimalData {
    DecimalOp op;
    u32 as, bs;
    bool divides;
    Type ret;
} DecimalData;

#define KERNEL decimal_kernel
#define BODY                                                                                       \
    const DecimalData *d = ctx->data;                                                              \
    i128 l = LANE(&args[0], i128, i), r = LANE(&args[1], i128, i), v = 0;                          \
    if (UNLIKELY(d->divides && r == 0)) {                                                          \
        if (eval_lane_counts(ctx, out, i)) return division_by_zero(ctx, err);                      \
        continue;                                                                                  \
    }                                                                                              \
    if (LIKELY(d->op(l, d->as, r, d->bs, d->ret, &v)))                                             \
        vector_data(out, i128)[i] = v;                                                             \
    else                                                                                           \
        vector_set_null(out, i)
#include "exec/kernels/lanes.tmpl.h"

static Status
arith_bind_decimal(FuncCall *call, char op)
{
    DecimalData *d = arena_make(call->arena, DecimalData);
    for (u32 i = 0; i < 2; i++) {
        Type *t = &call->arg_type[i];
        if (t->kind == TYPE_DECIMAL) continue;
        bool not_null = t->not_null;
        *t = type_nullable(decimal_of_integer((TypeKind)t->kind), !not_null);
    }
    Type a = call->arg_type[0], b = call->arg_type[1];
    switch (op) {
    case '+':
        d->op = decimal_add, d->ret = decimal_add_type(a, b);
        break;
    case '-':
        d->op = decimal_sub, d->ret = decimal_add_type(a, b);
        break;
    case '*':
        d->op = decimal_mul, d->ret = decimal_mul_type(a, b);
        break;
    case '/':
        d->op = decimal_div, d->ret = decimal_div_type(a, b);
        break;
    default:
        d->op = decimal_mod, d->ret = decimal_mod_type(a, b);
        break;
    }
    d->as = a.scale;
    d->bs = b.scale;
    d->divides = op == '/' || op == '%';
    call->ret = d->ret;
    call->kernel = decimal_kernel;
    call->data = d;
    return ERR_OK;
}

static Status
arith_bind_numbers(FuncCall *call, char op, Err *err)
{
    Type a = call->arg_type[0], b = call->arg_type[1], both;
    if (!type_common(a, b, &both)) return call_misfit(call, err);
    if (both.kind == TYPE_DECIMAL) return arith_bind_decimal(call, op);
    call->ret = type_nullable(both, true);
    if (op == '%') {
        bool real = type_is(both, KIND_APPROX);
        both = type_of(real ? TYPE_DOUBLE : TYPE_BIGINT);
        call->ret = real ? both : type_nullable(b, true);
        call->kernel = real ? mod_f64 : mod_integers;
    } else if (op == '/') {
        static const FuncKernel divide[PHYS_COUNT] = {
            [PHYS_I8] = div_i8,   [PHYS_I16] = div_i16, [PHYS_I32] = div_i32,
            [PHYS_I64] = div_i64, [PHYS_F32] = div_f32, [PHYS_F64] = div_f64};
        call->kernel = divide[type_phys[both.kind]];
    } else {
        ArithOp at = op == '+' ? ARITH_ADD : op == '-' ? ARITH_SUB : ARITH_MUL;
        call->kernel = kernel_table()->arith[at][type_phys[both.kind]];
    }
    call->arg_type[0] = type_nullable(both, !a.not_null);
    call->arg_type[1] = type_nullable(both, !b.not_null);
    return ERR_OK;
}

/* ---- times and intervals -------------------------------------------------------------------- */

typedef struct TimeArith {
    TypeKind kind; /* of the time */
    bool months;   /* the interval counts months */
    bool minus;
    u32 time_arg;
} TimeArith;

static Status
out_of_range(const EvalCtx *ctx, Err *err)
{
    LANE_FAIL(W3003, "the result is outside the range of dates and times");
}

static bool
time_add_lane(const TimeArith *d, const Vector *time, i64 interval, Vector *out, u32 i)
{
    if (d->minus && __builtin_sub_overflow((i64)0, interval, &interval)) return false;
    if (d->kind == TYPE_DATE) {
        i32 days = LANE(time, i32, i);
        if (d->months) return date_add_months(days, interval, &vector_data(out, i32)[i]);
        i64 sum = days + interval / US_PER_DAY;
        vector_data(out, i32)[i] = (i32)sum;
        return sum == (i32)sum;
    }
    i64 us = LANE(time, i64, i), *to = &vector_data(out, i64)[i];
    if (d->kind == TYPE_TIME) { /* a day has no end: 23:00 plus two hours is 01:00 */
        *to = d->months ? us : timestamp_time_us(us + interval % US_PER_DAY);
        return true;
    }
    if (d->months) return timestamp_add_months(us, interval, to);
    return !__builtin_add_overflow(us, interval, to);
}

#define KERNEL time_add_kernel
#define BODY                                                                                       \
    const TimeArith *d = ctx->data;                                                                \
    i64 interval = LANE(&args[1 - d->time_arg], i64, i);                                           \
    if (UNLIKELY(!time_add_lane(d, &args[d->time_arg], interval, out, i)) &&                       \
        eval_lane_counts(ctx, out, i))                                                             \
    return out_of_range(ctx, err)
#include "exec/kernels/lanes.tmpl.h"

/* A TIMESTAMP_LTZ plus months moves along the local calendar of the session's zone. */
static Status
ltz_add_months(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    const TimeArith *d = ctx->data;
    ZoneCursor zone = timezone_cursor(ctx_zone(ctx));
    for (u32 i = 0; i < ctx->rows; i++) {
        i64 months = LANE(&args[1 - d->time_arg], i64, i), us = 0;
        if (vector_is_null(out, i)) continue;
        if (d->minus) months = (i64)(0 - (u64)months);
        i64 local = timezone_cursor_to_local(&zone, LANE(&args[d->time_arg], i64, i));
        if (!timestamp_add_months(local, months, &us) && eval_lane_counts(ctx, out, i))
            return out_of_range(ctx, err);
        vector_data(out, i64)[i] = timezone_cursor_from_local(&zone, us);
    }
    return ERR_OK;
}

/* DATE - DATE in microseconds; other times are subtracted by the integer kernel. */
#define KERNEL date_sub_date
#define LEFT i32
#define RIGHT i32
#define OUT i64
#define EXPR ((i64)l - r) * US_PER_DAY
#include "exec/kernels/binary.tmpl.h"

/* A constant of at most 100,000 years: a timestamp and it never overflow 64 bits, so that the plain
 * loop will do. The watermark of nearly every table is such a difference. */
static bool
interval_is_small(const FuncCall *call, u32 arg)
{
    const i64 most_us = (i64)100000 * 366 * US_PER_DAY;
    const Vector *v = call->constant[arg];
    if (!v || vector_is_null(v, 0)) return false;
    i64 us = LANE(v, i64, 0);
    return us >= -most_us && us <= most_us;
}

static Status
arith_bind_time(FuncCall *call, char op, u32 time_arg, Err *err)
{
    Type time = call->arg_type[time_arg], interval = call->arg_type[1 - time_arg];
    if (!type_is(interval, KIND_INTERVAL) || (op != '+' && op != '-') ||
        (op == '-' && time_arg == 1))
        return call_misfit(call, err);
    TimeArith *d = arena_make(call->arena, TimeArith);
    *d = (TimeArith){.kind = (TypeKind)time.kind,
                     .months = interval.kind == TYPE_INTERVAL_YM,
                     .minus = op == '-',
                     .time_arg = time_arg};
    call->ret = type_nullable(time, true);
    if (time.kind == TYPE_TIMESTAMP || time.kind == TYPE_TIMESTAMP_LTZ) {
        /* Seconds may bring a fraction that the timestamp's type had no room for. */
        if (!d->months && interval.scale > time.scale && time.scale < 3) call->ret.scale = 3;
    }
    bool zoned = time.kind == TYPE_TIMESTAMP_LTZ && d->months;
    call->kernel = zoned ? ltz_add_months : time_add_kernel;
    if (interval_is_small(call, 1 - time_arg) && !d->months && type_phys[time.kind] == PHYS_I64 &&
        time.kind != TYPE_TIME) {
        call->kernel = kernel_table()->arith[d->minus ? ARITH_SUB : ARITH_ADD][PHYS_I64];
    }
    call->data = d;
    return ERR_OK;
}

static Status
arith_bind_time_pair(FuncCall *call, char op, Err *err)
{
    Type a = call->arg_type[0], b = call->arg_type[1], both;
    if (op != '-' || !type_common(a, b, &both)) return call_misfit(call, err);
    call->ret = type_of(TYPE_INTERVAL_DT);
    call->arg_type[0] = type_nullable(both, !a.not_null);
    call->arg_type[1] = type_nullable(both, !b.not_null);
    call->kernel =
        both.kind == TYPE_DATE ? date_sub_date : kernel_table()->arith[ARITH_SUB][PHYS_I64];
    return ERR_OK;
}

#define KERNEL interval_scale
#define BODY                                                                                       \
    u32 which = type_is(args[0].type, KIND_INTERVAL) ? 0 : 1;                                      \
    f64 v = (f64)LANE(&args[which], i64, i) * LANE(&args[1 - which], f64, i);                      \
    vector_data(out, i64)[i] = f64_to_i64(v)
#include "exec/kernels/lanes.tmpl.h"

#define KERNEL interval_divide
#define BODY                                                                                       \
    f64 by = LANE(&args[1], f64, i);                                                               \
    if (by == 0 && eval_lane_counts(ctx, out, i)) return division_by_zero(ctx, err);               \
    vector_data(out, i64)[i] = f64_to_i64((f64)LANE(&args[0], i64, i) / by)
#include "exec/kernels/lanes.tmpl.h"

static Status
arith_bind_interval(FuncCall *call, char op, Err *err)
{
    Type a = call->arg_type[0], b = call->arg_type[1];
    if (a.kind == b.kind && (op == '+' || op == '-')) {
        call->ret = type_nullable(a, true);
        call->ret.scale = MAX(a.scale, b.scale);
        call->kernel = kernel_table()->arith[op == '+' ? ARITH_ADD : ARITH_SUB][PHYS_I64];
        return ERR_OK;
    }
    u32 which = type_is(a, KIND_INTERVAL) ? 0 : 1;
    Type number = call->arg_type[1 - which];
    if (!type_is(number, KIND_NUMERIC) || (op != '*' && (op != '/' || which != 0)))
        return call_misfit(call, err);
    call->ret = type_nullable(call->arg_type[which], true);
    if (op == '*' && type_is(number, KIND_INTEGER)) { /* exact */
        call->arg_type[1 - which] = type_nullable(type_of(TYPE_BIGINT), !number.not_null);
        call->kernel = kernel_table()->arith[ARITH_MUL][PHYS_I64];
        return ERR_OK;
    }
    call->arg_type[1 - which] = type_nullable(type_of(TYPE_DOUBLE), !number.not_null);
    call->kernel = op == '*' ? interval_scale : interval_divide;
    return ERR_OK;
}

static Status
arith_bind(FuncCall *call, Err *err)
{
    char op = call->def->name[0] == 'M' ? '%' : call->def->name[0]; /* MOD */
    Type *t = call->arg_type;
    for (u32 i = 0; i < 2; i++) { /* a bare NULL takes the other side's type */
        if (t[i].kind != TYPE_NULL) continue;
        t[i] = t[1 - i].kind == TYPE_NULL     ? type_of(TYPE_INT)
               : type_is(t[1 - i], KIND_TIME) ? type_of(TYPE_INTERVAL_DT)
                                              : type_nullable(t[1 - i], true);
    }
    if (type_is(t[0], KIND_NUMERIC) && type_is(t[1], KIND_NUMERIC))
        return arith_bind_numbers(call, op, err);
    if (type_is(t[0], KIND_TIME) && type_is(t[1], KIND_TIME))
        return arith_bind_time_pair(call, op, err);
    if (type_is(t[0], KIND_TIME)) return arith_bind_time(call, op, 0, err);
    if (type_is(t[1], KIND_TIME)) return arith_bind_time(call, op, 1, err);
    if (type_is(t[0], KIND_INTERVAL) || type_is(t[1], KIND_INTERVAL))
        return arith_bind_interval(call, op, err);
    return call_misfit(call, err);
}

/* ---- one argument --------------------------------------------------------------------------- */

static Status
sign_bind_number(FuncCall *call, Err *err)
{
    Type *t = &call->arg_type[0];
    if (t->kind == TYPE_NULL) *t = type_of(TYPE_INT);
    if (!type_is(*t, KIND_NUMERIC | KIND_INTERVAL)) return call_misfit(call, err);
    call->ret = type_nullable(*t, true);
    return ERR_OK;
}

static Status
negate_bind(FuncCall *call, Err *err)
{
    TRY(sign_bind_number(call, err));
    call->kernel = kernel_table()->negate[type_phys[call->ret.kind]];
    return ERR_OK;
}

static Status
plus_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    size_t slot = type_slot_bytes[out->type.kind];
    for (u32 i = 0; i < ctx->rows; i++) {
        u32 at = args[0].form == VEC_CONST ? 0 : i;
        memcpy(out->data->bytes + i * slot, args[0].data->bytes + at * slot, slot);
    }
    return ERR_OK;
}

/* |x| and the sign of x; the most negative integer stays what it is, as in Java. */
#define KERNEL abs_i8
#define ARG i8
#define OUT i8
#define EXPR x < 0 ? (i8)(u8)(0 - (u8)x) : x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL abs_i16
#define ARG i16
#define OUT i16
#define EXPR x < 0 ? (i16)(u16)(0 - (u16)x) : x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL abs_i32
#define ARG i32
#define OUT i32
#define EXPR x < 0 ? (i32)(u32)(0 - (u32)x) : x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL abs_i64
#define ARG i64
#define OUT i64
#define EXPR x < 0 ? (i64)(u64)(0 - (u64)x) : x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL abs_i128
#define ARG i128
#define OUT i128
#define EXPR x < 0 ? (i128)(u128)(0 - (u128)x) : x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL sign_i8
#define ARG i8
#define OUT i8
#define EXPR (x > 0) - (x < 0)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL sign_i16
#define ARG i16
#define OUT i16
#define EXPR (x > 0) - (x < 0)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL sign_i32
#define ARG i32
#define OUT i32
#define EXPR (x > 0) - (x < 0)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL sign_i64
#define ARG i64
#define OUT i64
#define EXPR (x > 0) - (x < 0)
#include "exec/kernels/unary.tmpl.h"

#define KERNEL abs_f32
#define ARG f32
#define OUT f32
#define EXPR fabsf(x)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL abs_f64
#define ARG f64
#define OUT f64
#define EXPR fabs(x)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL sign_f32
#define ARG f32
#define OUT f32
#define EXPR x > 0 ? 1 : x < 0 ? -1 : x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL sign_f64
#define ARG f64
#define OUT f64
#define EXPR x > 0 ? 1 : x < 0 ? -1 : x
#include "exec/kernels/unary.tmpl.h"

/* SIGN of a DECIMAL keeps its type: 1.00 for 3.14. */
#define KERNEL sign_decimal
#define BODY                                                                                       \
    i128 x = LANE(&args[0], i128, i), one = decimal_pow10[out->type.scale];                        \
    vector_data(out, i128)[i] = x > 0 ? one : x < 0 ? -one : 0
#include "exec/kernels/lanes.tmpl.h"

static const FuncKernel abs_kernels[PHYS_COUNT] = {
    [PHYS_I8] = abs_i8,     [PHYS_I16] = abs_i16, [PHYS_I32] = abs_i32, [PHYS_I64] = abs_i64,
    [PHYS_I128] = abs_i128, [PHYS_F32] = abs_f32, [PHYS_F64] = abs_f64,
};
static const FuncKernel sign_kernels[PHYS_COUNT] = {
    [PHYS_I8] = sign_i8,        [PHYS_I16] = sign_i16, [PHYS_I32] = sign_i32, [PHYS_I64] = sign_i64,
    [PHYS_I128] = sign_decimal, [PHYS_F32] = sign_f32, [PHYS_F64] = sign_f64,
};

static Status
abs_bind(FuncCall *call, Err *err)
{
    TRY(sign_bind_number(call, err));
    call->kernel = abs_kernels[type_phys[call->ret.kind]];
    return ERR_OK;
}

static Status
sign_bind(FuncCall *call, Err *err)
{
    TRY(sign_bind_number(call, err));
    if (type_is(call->ret, KIND_INTERVAL)) return call_misfit(call, err);
    call->kernel = sign_kernels[type_phys[call->ret.kind]];
    return ERR_OK;
}

#define ARITH(op, more, doc_text, example_text)                                                    \
    {                                                                                              \
        .name = op, .args_min = 2, .args_max = 2, .flags = FUNC_OPERATOR | (more),                 \
        .bind = arith_bind, .category = "arithmetic", .syntax = "a " op " b", .doc = doc_text,     \
        .example = example_text                                                                    \
    }
#define NUMBER1(func, hook, doc_text, example_text)                                                \
    {                                                                                              \
        .name = func, .args_min = 1, .args_max = 1, .bind = hook, .category = "arithmetic",        \
        .syntax = func "(x)", .doc = doc_text, .example = example_text                             \
    }

const FuncDef funcs_arith[] = {
    ARITH("+", FUNC_CAN_FAIL, "The sum; a date or time plus an interval is a later one.",
          "1 + 2.5 -> 3.5"),
    ARITH("-", FUNC_CAN_FAIL, "The difference; of two dates or times, the interval between them.",
          "5 - 7 -> -2"),
    ARITH("*", 0, "The product; an interval may be multiplied by a number.", "1.5 * 2 -> 3.0"),
    ARITH("/", FUNC_CAN_FAIL,
          "The quotient, cut to a whole number for two integers; an error if b is zero.",
          "7 / 2 -> 3"),
    ARITH("%", FUNC_CAN_FAIL, "The remainder of a / b, with the sign of a.", "-7 % 3 -> -1"),
    {.name = "MOD",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_CAN_FAIL,
     .bind = arith_bind,
     .category = "arithmetic",
     .syntax = "MOD(a, b)",
     .doc = "The remainder of a / b, with the sign of a.",
     .example = "MOD(17, 5) -> 2"},
    {.name = "-",
     .args_min = 1,
     .args_max = 1,
     .flags = FUNC_OPERATOR,
     .bind = negate_bind,
     .category = "arithmetic",
     .syntax = "-x",
     .doc = "The number or interval with the other sign.",
     .example = "-(3) -> -3"},
    {.name = "+",
     .args_min = 1,
     .args_max = 1,
     .flags = FUNC_OPERATOR,
     .kernel = plus_kernel,
     .bind = sign_bind_number,
     .category = "arithmetic",
     .syntax = "+x",
     .doc = "The number or interval itself.",
     .example = "+(3) -> 3"},
    NUMBER1("ABS", abs_bind, "The number without its sign.", "ABS(-4.5) -> 4.5"),
    NUMBER1("SIGN", sign_bind, "-1, 0 or 1 in the number's own type.", "SIGN(-3) -> -1"),
    {0},
};

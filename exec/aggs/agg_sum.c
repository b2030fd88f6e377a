/* agg_sum.c - SUM, $SUM0 and AVG.
 *
 * Integers add in 64 bits and wrap in their own type as Flink's do, decimals in 192 bits (no order
 * of 38-digit values overflows), FLOAT and DOUBLE exactly (base/xsum.h). AVG is the sum by the
 * count: truncated for integers, rounded half up for decimals, the rounded sum divided for doubles.
 */
#include "base/decimal.h"
#include "base/xsum.h"
#include "exec/aggs/aggs.h"

typedef struct IntSum {
    i64 count;
    u64 sum; /* wraps */
} IntSum;

typedef struct DecimalSum {
    i64 count;
    i64 hi; /* the upper word of 192 bits */
    u64 lo[2];
} DecimalSum;

typedef struct FloatSum {
    i64 count;
    XSum sum;
} FloatSum;

/* ---- integers ------------------------------------------------------------------------------ */

#define INT_SUM(T)                                                                                 \
    static void sum_update_##T(const AggCall *c, u8 *const *rows, u32 at, const Vector *args,      \
                               const u64 *lanes, u32 n)                                            \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        FOR_LANES(i, n, lanes, {                                                                   \
            IntSum *s = STATE(IntSum, rows, i, at);                                                \
            s->count++;                                                                            \
            s->sum += (u64)(i64)x[i];                                                              \
        });                                                                                        \
    }                                                                                              \
    static void sum_retract_##T(const AggCall *c, u8 *const *rows, u32 at, const Vector *args,     \
                                const u64 *lanes, u32 n)                                           \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        FOR_LANES(i, n, lanes, {                                                                   \
            IntSum *s = STATE(IntSum, rows, i, at);                                                \
            s->count--;                                                                            \
            s->sum -= (u64)(i64)x[i];                                                              \
        });                                                                                        \
    }                                                                                              \
    static void sum_update_one_##T(const AggCall *c, u8 *state, const Vector *args,                \
                                   const u64 *lanes, u32 n)                                        \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        i64 count = 0;                                                                             \
        u64 sum = 0;                                                                               \
        FOR_LANES(i, n, lanes, {                                                                   \
            count++;                                                                               \
            sum += (u64)(i64)x[i];                                                                 \
        });                                                                                        \
        STATE_ONE(IntSum, state)->count += count;                                                  \
        STATE_ONE(IntSum, state)->sum += sum;                                                      \
    }
INT_SUM(i8)
INT_SUM(i16)
INT_SUM(i32)
INT_SUM(i64)

static void
int_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    IntSum *s = STATE_ONE(IntSum, state), *o = STATE_ONE(IntSum, other);
    s->count += o->count;
    s->sum += o->sum;
}

static void
int_store(Vector *out, u32 i, i64 value)
{
    switch ((Phys)type_phys[out->type.kind]) {
    case PHYS_I8:
        vector_data(out, i8)[i] = (i8)value;
        return;
    case PHYS_I16:
        vector_data(out, i16)[i] = (i16)value;
        return;
    case PHYS_I32:
        vector_data(out, i32)[i] = (i32)value;
        return;
    case PHYS_I64:
        vector_data(out, i64)[i] = value;
        return;
    case PHYS_U8:
    case PHYS_I128:
    case PHYS_F32:
    case PHYS_F64:
    case PHYS_STR:
    case PHYS_COUNT:
        break;
    }
    UNREACHABLE();
}

/* SUM over no value is NULL, $SUM0 is zero: its data is not NULL. */
static Status
int_sum_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    for (u32 i = 0; i < n; i++) {
        const IntSum *s = STATE(IntSum, rows, i, at);
        if (s->count || c->data)
            int_store(out, i, (i64)s->sum);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

static Status
int_avg_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) {
        const IntSum *s = STATE(IntSum, rows, i, at);
        if (s->count)
            int_store(out, i, (i64)s->sum / s->count);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

/* ---- decimals ------------------------------------------------------------------------------ */

static void
decimal_sum_add(DecimalSum *s, i128 x, bool minus)
{
    u128 lo = (u128)s->lo[1] << 64 | s->lo[0], before = lo;
    i64 sign = x < 0 ? -1 : 0;
    if (minus) {
        lo -= (u128)x;
        s->hi -= sign + (lo > before);
        s->count--;
    } else {
        lo += (u128)x;
        s->hi += sign + (lo < before);
        s->count++;
    }
    s->lo[0] = (u64)lo;
    s->lo[1] = (u64)(lo >> 64);
}

static void
decimal_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
               u32 n)
{
    (void)c;
    const i128 *x = vector_data(&args[0], const i128);
    FOR_LANES(i, n, lanes, { decimal_sum_add(STATE(DecimalSum, rows, i, at), x[i], false); });
}

static void
decimal_retract(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
                u32 n)
{
    (void)c;
    const i128 *x = vector_data(&args[0], const i128);
    FOR_LANES(i, n, lanes, { decimal_sum_add(STATE(DecimalSum, rows, i, at), x[i], true); });
}

static void
decimal_update_one(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c;
    const i128 *x = vector_data(&args[0], const i128);
    FOR_LANES(i, n, lanes, { decimal_sum_add(STATE_ONE(DecimalSum, state), x[i], false); });
}

static void
decimal_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    DecimalSum *s = STATE_ONE(DecimalSum, state), *o = STATE_ONE(DecimalSum, other);
    u128 a = (u128)s->lo[1] << 64 | s->lo[0], b = (u128)o->lo[1] << 64 | o->lo[0], sum = a + b;
    s->hi += o->hi + (sum < a);
    s->lo[0] = (u64)sum;
    s->lo[1] = (u64)(sum >> 64);
    s->count += o->count;
}

/* False if the sum does not fit 128 bits. */
static bool
decimal_total(const DecimalSum *s, i128 *ret)
{
    *ret = (i128)((u128)s->lo[1] << 64 | s->lo[0]);
    return s->hi == (*ret < 0 ? -1 : 0);
}

static Status
decimal_sum_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    i128 *to = vector_data(out, i128);
    for (u32 i = 0; i < n; i++) {
        const DecimalSum *s = STATE(DecimalSum, rows, i, at);
        i128 total;
        bool fits = decimal_total(s, &total) && decimal_fits(total, c->ret.precision);
        if (fits && (s->count || c->data))
            to[i] = total;
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

static Status
decimal_avg_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    i128 *to = vector_data(out, i128);
    u32 scale = c->arg_type[0].scale;
    for (u32 i = 0; i < n; i++) {
        const DecimalSum *s = STATE(DecimalSum, rows, i, at);
        i128 total;
        bool ok = s->count && decimal_total(s, &total) &&
                  decimal_div(total, scale, s->count, 0, c->ret, &to[i]);
        if (!ok) vector_set_null(out, i);
    }
    return ERR_OK;
}

/* ---- FLOAT and DOUBLE ---------------------------------------------------------------------- */

#define FLOAT_SUM(T)                                                                               \
    static void sum_update_##T(const AggCall *c, u8 *const *rows, u32 at, const Vector *args,      \
                               const u64 *lanes, u32 n)                                            \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        FOR_LANES(i, n, lanes, {                                                                   \
            FloatSum *s = STATE(FloatSum, rows, i, at);                                            \
            s->count++;                                                                            \
            xsum_add(&s->sum, (f64)x[i]);                                                          \
        });                                                                                        \
    }                                                                                              \
    static void sum_retract_##T(const AggCall *c, u8 *const *rows, u32 at, const Vector *args,     \
                                const u64 *lanes, u32 n)                                           \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        FOR_LANES(i, n, lanes, {                                                                   \
            FloatSum *s = STATE(FloatSum, rows, i, at);                                            \
            s->count--;                                                                            \
            xsum_sub(&s->sum, (f64)x[i]);                                                          \
        });                                                                                        \
    }                                                                                              \
    static void sum_update_one_##T(const AggCall *c, u8 *state, const Vector *args,                \
                                   const u64 *lanes, u32 n)                                        \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        FloatSum *s = STATE_ONE(FloatSum, state);                                                  \
        FOR_LANES(i, n, lanes, {                                                                   \
            s->count++;                                                                            \
            xsum_add(&s->sum, (f64)x[i]);                                                          \
        });                                                                                        \
    }
FLOAT_SUM(f32)
FLOAT_SUM(f64)

static void
float_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    FloatSum *s = STATE_ONE(FloatSum, state), *o = STATE_ONE(FloatSum, other);
    s->count += o->count;
    xsum_merge(&s->sum, &o->sum);
}

static void
float_done(const AggCall *c, u8 *state)
{
    (void)c;
    xsum_done(&STATE_ONE(FloatSum, state)->sum);
}

static Status
float_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, bool avg)
{
    bool single = c->ret.kind == TYPE_FLOAT;
    for (u32 i = 0; i < n; i++) {
        const FloatSum *s = STATE(FloatSum, rows, i, at);
        if (!s->count && !c->data) {
            vector_set_null(out, i);
            continue;
        }
        f64 count = avg ? (f64)s->count : 1;
        if (!single)
            vector_data(out, f64)[i] = xsum_round(&s->sum) / count;
        else if (avg)
            vector_data(out, f32)[i] = (f32)(xsum_round(&s->sum) / count);
        else
            vector_data(out, f32)[i] = xsum_round_f32(&s->sum);
    }
    return ERR_OK;
}

static Status
float_sum_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    return float_finish(c, rows, at, out, n, false);
}

static Status
float_avg_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    return float_finish(c, rows, at, out, n, true);
}

/* ---- rows ---------------------------------------------------------------------------------- */

#define INT_FNS(T, F)                                                                              \
    {                                                                                              \
        .update = sum_update_##T, .update_one = sum_update_one_##T, .merge = int_merge,            \
        .retract = sum_retract_##T, .finish = F                                                    \
    }
#define FLOAT_FNS(T, F)                                                                            \
    {                                                                                              \
        .update = sum_update_##T, .update_one = sum_update_one_##T, .merge = float_merge,          \
        .retract = sum_retract_##T, .finish = F, .done = float_done                                \
    }
#define DECIMAL_FNS(F)                                                                             \
    {                                                                                              \
        .update = decimal_update, .update_one = decimal_update_one, .merge = decimal_merge,        \
        .retract = decimal_retract, .finish = F                                                    \
    }

static const AggFns sum_fns[PHYS_COUNT] = {
    [PHYS_I8] = INT_FNS(i8, int_sum_finish),       [PHYS_I16] = INT_FNS(i16, int_sum_finish),
    [PHYS_I32] = INT_FNS(i32, int_sum_finish),     [PHYS_I64] = INT_FNS(i64, int_sum_finish),
    [PHYS_F32] = FLOAT_FNS(f32, float_sum_finish), [PHYS_F64] = FLOAT_FNS(f64, float_sum_finish),
    [PHYS_I128] = DECIMAL_FNS(decimal_sum_finish),
};
static const AggFns avg_fns[PHYS_COUNT] = {
    [PHYS_I8] = INT_FNS(i8, int_avg_finish),       [PHYS_I16] = INT_FNS(i16, int_avg_finish),
    [PHYS_I32] = INT_FNS(i32, int_avg_finish),     [PHYS_I64] = INT_FNS(i64, int_avg_finish),
    [PHYS_F32] = FLOAT_FNS(f32, float_avg_finish), [PHYS_F64] = FLOAT_FNS(f64, float_avg_finish),
    [PHYS_I128] = DECIMAL_FNS(decimal_avg_finish),
};

static u32
sum_state_bytes(Type t)
{
    if (t.kind == TYPE_DECIMAL) return sizeof(DecimalSum);
    return type_is(t, KIND_APPROX) ? sizeof(FloatSum) : sizeof(IntSum);
}

static Status
sum_bind_with(AggCall *call, const AggFns *fns, Type ret, Err *err)
{
    Type *t = &call->arg_type[0];
    if (t->kind == TYPE_NULL) *t = ret = type_of(TYPE_INT);
    if (!type_is(*t, KIND_NUMERIC)) return agg_misfit(call, err);
    call->ret = type_nullable(ret, true);
    call->state_bytes = sum_state_bytes(*t);
    call->fns = &fns[type_phys[t->kind]];
    return ERR_OK;
}

static Type
sum_type(Type t)
{
    return t.kind == TYPE_DECIMAL ? type_decimal(DECIMAL_PRECISION_MAX, t.scale) : t;
}

static Status
sum_bind(AggCall *call, Err *err)
{
    return sum_bind_with(call, sum_fns, sum_type(call->arg_type[0]), err);
}

static Status
sum0_bind(AggCall *call, Err *err)
{
    TRY(sum_bind(call, err));
    call->data = call->def; /* anything but NULL: see int_sum_finish */
    call->ret = type_nullable(call->ret, false);
    return ERR_OK;
}

static Status
avg_bind(AggCall *call, Err *err)
{
    Type t = call->arg_type[0];
    if (t.kind == TYPE_DECIMAL) t = type_decimal(DECIMAL_PRECISION_MAX, MAX(t.scale, 6));
    return sum_bind_with(call, avg_fns, t, err);
}

const AggDef aggs_sum[] = {
    {.name = "SUM",
     .args_min = 1,
     .args_max = 1,
     .bind = sum_bind,
     .syntax = "SUM([DISTINCT] number)",
     .doc =
         "Sum of the values that are not NULL; NULL if there is none. Integers keep their type and "
         "wrap; FLOAT and DOUBLE are summed exactly and rounded once.",
     .example = "SUM(x) over 1, 2, NULL -> 3"},
    {.name = "$SUM0",
     .args_min = 1,
     .args_max = 1,
     .bind = sum0_bind,
     .syntax = "$SUM0(number)",
     .doc = "As SUM, but zero if there is no value.",
     .example = "$SUM0(x) over NULL -> 0"},
    {.name = "SUM0",
     .args_min = 1,
     .args_max = 1,
     .bind = sum0_bind,
     .syntax = "SUM0(number)",
     .doc = "As SUM, but zero if there is no value.",
     .example = "SUM0(x) over NULL -> 0"},
    {.name = "AVG",
     .args_min = 1,
     .args_max = 1,
     .bind = avg_bind,
     .syntax = "AVG([DISTINCT] number)",
     .doc = "Sum by count of the values that are not NULL, in the type of the argument: integers "
            "truncate.",
     .example = "AVG(x) over 1, 2, NULL -> 1"},
    {0},
};
